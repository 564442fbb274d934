/**
 * Scan: edges next to active vertices send messages, merged per target, left to right: along incoming edges by
 * ascending source, then along outgoing edges by ascending destination, parallel edges in input order.
 *
 * A scan pulls: each target's row is walked, and of what an edge sends only what goes to the row's own vertex is
 * taken; what goes to the other end is taken in that vertex's row. So a target's messages meet in one thread, in an
 * order that depends on the graph alone.
 */
import type { Arena } from "../../core/column/arena.ts";
import type { ColumnRef, ColumnSet } from "../../core/column/types.ts";
import { SuperstepError, excerpt } from "../../core/errors.ts";
import type { TaskContext } from "../../core/host/task.ts";
import { bindReaders, readExpression, type Bindings } from "../columns/accessors.ts";
import type { LoopText } from "../columns/loop.ts";
import type { TileRows } from "../partition/tiles.ts";
import type { EdgeRows, IdColumn } from "../partition/topology.ts";
import { idReader } from "../partition/idColumn.ts";
import type { VertexId } from "../types.ts";
import type { ScanProgram } from "./program.ts";

/** What a scan reads: the same for all partitions of a stage. */
export interface ScanInput {
  readonly program: ScanProgram;
  readonly ids: IdColumn;
  readonly vertices: ColumnSet;
  readonly edges: ColumnSet;
  /** One byte a vertex, 1 for those that received a message last superstep; absent: all edges are scanned. */
  readonly active?: ColumnRef<"uint8">;
  /** Messages that were written down once a vertex, by the rows in which they are read: compiled scans take them there. */
  readonly sent?: SentColumns;
  /** True if nothing is to be compiled. */
  readonly asJavaScript?: boolean;
}

/** What each vertex sends to the other ends of its edges: along outgoing ones, met in rows by target, and incoming ones. */
export interface SentColumns {
  readonly in?: SentSide;
  readonly out?: SentSide;
}

/** One side's messages, a row a vertex. */
export interface SentSide {
  /** One column for each number that a message is made of. */
  readonly columns: readonly ColumnRef[];
  /** 1 for vertices that send; absent if all do. */
  readonly sends?: ColumnRef<"uint8">;
}

/** The rows of one partition: of its vertices by incoming edges and, if anything is sent to sources, by outgoing ones. */
export interface ScanRows {
  readonly inRows?: EdgeRows;
  readonly outRows?: EdgeRows;
  /** The same incoming edges as tiles, where the scan is to walk those: see `canWalkTiles`. */
  readonly tiles?: TileRows;
}

/** What a scan counted. */
export interface ScanCounts {
  messages: number;
  edgesScanned: number;
}

/** Binds all that the text of `scanText` names. Revives the user's functions. */
export async function bindScan(
  bindings: Bindings,
  input: ScanInput,
  rows: ScanRows,
  counts: ScanCounts,
  task: TaskContext,
): Promise<void> {
  const { arena } = task;
  bindings["sendMessage"] = await task.revive(input.program.sendMessage);
  bindings["mergeMessage"] = await task.revive(input.program.mergeMessage);
  bindings["idOf"] = idReader(input.ids, arena);
  bindings["counts"] = counts;
  bindings["throwIfCancelled"] = () => task.throwIfCancelled();
  bindings["wrongMessage"] = wrongMessage(input);
  bindings["wrongMerge"] = wrongMerge(input.program);
  if (input.program.reads.src || input.program.reads.dst) bindReaders(bindings, "vertex", input.vertices, arena);
  if (input.program.reads.edge) bindReaders(bindings, "edge", input.edges, arena);
  if (input.active) bindings["active"] = arena.view(input.active);
  if (rows.inRows) bindRows(bindings, "in", rows.inRows, arena);
  if (rows.outRows) bindRows(bindings, "out", rows.outRows, arena);
}

function bindRows(bindings: Bindings, name: string, rows: EdgeRows, arena: Arena): void {
  bindings[`${name}Rows`] = rows.numRows;
  bindings[`${name}First`] = rows.firstRow;
  if (rows.targets) bindings[`${name}Targets`] = arena.view(rows.targets);
  bindings[`${name}Offsets`] = arena.view(rows.offsets);
  bindings[`${name}Neighbours`] = arena.view(rows.neighbours);
  if (rows.positions) bindings[`${name}Positions`] = arena.view(rows.positions);
  bindings[`${name}FirstEdge`] = rows.firstEdge;
}

/**
 * The text of a scan over the bound rows. `onTarget` is text that runs once a target `t`, in ascending order, with
 * `has` true if messages came and `edge.merged` what they merged to.
 */
