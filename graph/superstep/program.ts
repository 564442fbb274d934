/**
 * What a superstep runs: shipped functions and how they are applied. Plain data, the same for every partition.
 */
import type { FieldType } from "../../core/column/types.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import { invalidArgument } from "../../core/errors.ts";
import { memberReads } from "../../core/function/memberReads.ts";
import type { EdgeContext, EdgeDirection, VertexId } from "../types.ts";

/** Which part of an edge triplet a function may read; what it may not is undefined there. */
export type TripletFields =
  "none" | "edge" | "src" | "dst" | "all" | { readonly src?: boolean; readonly dst?: boolean; readonly edge?: boolean };

/** The scan's half of a program: what an edge sends, and how two messages to one vertex become one. */
export interface ScanProgram {
  readonly operation: string;
  readonly sendMessage: ShippedFunction<(edge: EdgeContext<unknown, unknown, unknown>) => void>;
  readonly mergeMessage: ShippedFunction<(a: unknown, b: unknown) => unknown>;
  /** Ends that `sendMessage` may send to, as far as its source shows. */
  readonly sendsTo: { readonly src: boolean; readonly dst: boolean };
  /** What each message must be, when the initial message says so. */
  readonly messageType?: FieldType;
  /** Edges scanned: by which of their ends received a message last superstep. */
  readonly activeDirection: EdgeDirection;
  readonly reads: FieldsRead;
}

/** What a send function reads of a triplet. Fields of a record: those it is seen to name; absent: all of them. */
export interface FieldsRead {
  readonly src: boolean;
  readonly dst: boolean;
  readonly edge: boolean;
  readonly srcFields?: ReadonlySet<string>;
  readonly dstFields?: ReadonlySet<string>;
  readonly edgeFields?: ReadonlySet<string>;
}

/** A value over all vertices that a superstep applied, brought together exactly and handed to the next superstep. */
export interface Aggregator {
  readonly kind: "sum" | "max";
  readonly of: ShippedFunction<(before: never, after: never) => number>;
}

/** The apply half: the new attribute of a vertex. */
export interface ApplyProgram {
  readonly vertexProgram: ShippedFunction<
    (id: VertexId, attr: never, message: never, globals: Readonly<Record<string, number>>) => unknown
  >;
  /** `received`: vertices that received a message. `all`: every vertex, with `noMessage` where none came. */
  readonly applyTo: "received" | "all";
  readonly noMessage?: unknown;
  readonly aggregators: Readonly<Record<string, Aggregator>>;
}

/** Ends that a send function may send to: both, unless its source shows that it only ever names one. */
export function endsSentTo(sendMessage: ShippedFunction<AnyFunction>): { src: boolean; dst: boolean } {
  const names = namesRead(sendMessage);
  if (names === "all") return { src: true, dst: true };
  return { src: names.has("sendToSrc"), dst: names.has("sendToDst") };
}

/**
 * The attributes of a triplet that a send function reads, as far as its source shows, or else all that are allowed.
 *
 * @throws SuperstepError INVALID_ARGUMENT if it is seen to read what `fields` excludes.
 */
export function fieldsRead(
  operation: string,
  sendMessage: ShippedFunction<AnyFunction>,
  fields: TripletFields | undefined,
): FieldsRead {
  const allowed = allowedFields(fields);
  const names = namesRead(sendMessage);
  if (names === "all") return allowed;
  const seen = { src: names.has("srcAttr"), dst: names.has("dstAttr"), edge: names.has("attr") };
  for (const [part, name] of [
    ["src", "srcAttr"],
    ["dst", "dstAttr"],
    ["edge", "attr"],
  ] as const) {
    if (seen[part] && !allowed[part]) {
      throw invalidArgument(operation, "tripletFields", `such that sendMessage may read ${name}`, fields);
    }
  }
  const paths = memberReads(sendMessage, 0);
  const fieldsOf = (name: string): ReadonlySet<string> | undefined => {
    if (paths === "all" || paths.has(name)) return undefined;
    const below = Array.from(paths).filter((path) => path.startsWith(`${name}.`));
    return new Set(below.map((path) => path.slice(name.length + 1).split(".", 1)[0]!));
  };
  const [srcFields, dstFields, edgeFields] = ["srcAttr", "dstAttr", "attr"].map(fieldsOf);
  return {
    ...seen,
    ...(srcFields && { srcFields }),
    ...(dstFields && { dstFields }),
    ...(edgeFields && { edgeFields }),
  };
}

/** Members of the edge that a send function names; "all" if it cannot be told. */
function namesRead(sendMessage: ShippedFunction<AnyFunction>): ReadonlySet<string> | "all" {
  const paths = memberReads(sendMessage, 0);
  return paths === "all" ? "all" : new Set(Array.from(paths, (path) => path.split(".", 1)[0]!));
}

/** The parts of a triplet that `fields` allows; `undefined` allows all. */
function allowedFields(fields: TripletFields | undefined): { src: boolean; dst: boolean; edge: boolean } {
  switch (fields) {
    case undefined:
    case "all":
      return { src: true, dst: true, edge: true };
    case "none":
      return { src: false, dst: false, edge: false };
    case "edge":
      return { src: false, dst: false, edge: true };
    case "src":
      return { src: true, dst: false, edge: true };
    case "dst":
      return { src: false, dst: true, edge: true };
    default:
      return { src: fields.src ?? false, dst: fields.dst ?? false, edge: fields.edge ?? false };
  }
}
