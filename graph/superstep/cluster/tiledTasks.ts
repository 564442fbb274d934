/**
 * Supersteps over tiles on executors: their blocks are copied to where their targets are, once, and each task has a place for
 * the sums of one block.
 */
import type { ColumnRef } from "../../../core/column/types.ts";
import { maxBlockTargets, type TileBlock } from "../../partition/tiles.ts";
import type { CarrierSpec } from "../carrier.ts";
import { tableOfPartitions } from "../partitionTable.ts";
import type { ScanRows } from "../scan.ts";
import type { SendingSuperstep } from "../sentMessages.ts";
import { TileWalks } from "../tileWalks.ts";
import { hostCopies, type Copyable, type Fleet } from "./fleet.ts";
import type { ShippedTask } from "./shippedSuperstep.ts";

/** The tasks of one deployment that walk tiles. */
export class TiledTasks {
  readonly #fleet: Fleet;
  readonly #operation: string;
  readonly #walks: TileWalks;
  #made: { readonly tasks: readonly ShippedTask[]; readonly sums: ColumnRef<"float64"> } | undefined;

  constructor(spec: CarrierSpec, fleet: Fleet) {
    this.#fleet = fleet;
    this.#operation = spec.operation;
    this.#walks = new TileWalks(spec);
  }

  /** The tasks over tiles, if this superstep is to walk them. `tasks`: the same over rows; the same each time. */
  async instead(
    { scan, apply }: SendingSuperstep,
    rows: ScanRows,
    tasks: readonly ShippedTask[],
  ): Promise<readonly ShippedTask[] | undefined> {
    const blocks = await this.#walks.blocks(scan, apply, rows);
    if (blocks === undefined) return undefined;
    if (this.#made === undefined) {
      await this.#copy(blocks, tasks);
      const sums = this.#fleet.arena.allocate("float64", tasks.length * maxBlockTargets, this.#operation);
      this.#made = { sums, tasks: tasks.map((task, at) => this.#tiled(blocks, task, sums, at)) };
    }
    return this.#made.tasks;
  }

  free(): void {
    if (this.#made !== undefined) this.#fleet.arena.free(this.#made.sums);
    this.#made = undefined;
  }

  #tiled(blocks: readonly TileBlock[], { host, partitions }: ShippedTask, sums: ColumnRef, at: number): ShippedTask {
    return {
      host,
      sums: this.#fleet.arena.slice(sums as ColumnRef<"float64">, at * maxBlockTargets, (at + 1) * maxBlockTargets),
      partitions: partitions.map(({ partition, from, to }) => {
        const own = blocksIn(blocks, from, to);
        const pieces = own.map((block) => ({ ...block, rows: { inRows: block.rows, tiles: block.tiles } }));
        return { partition, from, to, rows: {}, blocks: tableOfPartitions(pieces) };
      }),
    };
  }

  async #copy(blocks: readonly TileBlock[], tasks: readonly ShippedTask[]): Promise<void> {
    const { arena } = this.#fleet;
    const copies = hostCopies(this.#fleet);
    const wanted = new Map<number, Copyable[]>();
    for (const { host, partitions } of tasks) {
      const ofHost = wanted.get(host) ?? [];
      wanted.set(host, ofHost);
      for (const { from, to } of partitions) {
        for (const { tiles } of blocksIn(blocks, from, to)) {
          const starts = arena.view(tiles.starts);
          const entries = arena.slice(tiles.entries, starts[0]!, starts.at(-1)!);
          ofHost.push({ key: tiles, columns: [tiles.starts, entries, tiles.slots] });
        }
      }
    }
    const outcomes = await Promise.allSettled(Array.from(wanted, ([host, columns]) => copies.provide(host, columns)));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }
}

function blocksIn(blocks: readonly TileBlock[], from: number, to: number): readonly TileBlock[] {
  return blocks.filter((block) => block.from >= from && block.to <= to && block.from < block.to);
}
