/**
 * PageRank as a plain loop in WebAssembly on one thread: rows as they come, nothing but the arithmetic. What a superstep
 * of the same program is measured against.
 */
import { moduleBytes } from "../../core/compile/wasm/moduleBytes.ts";
import {
  binary,
  f64,
  get,
  i32,
  load,
  set,
  type Expr,
  type Label,
  type Local,
  type Statement,
} from "../../core/compile/tree.ts";

/** Byte offsets in the memory; columns have a row a vertex, `offsets` one more. */
export interface PullColumns {
  readonly offsets: number;
  readonly neighbours: number;
  /** Of its rank, what each edge of a vertex carries on. */
  readonly share: number;
  readonly rank: number;
  /** For what vertices send. */
  readonly sent: number;
}

const names = ["numVertices", "offsets", "neighbours", "share", "rank", "sent"] as const;
type Name = (typeof names)[number];

/** A function that runs one round over `numVertices` vertices. */
export function pullLoop(
  memory: WebAssembly.Memory,
  reset = 0.15,
): (numVertices: number, columns: PullColumns) => void {
  const params = Object.fromEntries(names.map((name) => [name, local("i32", name)])) as Record<Name, Local>;
  const of = (name: Name): Expr => get(params[name]);
  const [vertex, edge, end] = ["vertex", "edge", "end"].map((name) => local("i32", name)) as [Local, Local, Local];
  const sum = local("f64", "sum");
  const next = binary("i32.add", get(vertex), i32(1));
  const write = (column: Name, value: Expr): Statement => {
    return { do: "store", column: "float64", base: of(column), index: get(vertex), value };
  };
  const rank = load("float64", of("rank"), get(vertex));
  const message = load("float64", of("sent"), load("uint32", of("neighbours"), get(edge)));
  const body = [
    ...loop(vertex, i32(0), of("numVertices"), [
      write("sent", binary("f64.mul", rank, load("float64", of("share"), get(vertex)))),
    ]),
    ...loop(vertex, i32(0), of("numVertices"), [
      set(sum, f64(-0)),
      set(end, load("uint32", of("offsets"), next)),
      ...loop(edge, load("uint32", of("offsets"), get(vertex)), get(end), [
        set(sum, binary("f64.add", get(sum), message)),
      ]),
      write("rank", binary("f64.add", f64(reset), binary("f64.mul", f64(1 - reset), get(sum)))),
    ]),
  ];
  const { bytes } = moduleBytes({ params: Object.values(params), body, results: [] });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { arena: { memory } });
  const run = instance.exports["run"] as (...args: number[]) => void;
  return (numVertices, columns) => run(...names.map((name) => (name === "numVertices" ? numVertices : columns[name])));
}

function local(type: Local["type"], name: string): Local {
  return { type, name, isFixed: false };
}

function loop(index: Local, from: Expr, to: Expr, body: readonly Statement[]): Statement[] {
  const [out, again]: Label[] = [{ name: "out" }, { name: "again" }];
  const round: Statement[] = [
    { do: "leave", label: out!, test: binary("i32.ge_u", get(index), to) },
    ...body,
    set(index, binary("i32.add", get(index), i32(1))),
    { do: "leave", label: again! },
  ];
  return [set(index, from), { do: "block", label: out!, body: [{ do: "loop", label: again!, body: round }] }];
}
