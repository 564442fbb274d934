/**
 * A run's place on executors: its partitions pinned to them, their rows copied there, and who mirrors what. Whatever it is
 * asked fails with HOST_LOST when one of the executors is lost; then it is of no more use.
 */
import type { ColumnRef, ColumnSet, EncodedChunk, StoredColumn } from "../../../core/column/types.ts";
import { assert, SuperstepError } from "../../../core/errors.ts";
import type { StageSpec } from "../../../core/schedule/job.ts";
import type { Deferred } from "../../deferred.ts";
import type { CarrierSpec, GlobalValues, ShippedOutcome } from "../carrier.ts";
import type { ApplyInput } from "../apply.ts";
import { readsInactive, sentRefs } from "../carrySent.ts";
import type { ScanInput, ScanRows, SentColumns } from "../scan.ts";
import { SentMessages, writeSentRef, type SendingSuperstep, type SendsInput } from "../sentMessages.ts";
import type { SuperstepReport } from "../superstep.ts";
import { CutSupersteps } from "./cutSupersteps.ts";
import { copyColumns, hostCopies, type Copyable, type Fleet } from "./fleet.ts";
import { allocateLease, renewLease, type Lease } from "./lease.ts";
import { nextMailbox } from "./mailbox.ts";
import { findMirrors, freeMirrors, type Mirrors } from "./mirrors.ts";
import { isEncoded, PlacedColumns, type HostRows } from "./placedColumns.ts";
import type { PlacedRange } from "./placeValues.ts";
import { cutTasks, placeParts, placePartitions, type HostRange, type HostShare } from "./placement.ts";
import { ShippingTotal } from "./shippingTotal.ts";
import { TiledTasks } from "./tiledTasks.ts";
import { SparseHosts } from "./sparseHosts.ts";
import type { SparseInput } from "./sparseStep.ts";
import { mirroredSpans } from "./spans.ts";
import { columnsRead, edgesRead, readsMarks, rowsWalked } from "./remoteReads.ts";
import {
  receiveMirrorsRef,
  superstepAndShipRef,
  type ShippedColumns,
  type ShippedInput,
  type ShippedTask,
} from "./shippedSuperstep.ts";

/** Attributes on their way through a run. */
export interface VertexState {
  readonly columns: ColumnSet;
  /** One byte a vertex, 1 for those that received a message; absent at the start, where all are active. */
  readonly received?: ColumnRef<"uint8">;
  readonly areAllActive: boolean;
  /** By column, the values of encoded ones in a snapshot; else they are in the columns, or on executors alone. */
  readonly values?: EncodedValues;
}

/** The values of encoded columns, by column. */
export type EncodedValues = readonly (readonly EncodedChunk[] | undefined)[];

/** Where a superstep writes. */
export interface NextState {
  readonly columns: ColumnSet;
  readonly received: ColumnRef<"uint8">;
}

export class Deployment {
  readonly #spec: CarrierSpec;
  readonly #fleet: Fleet;
  readonly #ranges: readonly HostRange[];
  readonly #mirrors: Deferred<readonly Mirrors[]> | undefined;
  readonly #routes: readonly Mirrors[];
  readonly #leaseAt: ColumnRef<"uint32">;
  readonly #sent: SentMessages;
  readonly #tiled: TiledTasks;
  readonly #sparse: SparseHosts;
  #lease: Lease;
  /** True once mirrors have messages instead of attributes. */
  #hasShippedMessages = false;
  readonly #edges: ColumnSet;
  readonly #values: PlacedColumns | undefined;
  readonly #edgeValues: PlacedColumns | undefined;
  /** Set over an explicit vertex cut. */
  readonly #cut: CutSupersteps | undefined;
  /** The mailbox that the next superstep waits for. */
  #awaits: number | undefined;

