/**
 * What the threads of one process share in a superstep: the partitions that they take, in rows or in tiles, and what they
 * need to take them.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import { maxBlockTargets } from "../partition/tiles.ts";
import type { ApplyInput } from "./apply.ts";
import type { CarrierSpec } from "./carrier.ts";
import { tableOfPartitions, type PartitionTable } from "./partitionTable.ts";
import type { ScanInput, ScanRows } from "./scan.ts";
import type { SharedInput, SharedTask } from "./sharedSuperstep.ts";
import type { SuperstepPartition } from "./superstep.ts";
import { TileWalks } from "./tileWalks.ts";

/** A list of partitions, and one word each in which threads write who takes it. */
interface Sharing {
  readonly table: PartitionTable;
  readonly numPartitions: number;
  readonly owners: Int32Array;
}

/** The partitions of one run. */
export class Pieces {
  readonly #spec: CarrierSpec;
  #inRows: Sharing | undefined;
  #inTiles: Sharing | undefined;
  /** Of all tasks. */
  #sums: ColumnRef<"float64"> | undefined;
  readonly #walks: TileWalks;

  constructor(spec: CarrierSpec) {
    this.#spec = spec;
    this.#walks = new TileWalks(spec);
  }

  /**
   * A stage of the superstep, a task a thread; `places`: what each thread has for itself. `rows`: one entry a partition. One
   * stage at a time.
   */
  async prepare(
    scan: ScanInput,
    apply: ApplyInput,
    rows: readonly ScanRows[],
  ): Promise<{ shared: SharedInput; tasks: readonly SharedTask[]; places: readonly SharedTask[] }> {
    const { driver, shape } = this.#spec;
    const blocks = await this.#walks.blocks(scan, apply, rows[0]!);
    const sharing = blocks
      ? (this.#inTiles ??= this.#share(
          blocks.map(({ from, to, rows: inRows, tiles }) => ({ from, to, rows: { inRows, tiles } })),
        ))
      : (this.#inRows ??= this.#share(
          shape.topology.partitions.map(({ from, to }, at) => ({ from, to, rows: rows[at]! })),
        ));
    const { table, owners, numPartitions } = sharing;
    owners.fill(0);
    const numTasks = Math.min(driver.numThreads, numPartitions);
    const sums = blocks && (this.#sums ??= this.#allocateSums());
    const places = Array.from({ length: driver.numThreads }, (_, at): SharedTask => {
      return sums ? { sums: driver.arena.slice(sums, at * maxBlockTargets, (at + 1) * maxBlockTargets) } : {};
    });
    return { shared: { scan, apply, partitions: table, owners }, tasks: places.slice(0, numTasks), places };
  }

  /** Gives back what it took. */
  free(): void {
    if (this.#sums) this.#spec.driver.arena.free(this.#sums);
    this.#inRows = this.#inTiles = this.#sums = undefined;
  }

  #share(partitions: readonly SuperstepPartition[]): Sharing {
    const owners = new Int32Array(new SharedArrayBuffer(4 * partitions.length));
    return { table: tableOfPartitions(partitions), numPartitions: partitions.length, owners };
  }

  #allocateSums(): ColumnRef<"float64"> {
    const { driver, operation } = this.#spec;
    return driver.arena.allocate("float64", driver.numThreads * maxBlockTargets, operation);
  }
}
