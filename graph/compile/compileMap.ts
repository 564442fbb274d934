/**
 * A function over the vertices, edges or triplets of a partition, as a compiled loop. The clear form is the text of
 * `operators/mapRows.ts`.
 */
import { Calls } from "../../core/compile/calls.ts";
import { columnValue, writeRow } from "../../core/compile/columnValues.ts";
import { assembleLoop, type CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { countedLoop } from "../../core/compile/countedLoop.ts";
import { denseLoop } from "../../core/compile/lanes/denseLoop.ts";
import { sourceOfShipped } from "../../core/compile/functionSource.ts";
import { LoopParams } from "../../core/compile/loopParams.ts";
import { isRefusal, refusable, type Refusal } from "../../core/compile/refused.ts";
import { dataOf } from "../../core/compile/shapes.ts";
import { binary, get, i32, load, type Expr } from "../../core/compile/tree.ts";
import type { Value } from "../../core/compile/value.ts";
import type { ColumnSet } from "../../core/column/types.ts";
import type { AnyFunction, ShippedFunction } from "../../core/function/ship.ts";
import type { RowSource } from "../operators/mapRows.ts";
import { idValue } from "./edgeValue.ts";

/** What a loop walks: vertices, edges by their positions, or edges along the rows of their targets. */
export type MapWalk = "vertices" | "edges" | "rows";

/** A function over rows as a loop. */
export interface CompiledMap {
  readonly loop: CompiledLoop;
  readonly walk: MapWalk;
}

/**
 * Compiles a function over rows. Parameters: vertices or edges "first" + ["from", "to"), columns "vertex0", "edge0", "table0",
 * "out0", …, "present", "ids"; along rows "inOffsets", "inNeighbours", "inFirstEdge". Hook: "missing", which must throw.
 */
export function compileMap(
  fn: ShippedFunction<AnyFunction>,
  source: RowSource,
  output: ColumnSet,
): CompiledMap | Refusal {
  if (source.kind === "vertex" || source.kind === "joined") return compileWalk("vertices", fn, source, output);
  // Where the ends of edges are not read, edges lie one after the other.
  const flat = compileWalk("edges", fn, source, output);
  return isRefusal(flat) ? compileWalk("rows", fn, source, output) : flat;
}

function compileWalk(
  walk: MapWalk,
  fn: ShippedFunction<AnyFunction>,
  source: RowSource,
  output: ColumnSet,
): CompiledMap | Refusal {
  return refusable(fn.argument, () => {
    const params = new LoopParams();
    const calls = new Calls();
    const { builder } = calls;
    const map = new MappedRow(fn, source, output, params, calls);
    const row = builder.variable("i32", "row");
    builder.assign(row, params.get("from"));
    const to = params.get("to");
    const index = (): Expr => builder.pin(binary("i32.add", params.get("first"), get(row)), "index");
    if (walk === "vertices") denseLoop(builder, row, to, () => map.vertex(index()));
    else if (walk === "edges") denseLoop(builder, row, to, () => map.edge(index()));
    else {
      countedLoop(builder, row, to, () => {
        const target = index();
        const entry = builder.variable("i32", "entry");
        builder.assign(entry, load("uint32", params.get("inOffsets"), get(row)));
        const end = builder.pin(load("uint32", params.get("inOffsets"), binary("i32.add", get(row), i32(1))), "end");
        countedLoop(builder, entry, end, () => map.entry(target, get(entry)));
      });
    }
    return { loop: assembleLoop(params, builder.statements, {}), walk };
  });
}

type EndMember = "srcId" | "dstId" | "srcAttr" | "dstAttr";

/** One row: the function's arguments, the call, and where its result goes. */
class MappedRow {
  readonly #fn: ReturnType<typeof sourceOfShipped>;
  readonly #source: RowSource;
  readonly #output: ColumnSet;
  readonly #params: LoopParams;
  readonly #calls: Calls;

  constructor(
    fn: ShippedFunction<AnyFunction>,
    source: RowSource,
    output: ColumnSet,
    params: LoopParams,
    calls: Calls,
  ) {
    this.#fn = sourceOfShipped(fn);
    this.#source = source;
    this.#output = output;
    this.#params = params;
    this.#calls = calls;
  }

  vertex(index: Expr): void {
    const { ids, vertices, table } = this.#source;
    const id = idValue(ids, index, this.#params);
    const attr = columnValue(vertices, "vertex", index, this.#params);
    if (table === undefined) {
      this.#call(index, [id, attr]);
      return;
    }
    const present = load("uint8", this.#params.get("present"), index);
    const value = columnValue(table.columns, "table", index, this.#params);
    this.#calls.builder.branch(
      present,
      () => this.#call(index, [id, attr, value]),
      () => {
        if (table.keepsAbsent) this.#write(index, attr);
        else this.#call(index, [id, attr, { kind: "missing", as: "undefined" }]);
      },
    );
  }

  /** The edge at `position`, whose ends are not known. */
  edge(position: Expr): void {
    const end: Value = { kind: "refused", why: "it depends on the ends of the edge" };
    this.#edge(position, { srcId: end, dstId: end, srcAttr: end, dstAttr: end });
  }

  /** Entry `entry` of the row of vertex `target`. */
  entry(target: Expr, entry: Expr): void {
    const { builder } = this.#calls;
    const { ids, vertices } = this.#source;
    const params = this.#params;
    const neighbour = load("uint32", params.get("inNeighbours"), entry);
    this.#edge(builder.pin(binary("i32.add", params.get("inFirstEdge"), entry), "position"), {
      srcId: idValue(ids, neighbour, params),
      dstId: idValue(ids, target, params),
      srcAttr: columnValue(vertices, "vertex", neighbour, params),
      dstAttr: columnValue(vertices, "vertex", target, params),
    });
  }

  #edge(position: Expr, { srcId, dstId, srcAttr, dstAttr }: Readonly<Record<EndMember, Value>>): void {
    const { edges, kind } = this.#source;
    const attr = columnValue(edges, "edge", position, this.#params);
    const members = new Map<string, Value>(Object.entries({ srcId, dstId, attr }));
    if (kind === "triplet") members.set("srcAttr", srcAttr).set("dstAttr", dstAttr);
    this.#call(position, [{ kind: "namespace", what: "an edge", members }]);
  }

  #call(row: Expr, args: readonly Value[]): void {
    this.#write(row, this.#calls.call(this.#fn, args, "value"));
  }

  #write(row: Expr, value: Value): void {
    const { builder } = this.#calls;
    writeRow(this.#output, "out", row, dataOf(value, builder), builder, this.#params);
  }
}
