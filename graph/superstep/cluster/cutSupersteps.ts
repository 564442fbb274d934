/**
 * Supersteps over an explicit vertex cut on executors, the driver's half: the parts are scanned where they were placed, in one
 * stage; in a second one their messages are combined and applied where the vertices live.
 */
import { allocateHeap } from "../../../core/column/valueHeap.ts";
import type { ColumnRef } from "../../../core/column/types.ts";
import type { ApplyInput } from "../apply.ts";
import type { CarrierSpec, ShippingReport } from "../carrier.ts";
import { withCounts } from "../localCarrier.ts";
import type { ScanInput, ScanRows } from "../scan.ts";
import type { SuperstepReport } from "../superstep.ts";
import {
  combineAndShipRef,
  receiveMessagesRef,
  scanPartsRef,
  type CutInput,
  type CutReport,
  type CutTask,
  type MessageBoxes,
  type PartsInput,
  type PartsReport,
  type PartsTask,
} from "./cutTasks.ts";
import type { Fleet } from "./fleet.ts";
import type { Lease } from "./lease.ts";
import { nextMailbox } from "./mailbox.ts";
import type { HostRows } from "./placedColumns.ts";
import type { HostRange } from "./placement.ts";
import { receiveMirrorsRef, type ShippingInput } from "./shippedSuperstep.ts";
import { ShippingTotal } from "./shippingTotal.ts";

/** What supersteps of one deployment run on. */
export interface CutSuperstepsOptions {
  readonly spec: CarrierSpec;
  readonly fleet: Fleet;
  /** With the parts that each host scans. */
  readonly ranges: readonly HostRange[];
  /** The partitions of each task that applies, in their order. */
  readonly applies: readonly HostRows[];
  readonly numParts: number;
}

/** One superstep: what it reads and writes. */
export interface CutSuperstep {
  readonly name: string;
  /** By part. */
  readonly rows: readonly ScanRows[];
  readonly scan: ScanInput;
  readonly apply: ApplyInput;
  readonly shipping: Omit<ShippingInput, "apply">;
  readonly lease: Lease;
}

/** Bytes of a first heap of messages: so many a vertex. */
const firstBytesPerVertex = 24;
const minHeapBytes = 2 ** 16;

export class CutSupersteps {
  readonly #options: CutSuperstepsOptions;
  #heap: ColumnRef<"uint8"> | undefined;
  #slots: ColumnRef<"uint32"> | undefined;

  constructor(options: CutSuperstepsOptions) {
    this.#options = options;
  }

  /** Runs a superstep: again with room for its messages if they had none. */
  async run(step: CutSuperstep): Promise<{ reports: readonly SuperstepReport[]; shipping: ShippingReport }> {
    for (;;) {
      const boxes = this.#boxes();
      const scanned = await this.#scan(step, boxes);
      const { shipping, applied } = await this.#apply(step, boxes);
      const messageBytes = Math.max(...applied.map((report) => report.messageBytes));
      if (messageBytes > boxes.heap.length) {
        this.#freeHeap();
        this.#heap = this.#newHeap(2 * messageBytes);
        continue;
      }
      const reports = applied
        .flatMap((report) => report.reports)
        .map((report, at) => (at === 0 ? withCounts(report, scanned.reports, step.apply.program) : report));
      return { reports, shipping: shipping.after(scanned.shipping.report) };
    }
  }

  free(): void {
    this.#freeHeap();
    if (this.#slots !== undefined) this.#options.fleet.arena.free(this.#slots);
    this.#slots = undefined;
  }

  async #scan(
    { name, rows, scan, lease }: CutSuperstep,
    boxes: MessageBoxes,
  ): Promise<{ reports: PartsReport[]; shipping: ShippingTotal }> {
    const { spec, fleet, ranges, applies } = this.#options;
    const shared: PartsInput = {
      scan,
      boxes,
      applies: applies.map(({ host, ranges: own }) => ({ host, from: own[0]!.from, to: own.at(-1)!.to })),
      lease,
    };
    // each host takes part, if only to be sent messages
    const tasks = ranges.flatMap(({ host, numThreads, parts }): PartsTask[] => {
      const { from, to } = parts!;
      const count = Math.max(1, Math.min(to - from, numThreads === 1 ? 1 : 3 * numThreads));
      return Array.from({ length: count }, (_, at) => {
        const start = from + Math.floor(((to - from) * at) / count);
        const end = from + Math.floor(((to - from) * (at + 1)) / count);
        return { host, parts: rows.slice(start, end).map((each, index) => ({ part: start + index, rows: each })) };
      });
    });
    const shipping = new ShippingTotal();
    const stage = {
      name: `${name}: scan`,
      operator: scanPartsRef,
      shared,
      tasks,
      parents: [],
      placement: { kind: "pinned", hosts: tasks.map(({ host }) => host) },
      exchange: { sends: nextMailbox(), receive: receiveMessagesRef },
    } as const;
    const reports = await fleet.runJob<PartsReport>(
      { name, stages: [stage] },
      { ...(spec.signal && { signal: spec.signal }), onExchange: shipping.add },
    );
    return { reports, shipping };
  }

  async #apply(
    { name, scan, apply, shipping: shipped }: CutSuperstep,
    boxes: MessageBoxes,
  ): Promise<{ applied: CutReport[]; shipping: ShippingTotal }> {
    const { spec, fleet, applies, numParts } = this.#options;
    const shared: CutInput = {
      ...shipped,
      apply,
      program: scan.program,
      boxes,
      numParts,
      numApplies: applies.length,
    };
    const tasks = applies.map(({ host, ranges }, index): CutTask => ({ host, index, partitions: ranges }));
    const shipping = new ShippingTotal();
    const stage = {
      name,
      operator: combineAndShipRef,
      shared,
      tasks,
      parents: [],
      placement: { kind: "pinned", hosts: tasks.map(({ host }) => host) },
      ...(shipped.routes.length > 0 && { exchange: { sends: nextMailbox(), receive: receiveMirrorsRef } }),
    } as const;
    const applied = await fleet.runJob<CutReport>(
      { name, stages: [stage] },
      { ...(spec.signal && { signal: spec.signal }), onExchange: shipping.add },
    );
    return { applied, shipping };
  }

  #boxes(): MessageBoxes {
    const { spec, fleet, applies, numParts } = this.#options;
    this.#heap ??= this.#newHeap(firstBytesPerVertex * spec.shape.topology.numVertices);
    this.#slots ??= fleet.arena.allocate("uint32", numParts * applies.length, spec.operation);
    return { heap: this.#heap, slots: this.#slots };
  }

  #newHeap(numBytes: number): ColumnRef<"uint8"> {
    return allocateHeap(this.#options.fleet.arena, Math.max(minHeapBytes, numBytes), this.#options.spec.operation);
  }

  #freeHeap(): void {
    if (this.#heap !== undefined) this.#options.fleet.arena.free(this.#heap);
    this.#heap = undefined;
  }
}
