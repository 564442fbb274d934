/**
 * The scan of a superstep over tiles (`partition/tiles.ts`), as two compiled loops: one walks the tiles of a block and
 * merges what sources send into a number for each slot, the other takes these numbers target by target. For messages
 * that were written down, of which every source sends one, and a merge with an identity. To the bit as `ScanLoop`.
 */
import { Calls } from "../../core/compile/calls.ts";
import { assembleLoop, type CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { countedLoop } from "../../core/compile/countedLoop.ts";
import { denseLoop } from "../../core/compile/lanes/denseLoop.ts";
import { LoopParams } from "../../core/compile/loopParams.ts";
import { refusing } from "../../core/compile/refused.ts";
import { convertTo, dataOf } from "../../core/compile/shapes.ts";
import { binary, get, i32, load, unary, type Expr } from "../../core/compile/tree.ts";
import { leavesOf, withLeaves, type Data } from "../../core/compile/value.ts";
import { segmentSources } from "../partition/tiles.ts";
import type { ScanInput, ScanRows } from "../superstep/scan.ts";
import type { MessageType } from "./messageType.ts";
import type { ScanCounters, ScannedTarget } from "./scanLoop.ts";

/** Entries whose messages are read before the first of them is merged: a fifth less time than one after the other. */
const groupEntries = 4;

/** The loop over tiles. */
export interface TileWalk {
  /** Parameters: segments ["from", "to") of a block; "starts", "entries", "inSent0", and "sums", by slot. */
  readonly loop: CompiledLoop;
  /** What sums start as. */
  readonly identity: number;
}

/** True if a scan can walk tiles: what is sent along incoming edges is all it reads, one number a source. */
export function canWalkTiles({ sent, active }: ScanInput, { outRows }: ScanRows, { identity }: MessageType): boolean {
  const incoming = sent?.in;
  return (
    active === undefined &&
    outRows === undefined &&
    incoming !== undefined &&
    incoming.sends === undefined &&
    incoming.columns.length === 1 &&
    incoming.columns[0]!.type === "float64" &&
    identity?.op === "const"
  );
}

/** Compiles the loop over tiles, for a scan that can walk them. */
export function compileTileWalk(type: MessageType): TileWalk {
  const params = new LoopParams();
  const calls = new Calls();
  const { builder } = calls;
  const segment = builder.variable("i32", "segment");
  const entry = builder.variable("i32", "entry");
  builder.assign(segment, params.get("from"));
  countedLoop(builder, segment, params.get("to"), () => {
    const startOf = (index: Expr): Expr => addressOf(load("uint32", params.get("starts"), index), params);
    builder.assign(entry, startOf(get(segment)));
    const end = builder.pin(startOf(binary("i32.add", get(segment), i32(1))), "end");
    const firstSource = binary("i32.mul", get(segment), i32(8 * segmentSources));
    const sent = builder.pin(binary("i32.add", params.get("inSent0"), firstSource), "sent");
    const walk = (length: number): void => mergeEntries(type, get(entry), length, sent, params, calls);
    const groupBytes = 4 * groupEntries;
    const inGroups = binary("i32.and", binary("i32.sub", end, get(entry)), i32(-groupBytes));
    const grouped = builder.pin(binary("i32.add", get(entry), inGroups), "grouped");
    countedLoop(builder, entry, grouped, () => walk(groupEntries), groupBytes);
    countedLoop(builder, entry, end, () => walk(1), 4);
  });
  const { identity } = type;
  return {
    loop: assembleLoop(params, builder.statements, {}),
    identity: identity?.op === "const" ? Number(identity.value) : NaN,
  };
}

/** Where the entry of an index is. */
function addressOf(index: Expr, params: LoopParams): Expr {
  return binary("i32.add", params.get("entries"), binary("i32.shl", index, i32(2)));
}

/** Merges what the entries from an address on name, one after the other; their messages are all read before. */
function mergeEntries(type: MessageType, at: Expr, length: number, sent: Expr, params: LoopParams, calls: Calls): void {
  const { builder } = calls;
  const edges = Array.from({ length }, (_, k) => builder.pin(load("uint32", at, i32(k)), "edge"));
  const messages = edges.map((edge) => {
    return builder.pin(load("float64", sent, binary("i32.shr_u", edge, i32(16))), "message");
  });
  edges.forEach((edge, k) => {
    const slot = builder.pin(binary("i32.and", edge, i32(segmentSources - 1)), "slot");
    const before = builder.pin(load("float64", params.get("sums"), slot), "before");
    const both = [before, messages[k]!].map((leaf) => withLeaves(type.shape, [leaf])) as [Data, Data];
    const [value] = leavesOf(mergedOf(type, ...both, calls));
    builder.add({ do: "store", column: "float64", base: params.get("sums"), index: slot, value: value! });
    builder.effects++;
  });
}

/**
 * Adds the loop over rows ["from", "to") of a block, and `onTarget` for each. Parameters: "inFirst", "inOffsets"; "slots" of
 * the rows, and "sums".
 */
export function addTileTargets(
  { shape }: MessageType,
  params: LoopParams,
  { builder }: Calls,
  onTarget: (target: ScannedTarget) => void,
): ScanCounters {
  const messages = builder.variable("i64", "messages");
  const row = builder.variable("i32", "row");
  builder.assign(messages, { op: "const", type: "i64", value: 0n });
  builder.assign(row, params.get("from"));
  denseLoop(builder, row, params.get("to"), () => {
    const index = builder.pin(binary("i32.add", params.get("inFirst"), get(row)), "target");
    const offset = (at: Expr): Expr => load("uint32", params.get("inOffsets"), at);
    const numEdges = builder.pin(
      binary("i32.sub", offset(binary("i32.add", get(row), i32(1))), offset(get(row))),
      "numEdges",
    );
    builder.assign(messages, binary("i64.add", get(messages), unary("i64.extend_i32_u", numEdges)));
    const sum = builder.pin(load("float64", params.get("sums"), load("uint32", params.get("slots"), get(row))), "sum");
    onTarget({ index, has: numEdges, merged: withLeaves(shape, [sum]) });
  });
  const counted = unary("f64.convert_i64_s", get(messages));
  return { messages: counted, edgesScanned: counted };
}

function mergedOf({ shape, merge }: MessageType, a: Data, b: Data, calls: Calls): Data {
  return convertTo(
    shape,
    refusing("mergeMessage", () => dataOf(calls.call(merge, [a, b], "value"), calls.builder)),
  );
}
