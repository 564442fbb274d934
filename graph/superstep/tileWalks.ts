/**
 * Whether the supersteps of a run walk tiles instead of rows, and the blocks of tiles that they walk.
 */
import { hasCode } from "../../core/errors.ts";
import { superstepKey } from "../compile/compiledSuperstep.ts";
import { walksTiles } from "../compile/compileSuperstep.ts";
import type { TileBlock } from "../partition/tiles.ts";
import type { ApplyInput } from "./apply.ts";
import type { CarrierSpec } from "./carrier.ts";
import type { ScanInput, ScanRows } from "./scan.ts";

/** Supersteps that a run must be allowed for tiles to be built: building them takes about as long as four. */
export const minTiledSupersteps = 8;

/** Decides it for one run. */
export class TileWalks {
  readonly #spec: Pick<CarrierSpec, "shape" | "maxSupersteps">;
  /** By the code of a superstep: whether it can walk tiles. */
  readonly #canWalk: Map<string, boolean> = new Map();
  #hasNoRoom = false;

  constructor(spec: Pick<CarrierSpec, "shape" | "maxSupersteps">) {
    this.#spec = spec;
  }

  /** The blocks that a superstep is to walk; undefined if rows are faster, or the arena has no room for tiles. */
  async blocks(scan: ScanInput, apply: ApplyInput, rows: ScanRows): Promise<readonly TileBlock[] | undefined> {
    if (!this.#wants(scan, apply, rows)) return undefined;
    try {
      return (await this.#spec.shape.tiles()).blocks;
    } catch (error) {
      if (!hasCode(error, "OUT_OF_MEMORY")) throw error;
      this.#hasNoRoom = true;
      return undefined;
    }
  }

  #wants(scan: ScanInput, apply: ApplyInput, rows: ScanRows): boolean {
    const { shape, maxSupersteps } = this.#spec;
    if (this.#hasNoRoom || apply.program.applyTo !== "all" || maxSupersteps < minTiledSupersteps) return false;
    if (scan.sent === undefined || !shape.tileChoice.isTiled) return false;
    const key = superstepKey(scan, apply, rows);
    let can = this.#canWalk.get(key);
    if (can === undefined) this.#canWalk.set(key, (can = walksTiles(scan, apply, rows)));
    return can;
  }
}