  private constructor(
    spec: CarrierSpec,
    fleet: Fleet,
    ranges: readonly HostRange[],
    mirrors: Deferred<readonly Mirrors[]> | undefined,
    routes: readonly Mirrors[],
    columns: ColumnSet,
  ) {
    this.#spec = spec;
    this.#fleet = fleet;
    this.#ranges = ranges;
    this.#mirrors = mirrors;
    this.#routes = routes;
    this.#leaseAt = allocateLease(fleet.arena, spec.operation);
    this.#lease = renewLease(fleet.arena, this.#leaseAt);
    this.#sent = new SentMessages(spec.driver, spec.shape, spec.operation);
    this.#tiled = new TiledTasks(spec, fleet);
    this.#sparse = new SparseHosts(spec, fleet, ranges);
    this.#edges = edgesRead(spec);
    const { operation, signal } = spec;
    const options = { fleet, operation, signal, lease: this.#lease };
    const { cut } = spec.shape;
    const isCut = cut !== undefined;
    if (isCut) {
      const applies = this.#tasks().map(({ host, partitions }) => ({ host, ranges: partitions }));
      this.#cut = new CutSupersteps({ spec, fleet, ranges, applies, numParts: cut.length });
    }
    if (isEncoded(columns)) {
      const tasks = this.#tasks().map(({ host, partitions }) => ({ host, ranges: partitions }));
      const shipped = columnsRead(spec.scan, columns, isCut);
      this.#values = new PlacedColumns({ ...options, tasks, routes, shipped });
    }
    if (spec.scan.reads.edge && isEncoded(this.#edges)) {
      this.#edgeValues = new PlacedColumns({ ...options, tasks: this.#edgeTasks(), routes: [], shipped: [] });
    }
  }

  /**
   * Places the partitions on `hosts`, and copies there what they do not have: rows, ids, edge columns, routes. `columns`: of
   * the state that it will be given first; all others have columns like these.
   */
  static async create(
    spec: CarrierSpec,
    fleet: Fleet,
    hosts: readonly HostShare[],
    columns: ColumnSet,
  ): Promise<Deployment> {
    const { shape, scan, apply } = spec;
    if (hosts.length === 0) throw new SuperstepError("HOST_LOST", `${spec.operation}: no executor is left`);
    const { cut } = shape;
    const isCut = cut !== undefined;
    const owners = placePartitions(shape.topology.partitions, hosts);
    const ranges = isCut ? placeParts(owners, cut) : owners;
    const isShipped = columnsRead(scan, columns, isCut).length > 0 || readsMarks(scan, apply, isCut);
    if (ranges.length === 1 || !isShipped) {
      const deployment = new Deployment(spec, fleet, ranges, undefined, [], columns);
      return deployment.#filled();
    }
    const { inRows, outRows } = rowsWalked(scan);
    const places = ranges.map(({ host, endPartition, parts }) => `${host}:${endPartition}:${parts?.to}`).join(" ");
    const mirrors = shape.derived<readonly Mirrors[]>(
      `mirrors ${inRows ? "in" : ""} ${outRows ? "out" : ""}`,
      places,
      async () => findMirrors(fleet, shape.topology.partitions, await shape.scanRows(scan.sendsTo), ranges),
      (made) => freeMirrors(fleet.arena, made),
    );
    mirrors.retain();
    try {
      const routes = await mirrors.use((made) => made);
      return await new Deployment(spec, fleet, ranges, mirrors, routes, columns).#filled();
    } catch (error) {
      await mirrors.release();
      throw error;
    }
  }

  /** The hosts that hold partitions. */
  get hosts(): readonly number[] {
    return this.#ranges.map(({ host }) => host);
  }

  /** Copies a state from the driver's arena: to each host its own vertices, and of the others what it mirrors. */
  async load(state: VertexState): Promise<void> {
    const { arena } = this.#fleet;
    const shipped = new Set(columnsRead(this.#spec.scan, state.columns, this.#cut !== undefined));
    await this.#onEach(async (range) => {
      const route = this.#routes.find(({ host }) => host === range.host);
      const spans = route === undefined ? [] : mirroredSpans(arena, route, state.columns.length);
      const columns = columnsOf(state.columns).flatMap(({ column, at }) => [
        arena.slice(column, range.from, range.to),
        ...(shipped.has(at) ? spans.map(({ from, to }) => arena.slice(column, from, to)) : []),
      ]);
      const { received } = state;
      if (received !== undefined && !state.areAllActive) {
        for (const { from, to } of [range, ...spans]) columns.push(arena.slice(received, from, to));
      }
      await copyColumns(this.#fleet, range.host, columns);
    });
    const { columns } = state.columns;
    const inColumns = columns.map((column) => (column.kind === "encoded" ? column.chunks : undefined));
    await this.#values?.load(state.columns, state.values ?? inColumns);
  }

  /** Copies a state to the driver's arena: from each host its own vertices. Returns the values of encoded columns. */
  async gather({ columns, received }: VertexState): Promise<EncodedValues | undefined> {
    const { arena } = this.#fleet;
    const whole = [...columnsOf(columns).map(({ column }) => column), ...(received === undefined ? [] : [received])];
    await this.#onEach(async ({ host, from, to }) => {
      if (from === to) return;
      await this.#fleet.copyFromHost(
        host,
        whole.map((column) => arena.slice(column, from, to)),
      );
    });
    return this.#values?.gather(columns);
  }

