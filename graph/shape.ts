/**
 * The shape of a graph with what is derived from it on demand: rows by source, out-degrees, tiles, an explicit vertex
 * cut.
 */
import type { Driver } from "../core/cluster/driver.ts";
import type { ColumnRef } from "../core/column/types.ts";
import { Deferred } from "./deferred.ts";
import { freeCutParts } from "./partition/cutTopology.ts";
import { outDegrees } from "./partition/degrees.ts";
import { freeTopology } from "./partition/idColumn.ts";
import { chooseTiles, type TileChoice } from "./partition/tileChoice.ts";
import { buildTiles, freeTiles, type Tiles } from "./partition/tiles.ts";
import type { CutPart, EdgeRows, Topology } from "./partition/topology.ts";
import { freeOutRows, outRows } from "./partition/transpose.ts";
import type { ScanRows } from "./superstep/scan.ts";

/** A topology in the arena and its derived columns; `free` gives all of them back. */
export class Shape {
  readonly topology: Topology;
  /** Set after `partitionBy`: parts of an explicit vertex cut of a topology that belongs to another shape. */
  readonly cut: readonly CutPart[] | undefined;
  readonly #driver: Driver;
  #outRows: Promise<readonly EdgeRows[]> | undefined;
  #outDegrees: Promise<ColumnRef<"uint32">> | undefined;
  #tileChoice: TileChoice | undefined;
  #tiles: Promise<Tiles> | undefined;
  readonly #derived: Map<string, { readonly version: string; readonly value: Deferred<unknown> }> = new Map();

  constructor(driver: Driver, topology: Topology, cut?: readonly CutPart[]) {
    this.topology = topology;
    this.cut = cut;
    this.#driver = driver;
  }

  /** True if rows by source are built, or are being built. */
  get hasOutRows(): boolean {
    return this.#outRows !== undefined;
  }

  /** Rows by source, one a vertex partition; built at the first call. */
  outRows(): Promise<readonly EdgeRows[]> {
    this.#outRows ??= outRows(this.#driver, this.topology).catch((error: unknown) => {
      this.#outRows = undefined; // the next call tries again
      throw error;
    });
    return this.#outRows;
  }

  /** Edges out of each vertex, by index; counted at the first call. */
  outDegrees(): Promise<ColumnRef<"uint32">> {
    this.#outDegrees ??= outDegrees(this.#driver, this.topology).catch((error: unknown) => {
      this.#outDegrees = undefined;
      throw error;
    });
    return this.#outDegrees;
  }

  /** Whether scans that can walk tiles are faster so; measured at the first call. */
  get tileChoice(): TileChoice {
    this.#tileChoice ??= chooseTiles(this.topology, this.#driver.arena);
    return this.#tileChoice;
  }

  /** The incoming edges as tiles; built at the first call. */
  tiles(): Promise<Tiles> {
    this.#tiles ??= buildTiles(this.#driver, this.topology).catch((error: unknown) => {
      this.#tiles = undefined;
      throw error;
    });
    return this.#tiles;
  }

  /**
   * Something else that is made of this shape by `make`, kept for whoever asks for it under the same name and version. The
   * last version asked for stays until the shape is freed, others until nobody retains them.
   */
  derived<T>(name: string, version: string, make: () => Promise<T>, free: (made: T) => void): Deferred<T> {
    const known = this.#derived.get(name);
    if (known?.version === version) return known.value as Deferred<T>;
    const value = new Deferred(make, free).retain();
    this.#derived.set(name, { version, value: value as Deferred<unknown> });
    void known?.value.release();
    return value;
  }

  /** The rows that a scan walks, one entry a vertex partition, or a part of the cut: by the ends that are sent to. */
  async scanRows(sendsTo: { readonly src: boolean; readonly dst: boolean }): Promise<readonly ScanRows[]> {
    const pick = (inRows: EdgeRows, out: EdgeRows | undefined): ScanRows => {
      if (!sendsTo.src || out === undefined) return { inRows };
      return sendsTo.dst ? { inRows, outRows: out } : { outRows: out };
    };
    if (this.cut !== undefined) return this.cut.map((part) => pick(part.inRows, part.outRows));
    const outgoing = sendsTo.src ? await this.outRows() : undefined;
    return this.topology.partitions.map((partition, at) => pick(partition.inRows, outgoing?.[at]));
  }

  /** Gives the columns back to the arena. The shape must not be used after. */
  async free(): Promise<void> {
    const { arena } = this.#driver;
    const rows = await this.#outRows?.catch(() => undefined);
    if (rows !== undefined) freeOutRows(arena, rows);
    const degrees = await this.#outDegrees?.catch(() => undefined);
    if (degrees !== undefined) arena.free(degrees);
    const tiles = await this.#tiles?.catch(() => undefined);
    if (tiles !== undefined) freeTiles(arena, tiles);
    await Promise.all(Array.from(this.#derived.values(), ({ value }) => value.release()));
    if (this.cut === undefined) freeTopology(arena, this.topology);
    else freeCutParts(arena, this.cut);
  }
}
