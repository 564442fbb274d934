/**
 * What vertices send, written down where a message depends on its sender alone: computed once a vertex, and read from one
 * column by all edges. The bits are those of computing it at each edge. A compiled superstep writes down what its
 * vertices will send in the next one, right after it applied them; what the first one reads is written by a pass of its
 * own.
 */
import type { Driver } from "../../core/cluster/driver.ts";
import { uncleared } from "../../core/column/arena.ts";
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import { isRefusal } from "../../core/compile/refused.ts";
import { operatorRef, type OperatorRef, type TaskContext } from "../../core/host/task.ts";
import { columnsKey } from "../compile/columnsKey.ts";
import { superstepKey } from "../compile/compiledSuperstep.ts";
import { compileSends, type CompiledSends, type SidePlan } from "../compile/compileSends.ts";
import { compileFused } from "../compile/compileSuperstep.ts";
import { putColumns, putIds, putSent, type LoopValues } from "../compile/loopOffsets.ts";
import { runnableLoop, runRounds } from "../compile/rounds.ts";
import type { Shape } from "../shape.ts";
import type { ApplyInput } from "./apply.ts";
import { sentRefs } from "./carrySent.ts";
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

/** A superstep, with the columns of messages that it reads and writes. */
export interface SendingSuperstep {
  /** With `sent`, if messages are written down. */
  readonly scan: ScanInput;
  /** With `nextSent`, if this superstep writes down those of the next. */
  readonly apply: ApplyInput;
  /** What `writeSent` has to write before; absent if nothing. */
  readonly missing?: SendsInput;
}

/** Columns that are read while others like them are written. */
interface Buffer {
  readonly plan: string;
  readonly columns: SentColumns;
}

/** The columns of messages of one run, allocated when they are first needed: two sets, of which one is read while the other is written. */
export class SentMessages {
  readonly #driver: Driver;
  readonly #shape: Shape;
  readonly #operation: string;
  /** By the layout of vertex columns: how what is sent is written down, undefined if it is not. */
  readonly #compiled: Map<string, CompiledSends | undefined> = new Map();
  /** By the code of a superstep: whether it can write down what is sent next. */
  readonly #canFuse: Map<string, boolean> = new Map();
  #present: Buffer | undefined;
  #next: Buffer | undefined;
  /** True if the last superstep has written what the next one reads. */
  #isPresent = false;

  constructor(driver: Driver, shape: Shape, operation: string) {
    this.#driver = driver;
    this.#shape = shape;
    this.#operation = operation;
  }

  /** The superstep as it is to run. Whoever runs it calls `ended` once it ended well. */
  prepare(scan: ScanInput, apply: ApplyInput, rows: ScanRows): SendingSuperstep {
    const isPresent = this.#isPresent;
    this.#isPresent = false;
    const compiled = this.#compile(scan, scan.vertices, rows);
    if (compiled === undefined) return { scan, apply };
    const present = (this.#present = this.#matching(this.#present, compiled));
    const reading: ScanInput = { ...scan, sent: present.columns };
    const missing = isPresent ? {} : { missing: { compiled, scan: reading } };
    const next = this.#compile(scan, apply.output, rows);
    if (next === undefined || planOf(next) !== present.plan) return { scan: reading, apply, ...missing };
    this.#next = this.#matching(this.#next, next);
    const writing: ApplyInput = { ...apply, nextSent: this.#next.columns };
    return { scan: reading, apply: this.#isFused(reading, writing, rows) ? writing : apply, ...missing };
  }

  /** The superstep that was prepared last ended well: what it wrote down is what the next one reads. */
  ended({ apply }: SendingSuperstep): void {
    if (apply.nextSent === undefined) return;
    [this.#present, this.#next] = [this.#next, this.#present];
    this.#isPresent = true;
  }

  /** The next superstep starts from other attributes than the last one left. */
  forget(): void {
    this.#isPresent = false;
  }

  free(): void {
    this.#isPresent = false;
    for (const buffer of [this.#present, this.#next]) this.#free(buffer);
    this.#present = this.#next = undefined;
  }

  #compile(scan: ScanInput, vertices: ColumnSet, rows: ScanRows): CompiledSends | undefined {
    const { numVertices, numEdges } = this.#shape.topology;
    if (numVertices < minVertices || numEdges < minEdgesPerVertex * numVertices) return undefined;
    if (this.#driver.config.compile === 0) return undefined;
    const key = JSON.stringify(columnsKey(vertices));
    if (!this.#compiled.has(key)) this.#compiled.set(key, compileSends({ ...scan, vertices }, rows));
    return this.#compiled.get(key);
  }

  /** Asked of a superstep in which all are active, and of one in which they are not: once fused, a run stays so. */
  #isFused({ active: _active, ...scan }: ScanInput, apply: ApplyInput, rows: ScanRows): boolean {
    const key = superstepKey(scan, apply, rows);
    let can = this.#canFuse.get(key);
    if (can === undefined) {
      const scans = apply.program.applyTo === "all" ? [scan] : [scan, { ...scan, active: apply.received }];
      can = scans.every((each) => !isRefusal(compileFused(each, apply, rows)));
      this.#canFuse.set(key, can);
    }
    return can;
  }

  /** The buffer if it is laid out as planned, or another one that is. */
  #matching(buffer: Buffer | undefined, compiled: CompiledSends): Buffer {
    const plan = planOf(compiled);
    if (buffer?.plan === plan) return buffer;
    const { in: incoming, out: outgoing } = compiled;
    const allocated: ColumnRef[] = [];
    const { arena } = this.#driver;
    const { numVertices } = this.#shape.topology;
    const allocate = <T extends ColumnRef["type"]>(type: T): ColumnRef<T> => {
      const column = arena.allocate(type, numVertices, this.#operation, uncleared);
      allocated.push(column);
      return column;
    };
    const side = ({ types, isConditional }: SidePlan): SentSide => ({
      columns: types.map((type) => allocate(type)),
      ...(isConditional && { sends: allocate("uint8") }),
    });
    try {
      const columns = { ...(incoming && { in: side(incoming) }), ...(outgoing && { out: side(outgoing) }) };
      this.#free(buffer);
      return { plan, columns };
    } catch (error) {
      for (const column of allocated) arena.free(column);
      throw error;
    }
  }

  #free(buffer: Buffer | undefined): void {
    for (const column of sentRefs(buffer?.columns)) this.#driver.arena.free(column);
  }
}

/** How messages are laid out, as a key. */
function planOf({ in: incoming, out: outgoing }: CompiledSends): string {
  return JSON.stringify([incoming, outgoing]);
}