  /** One superstep, from a state that the hosts hold to the next. */
  async superstep(name: string, before: VertexState, next: NextState, globals: GlobalValues): Promise<ShippedOutcome> {
    const values = this.#values;
    for (;;) {
      await values?.makeRoom(before.columns);
      const { sending, sparse, ...outcome } = await this.#attempt(name, before, next, globals);
      const { reports, shipping } = outcome;
      if ((await values?.wasFull(before.columns, reports, shipping.bytes)) === true) continue;
      if (reports.every(({ metMissing }) => metMissing === undefined)) {
        this.#sent.ended(sending);
        this.#sparse.ended(sending, sparse, reports);
      }
      return outcome;
    }
  }

  async #attempt(
    name: string,
    before: VertexState,
    next: NextState,
    globals: GlobalValues,
  ): Promise<ShippedOutcome & { readonly sending: SendingSuperstep; readonly sparse?: SparseInput }> {
    const { shape, scan, apply, operation, signal } = this.#spec;
    const { ids } = shape.topology;
    const asJavaScript = this.#spec.driver.config.compile === 0;
    const values = this.#values;
    const vertices = values?.placed(before.columns) ?? before.columns;
    const edges = this.#edgeValues?.placed(this.#edges) ?? this.#edges;
    const input = { program: scan, ids, vertices, edges, asJavaScript };
    const { received } = before;
    const rows = await shape.scanRows(scan.sendsTo);
    const scanned = before.areAllActive || received === undefined ? input : { ...input, active: received };
    const applied: ApplyInput = {
      operation,
      program: apply,
      ids,
      vertices,
      output: this.#values?.placed(next.columns) ?? next.columns,
      received: next.received,
      globals,
    };
    if (this.#cut !== undefined) {
      const sending = { scan: scanned, apply: applied };
      const shipping = { routes: this.#routes, shipped: this.#shipped(sending), lease: this.#lease };
      const outcome = await this.#cut.run({ name, rows, ...sending, shipping, lease: this.#lease });
      return { ...outcome, sending };
    }
    const sending = this.#prepare(scanned, applied, rows[0]!);
    const { missing } = sending;
    const sparse = values === undefined ? await this.#sparse.prepare(sending, rows) : undefined;
    const shared: ShippedInput = {
      ...(sparse && { sparse }),
      scan: sending.scan,
      apply: sending.apply,
      routes: this.#routes,
      shipped: this.#shipped(sending),
      lease: this.#lease,
    };
    const overRows = this.#tasks().map(({ host, partitions }, at, all): ShippedTask => ({
      host,
      partitions: partitions.map((own) => ({ ...own, rows: rows[own.partition]! })),
      ...(sparse && { sparse: this.#sparse.share(host, all[at - 1]?.host !== host) }),
    }));
    const tasks = (await this.#tiled.instead(sending, rows[0]!, overRows)) ?? overRows;
    const sends = nextMailbox();
    const isShipping = this.#routes.length > 0;
    const shipping = new ShippingTotal();
    const reports = await this.#fleet.runJob<readonly SuperstepReport[]>(
      {
        name,
        stages: [
          ...(missing === undefined ? [] : [this.#writingSent(name, missing)]),
          {
            name,
            operator: superstepAndShipRef,
            shared,
            tasks,
            parents: missing === undefined ? [] : [0],
            placement: { kind: "pinned", hosts: tasks.map(({ host }) => host) },
            ...(isShipping && {
              exchange: {
                sends,
                receive: receiveMirrorsRef,
                ...(this.#awaits !== undefined && { awaits: this.#awaits }),
              },
            }),
          },
        ],
      },
      {
        ...(signal && { signal }),
        onExchange: shipping.add,
      },
    );
    if (isShipping) this.#awaits = sends;
    const all = reports.flat();
    const direction = all.length > 0 && all.every(({ isSparse }) => isSparse === true) ? "push" : "pull";
    return { reports: all, shipping: shipping.report, direction, sending, ...(sparse && { sparse }) };
  }

  /** With messages written down, unless others' messages would be read that nobody ships. */
  #prepare(scan: ScanInput, apply: ApplyInput, rows: ScanRows): SendingSuperstep {
    if (this.#ranges.length > 1 && this.#routes.length === 0) return { scan, apply };
    const sending = this.#sent.prepare(scan, apply, rows);
    if (sending.apply.nextSent !== undefined) this.#hasShippedMessages = true;
    assert(
      !this.#hasShippedMessages || sending.apply.nextSent !== undefined,
      "mirrors lack the attributes to go on from",
    );
    return sending;
  }

  /** What the next superstep reads of mirrors: messages where this one writes them down, else attributes. */
  #shipped({ scan, apply }: SendingSuperstep): ShippedColumns {
    const isCut = this.#cut !== undefined;
    const isKept = isCut ? apply.program.applyTo === "received" : readsInactive(scan.program, apply.program);
    if (apply.nextSent !== undefined) {
      const fixed = (sent: SentColumns | undefined): StoredColumn[] =>
        sentRefs(sent).map((data): StoredColumn => ({ kind: "fixed", data }));
      return { before: fixed(scan.sent), after: fixed(apply.nextSent), isKept };
    }
    const read = columnsRead(scan.program, apply.vertices, isCut);
    const of = ({ columns }: ColumnSet): StoredColumn[] => read.map((at) => columns[at]!);
    return { before: of(apply.vertices), after: of(apply.output), isKept };
  }

  /** The partitions of each task: their numbers, and their vertices. */
  #tasks(): { readonly host: number; readonly partitions: readonly PlacedRange[] }[] {
    const { partitions } = this.#spec.shape.topology;
    return this.#ranges.flatMap((range) =>
      cutTasks(partitions, range).map(({ from, to }) => ({
        host: range.host,
        partitions: partitions.slice(from, to).map((own, at) => ({ from: own.from, to: own.to, partition: from + at })),
      })),
    );
  }

  /** The edges that each host reads: those of its rows, or all where rows by source, or parts, name edges of any partition. */
  #edgeTasks(): HostRows[] {
    const { shape, scan } = this.#spec;
    const { partitions, numEdges } = shape.topology;
    if (rowsWalked(scan).outRows || this.#cut !== undefined) {
      return this.hosts.map((host) => ({ host, ranges: [{ partition: 0, from: 0, to: numEdges }] }));
    }
    return this.#tasks().map(({ host, partitions: own }) => ({
      host,
      ranges: own.map(({ partition }) => {
        const { firstEdge, neighbours } = partitions[partition]!.inRows;
        return { partition, from: firstEdge, to: firstEdge + neighbours.length };
      }),
    }));
  }

  /** On each host, what its own vertices send and those of others that its rows read. */
  #writingSent(name: string, shared: SendsInput): StageSpec {
    const { arena } = this.#fleet;
    const { numVertices } = this.#spec.shape.topology;
    const tasks = this.#ranges.map(({ host, from, to }) => {
      const route = this.#routes.find((candidate) => candidate.host === host);
      const mirrored = route === undefined ? [] : mirroredSpans(arena, route, numVertices);
      return [{ from, to }, ...mirrored];
    });
    const placement = { kind: "pinned", hosts: this.hosts } as const;
    return { name: `${name}: messages`, operator: writeSentRef, shared, tasks, parents: [], placement };
  }

  /**
   * Ends it: what is still on its way between hosts is written nowhere. `wasGivenUp`: a superstep did not end well, so that
   * there may be something.
   */
  async end(wasGivenUp: boolean): Promise<void> {
    const { arena, executors } = this.#fleet;
    if (wasGivenUp && this.#routes.length > 0) {
      this.#lease = renewLease(arena, this.#leaseAt);
      const isAlive = new Set(executors.map(({ id }) => id));
      // a host that cannot be told is one that is lost
      await Promise.allSettled(
        this.hosts.filter((host) => isAlive.has(host)).map((host) => copyColumns(this.#fleet, host, [this.#leaseAt])),
      );
    }
    this.#free();
    await this.#mirrors?.release();
  }

  async #filled(): Promise<this> {
    try {
      await this.#fill();
    } catch (error) {
      this.#free();
      throw error;
    }
    return this;
  }

  #free(): void {
    this.#fleet.arena.free(this.#leaseAt);
    this.#sent.free();
    this.#tiled.free();
    this.#sparse.free();
    this.#values?.free();
    this.#edgeValues?.free();
    this.#cut?.free();
  }

  async #fill(): Promise<void> {
    const { shape, scan } = this.#spec;
    const { arena } = this.#fleet;
    const { ids, partitions } = shape.topology;
    const rows = await shape.scanRows(scan.sendsTo);
    const edges = scan.reads.edge ? columnsOf(this.#edges) : [];
    const idColumns = ids.kind === "string" ? [ids.offsets, ids.bytes] : [ids.ids];
    const copies = hostCopies(this.#fleet);
    await this.#onEach(async ({ host, firstPartition, endPartition, parts }) => {
      const wanted: Copyable[] = [{ key: ids, columns: idColumns }];
      const own = rows.slice(parts?.from ?? firstPartition, parts?.to ?? endPartition);
      for (const { inRows, outRows } of own) {
        for (const side of [inRows, outRows]) {
          if (side === undefined) continue;
          const { targets, offsets, neighbours, positions } = side;
          const more = [targets, positions].flatMap((column) => column ?? []);
          wanted.push({ key: side, columns: [offsets, neighbours, ...more] });
        }
      }
      // rows by source, and parts, name edges of all partitions
      const namesAll = parts !== undefined || own[0]?.outRows !== undefined;
      for (const { column } of namesAll && own.length > 0 ? edges : []) wanted.push({ key: column, columns: [column] });
      for (let partition = firstPartition; partition < endPartition && !namesAll; partition++) {
        const { firstEdge, neighbours } = partitions[partition]!.inRows;
        for (const { column } of edges) {
          const slice = arena.slice(column, firstEdge, firstEdge + neighbours.length);
          wanted.push({ key: column, part: partition, columns: [slice] });
        }
      }
      for (const route of this.#routes) {
        const starts = arena.view(route.bounds);
        const own = arena.slice(route.vertices, starts[firstPartition]!, starts[endPartition]!);
        const lists = route.host === host ? route.vertices : own;
        wanted.push({ key: route, columns: [route.bounds, route.starts, lists] });
      }
      await copies.provide(host, wanted);
      await copyColumns(this.#fleet, host, [this.#leaseAt]);
    });
    const inColumns = this.#edges.columns.map((column) => (column.kind === "encoded" ? column.chunks : undefined));
    await this.#edgeValues?.load(this.#edges, inColumns);
  }

  /** All have ended, well or not, before this does: nothing is copied behind the back of what follows. */
  async #onEach(work: (range: HostRange) => Promise<void>): Promise<void> {
    const outcomes = await Promise.allSettled(this.#ranges.map(work));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }
}

/** Columns of fixed width in the arena, with the index of the stored column that they belong to. */
function columnsOf({ columns }: ColumnSet): { readonly column: ColumnRef; readonly at: number }[] {
  return columns.flatMap((column, at) => {
    if (column.kind === "encoded") return [];
    const data = { column: column.data, at };
    return column.validity === undefined ? [data] : [data, { column: column.validity, at }];
  });
}
