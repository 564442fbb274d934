/**
 * What vertices send, written down before a superstep scans edges, where a message depends on its sender alone: computed
 * once a vertex, and read from one column by all edges. The bits are those of computing it at each edge.
 */
import type { Driver } from "../../core/cluster/driver.ts";
import type { ColumnRef } from "../../core/column/types.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { columnsKey } from "../compile/columnsKey.ts";
import { compileSends, type CompiledSends, type SidePlan } from "../compile/compileSends.ts";
import { putColumns, putIds, putSent, type LoopValues } from "../compile/loopOffsets.ts";
import { runnableLoop, runRounds } from "../compile/rounds.ts";
import type { Shape } from "../shape.ts";
import type { ScanInput, ScanRows, SentColumns, SentSide } from "./scan.ts";

/** Edges a vertex, on the average, and vertices, below which a pass over all vertices costs more than it saves. */
const minEdgesPerVertex = 4;
const minVertices = 4096;

/** What all tasks share that write messages down. */
export interface SendsInput {
  readonly compiled: CompiledSends;
  /** `sent` is written. */
  readonly scan: ScanInput;
}

export const writeSentRef: OperatorRef = operatorRef(import.meta.url, "writeSent");

/** Vertices [from, to). */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Task: writes down what the vertices of some spans send. */
export function writeSent({ compiled, scan }: SendsInput, spans: readonly Span[], task: TaskContext): void {
  for (const { from, to } of spans) {
    const values: LoopValues = { first: from };
    putColumns(values, "vertex", scan.vertices);
    putIds(values, scan.ids);
    putSent(values, scan.sent);
    runRounds(runnableLoop(compiled.loop, task), to - from, [], values, [], {}, task);
  }
}

/** The columns of messages of one run, allocated when they are first needed. */
export class SentMessages {
  readonly #driver: Driver;
  readonly #shape: Shape;
  readonly #operation: string;
  #compiled: { readonly key: string; readonly sends: CompiledSends | undefined } | undefined;
  #columns: SentColumns | undefined;

  constructor(driver: Driver, shape: Shape, operation: string) {
    this.#driver = driver;
    this.#shape = shape;
    this.#operation = operation;
  }

  /** What a scan needs to be given messages, undefined if its edges had better compute them. */
  for(scan: ScanInput, rows: ScanRows): SendsInput | undefined {
    const { numVertices, numEdges } = this.#shape.topology;
    if (numVertices < minVertices || numEdges < minEdgesPerVertex * numVertices) return undefined;
    if (this.#driver.config.compile === 0) return undefined;
    const key = JSON.stringify(columnsKey(scan.vertices));
    if (this.#compiled?.key !== key) {
      this.free();
      this.#compiled = { key, sends: compileSends(scan, rows) };
    }
    const compiled = this.#compiled.sends;
    if (compiled === undefined) return undefined;
    this.#columns ??= this.#allocate(compiled);
    return { compiled, scan: { ...scan, sent: this.#columns } };
  }

  free(): void {
    const columns = this.#columns;
    this.#columns = undefined;
    for (const side of [columns?.in, columns?.out]) {
      for (const column of side?.columns ?? []) this.#driver.arena.free(column);
      if (side?.sends) this.#driver.arena.free(side.sends);
    }
  }

  #allocate({ in: incoming, out: outgoing }: CompiledSends): SentColumns {
    const allocated: ColumnRef[] = [];
    const { arena } = this.#driver;
    const { numVertices } = this.#shape.topology;
    const allocate = <T extends ColumnRef["type"]>(type: T): ColumnRef<T> => {
      const column = arena.allocate(type, numVertices, this.#operation);
      allocated.push(column);
      return column;
    };
    const side = ({ types, isConditional }: SidePlan): SentSide => ({
      columns: types.map((type) => allocate(type)),
      ...(isConditional && { sends: allocate("uint8") }),
    });
    try {
      return { ...(incoming && { in: side(incoming) }), ...(outgoing && { out: side(outgoing) }) };
    } catch (error) {
      for (const column of allocated) arena.free(column);
      throw error;
    }
  }
}
