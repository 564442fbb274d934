/**
 * A module of WebAssembly in its binary format, from the trees of its functions.
 */
import type { Callee, Expr, FunctionTree, MachineType, Statement } from "../tree.ts";
import { ByteList } from "./byteList.ts";
import { functionCode } from "./functionCode.ts";
import { typeBytes } from "./opcodes.ts";

/** A module, and what it must be given: functions by name, under "functions", and the memory "memory" of "arena". */
export interface ModuleBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly imports: readonly Callee[];
}

const maxPages = 65536;

/**
 * The module that exports `run`. It imports the memory that columns live in, shared and of up to 4 GiB, and each function
 * that is called and has no body.
 */
export function moduleBytes(run: FunctionTree): ModuleBytes {
  const { imports, own } = calleesOf(run);
  const all = [...imports, ...own];
  const types = new Types();
  const typeOfImports = imports.map((callee) => types.of(callee.params, callee.result ? [callee.result] : []));
  const trees = [run, ...own.map(({ body }) => body!)];
  const typeOfTrees = trees.map(({ params, results }) =>
    types.of(
      params.map(({ type }) => type),
      results.map(({ type }) => type),
    ),
  );
  // `run` comes first after the imports.
  const indexOf = ({ name }: Callee): number => {
    const at = all.findIndex((each) => each.name === name);
    return at < imports.length ? at : at + 1;
  };
  const module = new ByteList();
  module.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  section(module, 1, types.list, (list, bytes) => list.bytes(bytes));
  section(module, 2, ["memory", ...imports], (list, each) => {
    if (typeof each === "string") {
      list.text("arena");
      list.text("memory");
      list.bytes([0x02, 0x03]);
      list.unsigned(1);
      list.unsigned(maxPages);
    } else {
      list.text("functions");
      list.text(each.name);
      list.byte(0x00);
      list.unsigned(typeOfImports[imports.indexOf(each)]!);
    }
  });
  section(module, 3, typeOfTrees, (list, type) => list.unsigned(type));
  section(module, 7, ["run"], (list, name) => {
    list.text(name);
    list.byte(0x00);
    list.unsigned(imports.length);
  });
  section(module, 10, trees, (list, tree) => list.vector(functionCode(tree, indexOf)));
  return { bytes: module.toBytes(), imports };
}

/** Types of functions, each once. */
class Types {
  readonly list: Uint8Array[] = [];
  readonly #known: Map<string, number> = new Map();

  of(params: readonly MachineType[], results: readonly MachineType[]): number {
    const key = `${params.join()}>${results.join()}`;
    let index = this.#known.get(key);
    if (index === undefined) {
      const bytes = new ByteList();
      bytes.byte(0x60);
      bytes.vector(params.map((type) => typeBytes[type]));
      bytes.vector(results.map((type) => typeBytes[type]));
      index = this.list.push(bytes.toBytes()) - 1;
      this.#known.set(key, index);
    }
    return index;
  }
}

function section<T>(module: ByteList, id: number, items: readonly T[], write: (list: ByteList, item: T) => void): void {
  const content = new ByteList();
  content.unsigned(items.length);
  for (const item of items) write(content, item);
  module.byte(id);
  module.vector(content.toBytes());
}

/** What a function calls, also through functions of the module: those to import, and those with a body. */
function calleesOf(run: FunctionTree): { imports: readonly Callee[]; own: readonly Callee[] } {
  const found = new Map<string, Callee>();
  const meet = (callee: Callee): void => {
    if (found.has(callee.name)) return;
    found.set(callee.name, callee);
    if (callee.body) visitTree(callee.body);
  };
  const expr = (each: Expr): void => {
    switch (each.op) {
      case "unary":
        return expr(each.a);
      case "binary":
        expr(each.a);
        return expr(each.b);
      case "choose":
        expr(each.test);
        expr(each.a);
        return expr(each.b);
      case "call":
        meet(each.callee);
        return each.args.forEach(expr);
      case "load":
        expr(each.base);
        return expr(each.index);
      case "const":
      case "get":
      case "extract": // lanes hold what was taken out of calls: see `lanes/`
    }
  };
  const visit = (statement: Statement): void => {
    switch (statement.do) {
      case "set":
        return expr(statement.value);
      case "if":
        expr(statement.test);
        statement.whenTrue.forEach(visit);
        return statement.whenFalse.forEach(visit);
      case "block":
      case "loop":
        return statement.body.forEach(visit);
      case "leave":
        return statement.test && expr(statement.test);
      case "call":
        meet(statement.callee);
        return statement.args.forEach(expr);
      case "store":
        expr(statement.base);
        expr(statement.index);
        return expr(statement.value);
      case "setLanes":
      case "storePair":
    }
  };
  const visitTree = ({ body, results }: FunctionTree): void => {
    body.forEach(visit);
    results.forEach(expr);
  };
  visitTree(run);
  const all = Array.from(found.values());
  return { imports: all.filter(({ body }) => !body), own: all.filter(({ body }) => body) };
}