export function scanText(input: ScanInput, rows: ScanRows, onTarget: string): LoopText {
  const { reads } = input.program;
  const { messageType } = input.program;
  // Both may be taken from their edge: `({ attr, sendToDst }) => sendToDst(attr)`.
  const bound = (name: string): string => `if (this === undefined) return edge.${name}(message);`;
  const check = messageType
    ? `if (typeof message !== ${JSON.stringify(messageType)}) wrongMessage(this.srcId, this.dstId, message);`
    : "";
  const checkMerged = messageType
    ? `if (typeof both !== ${JSON.stringify(messageType)}) wrongMerge(this.isAtDst ? this.dstId : this.srcId, both);`
    : "";
  const receive = `${check}
    this.messages++;
    if (this.has) { const both = mergeMessage(this.merged, message); ${checkMerged} this.merged = both; }
    else { this.merged = message; this.has = true; }`;
  // What is received is held in fields of the one edge: V8 keeps a number there without a box, and inlines the rest. A
  // field that starts as a fraction is one for doubles.
  const start = messageType === undefined || messageType === "number" ? "0.5" : "undefined";
  const declarations = `
class EdgeContext {
  constructor() {
    this.s = 0; this.d = 0; this.e = 0; this.isAtDst = true;
    this.has = false; this.merged = ${start}; this.messages = 0;
  }
  get srcId() { return idOf(this.s); }
  get dstId() { return idOf(this.d); }
  get srcAttr() { return ${reads.src ? readExpression(input.vertices, "vertex", "this.s", reads.srcFields) : "undefined"}; }
  get dstAttr() { return ${reads.dst ? readExpression(input.vertices, "vertex", "this.d", reads.dstFields) : "undefined"}; }
  get attr() { return ${reads.edge ? readExpression(input.edges, "edge", "this.e", reads.edgeFields) : "undefined"}; }
  sendToDst(message) {
    ${bound("sendToDst")}
    if (this.isAtDst) { ${receive} }
  }
  sendToSrc(message) {
    ${bound("sendToSrc")}
    if (!this.isAtDst) { ${receive} }
  }
}
const edge = new EdgeContext();`;
  // What the loop itself walks is held in locals: calls cannot change those, so they stay in registers.
  const locals = [...walked("in", rows.inRows), ...walked("out", rows.outRows)];
  if (input.active) locals.push("active");
  const body = `
let scanned = 0;
edge.messages = 0;
${locals.map((name) => `const ${name}_ = ${name};`).join(" ")}
${walkText(input, rows, onTarget)}
counts.messages += edge.messages;
counts.edgesScanned += scanned;`;
  return { declarations, body };
}

/** Walks targets in ascending order: rows side by side when both are of consecutive vertices, else merged by target. */
function walkText(input: ScanInput, rows: ScanRows, onTarget: string): string {
  const isCut = rows.inRows?.targets !== undefined || rows.outRows?.targets !== undefined;
  const incoming = rows.inRows ? rowText(input, "in", rows.inRows) : "";
  const outgoing = rows.outRows ? rowText(input, "out", rows.outRows) : "";
  if (!isCut) {
    const lead = rows.inRows ? "in" : "out";
    return `
for (let row = 0; row < ${lead}Rows; row++) {
  if ((row & 4095) === 0) throwIfCancelled();
  const t = ${lead}First + row;
  edge.has = false;
  { const inRow = row; ${incoming} }
  { const outRow = row; ${outgoing} }
  const has = edge.has;
  ${onTarget}
}`;
  }
  const numIn = rows.inRows ? "inRows" : "0";
  const numOut = rows.outRows ? "outRows" : "0";
  return `
for (let inRow = 0, outRow = 0; inRow < ${numIn} || outRow < ${numOut}; ) {
  if (((inRow + outRow) & 4095) === 0) throwIfCancelled();
  const tIn = inRow < ${numIn} ? inTargets[inRow] : Infinity;
  const tOut = outRow < ${numOut} ? outTargets[outRow] : Infinity;
  const t = tIn < tOut ? tIn : tOut;
  edge.has = false;
  if (tIn === t) { ${incoming} inRow++; }
  if (tOut === t) { ${outgoing} outRow++; }
  const has = edge.has;
  ${onTarget}
}`;
}

function walked(side: "in" | "out", rows: EdgeRows | undefined): string[] {
  if (rows === undefined) return [];
  return [`${side}Offsets`, `${side}Neighbours`, ...(rows.positions ? [`${side}Positions`] : [])];
}

function rowText(input: ScanInput, side: "in" | "out", rows: EdgeRows): string {
  const [source, target] = side === "in" ? ["n", "t"] : ["t", "n"];
  const position = rows.positions ? `${side}Positions_[k]` : `${side}FirstEdge + k`;
  return `
for (let k = ${side}Offsets_[${side}Row], end = ${side}Offsets_[${side}Row + 1]; k < end; k++) {
  const n = ${side}Neighbours_[k];
  ${input.active ? `if (!(${activeTest(input.program, source, target)})) continue;` : ""}
  scanned++;
  edge.s = ${source}; edge.d = ${target}; edge.e = ${position}; edge.isAtDst = ${side === "in"};
  sendMessage(edge);
}`;
}

function activeTest(program: ScanProgram, source: string, target: string): string {
  switch (program.activeDirection) {
    case "out":
      return `active_[${source}] !== 0`;
    case "in":
      return `active_[${target}] !== 0`;
    case "either":
      return `active_[${source}] !== 0 || active_[${target}] !== 0`;
    case "both":
      return `active_[${source}] !== 0 && active_[${target}] !== 0`;
  }
}

function wrongMessage(input: ScanInput): (srcId: VertexId, dstId: VertexId, message: unknown) => never {
  return (srcId, dstId, message) => {
    const { operation, messageType } = input.program;
    throw new SuperstepError(
      "TYPE_MISMATCH",
      `${operation}: a message must be a ${messageType}, as the initial message is, got ${excerpt(message)} ` +
        `along ${excerpt(srcId)} -> ${excerpt(dstId)}`,
      { details: { operation, expected: messageType ?? "", got: excerpt(message) } },
    );
  };
}

/** Throws the error of two messages to a vertex that merged to something else than what messages are. */
export function wrongMerge({ operation, messageType }: ScanProgram): (id: VertexId, merged: unknown) => never {
  return (id, merged) => {
    throw new SuperstepError(
      "TYPE_MISMATCH",
      `${operation}: mergeMessage must return a ${messageType}, as the initial message is, got ${excerpt(merged)} ` +
        `for the messages to vertex ${excerpt(id)}`,
      { details: { operation, expected: messageType ?? "", got: excerpt(merged) } },
    );
  };
}
