/**
 * The code of one function: its tree as WebAssembly instructions.
 */
import { assert } from "../../errors.ts";
import type { LaneLocal, Lanes } from "../lanes/lanes.ts";
import type { Callee, Expr, FunctionTree, Label, Local, MachineType, Statement } from "../tree.ts";
import { ByteList } from "./byteList.ts";
import { binaryBytes, control, memoryAccess, typeBytes, unaryBytes } from "./opcodes.ts";
import { extractBytes, laneBytes, pairAccess } from "./laneOpcodes.ts";

/** The body of a function, with its locals, as the code section holds it. `indexOf`: the number of each callee. */
export function functionCode(tree: FunctionTree, indexOf: (callee: Callee) => number): Uint8Array {
  const writer = new CodeWriter(tree, indexOf);
  return writer.write();
}

class CodeWriter {
  readonly #tree: FunctionTree;
  readonly #indexOf: (callee: Callee) => number;
  readonly #code: ByteList = new ByteList();
  readonly #locals: Map<Local | LaneLocal, number> = new Map();
  /** The labels around the present place, innermost last; undefined for what nothing leaves by name. */
  readonly #labels: (Label | undefined)[] = [];

  constructor(tree: FunctionTree, indexOf: (callee: Callee) => number) {
    this.#tree = tree;
    this.#indexOf = indexOf;
  }

  write(): Uint8Array {
    const { params, body, results } = this.#tree;
    for (const param of params) this.#locals.set(param, this.#locals.size);
    const types: (MachineType | "v128")[] = [];
    for (const local of localsSet(body)) {
      if (this.#locals.has(local)) continue;
      this.#locals.set(local, this.#locals.size);
      types.push(local.type);
    }
    const code = this.#code;
    const runs = types.reduce<{ type: MachineType | "v128"; count: number }[]>((all, type) => {
      const last = all.at(-1);
      if (last?.type === type) last.count++;
      else all.push({ type, count: 1 });
      return all;
    }, []);
    code.unsigned(runs.length);
    for (const { type, count } of runs) {
      code.unsigned(count);
      code.byte(typeBytes[type]);
    }
    this.#all(body);
    for (const result of results) this.#expr(result);
    code.byte(control.end);
    return code.toBytes();
  }

  #all(statements: readonly Statement[]): void {
    for (const statement of statements) this.#statement(statement);
  }

  #statement(statement: Statement): void {
    const code = this.#code;
    switch (statement.do) {
      case "set":
        this.#expr(statement.value);
        code.byte(control.localSet);
        code.unsigned(this.#index(statement.local));
        return;
      case "if":
        this.#expr(statement.test);
        this.#open(control.if, undefined);
        this.#all(statement.whenTrue);
        if (statement.whenFalse.length > 0) {
          code.byte(control.else);
          this.#all(statement.whenFalse);
        }
        this.#close();
        return;
      case "block":
      case "loop":
        this.#open(control[statement.do], statement.label);
        this.#all(statement.body);
        this.#close();
        return;
      case "leave": {
        if (statement.test) this.#expr(statement.test);
        code.byte(statement.test ? control.brIf : control.br);
        const at = this.#labels.lastIndexOf(statement.label);
        assert(at >= 0, `a jump leads to ${statement.label.name}, which is not around it`);
        code.unsigned(this.#labels.length - 1 - at);
        return;
      }
      case "call":
        for (const arg of statement.args) this.#expr(arg);
        code.byte(control.call);
        code.unsigned(this.#indexOf(statement.callee));
        return;
      case "store": {
        const { shift, store, beforeStore } = memoryAccess[statement.column];
        this.#address(statement.base, statement.index, shift);
        this.#expr(statement.value);
        if (beforeStore !== undefined) code.byte(beforeStore);
        code.bytes([store, shift, 0]);
        return;
      }
      case "setLanes":
        this.#lanes(statement.value);
        code.byte(control.localSet);
        code.unsigned(this.#index(statement.local));
        return;
      case "storePair": {
        const { shift, store } = pairAccess[statement.column];
        this.#address(statement.base, statement.index, shift);
        this.#lanes(statement.value);
        code.bytes(store);
        return;
      }
    }
  }

  #expr(expr: Expr): void {
    const code = this.#code;
    switch (expr.op) {
      case "const":
        this.#constant(expr);
        return;
      case "get":
        code.byte(control.localGet);
        code.unsigned(this.#index(expr.local));
        return;
      case "unary":
        this.#expr(expr.a);
        code.bytes(unaryBytes[expr.code]);
        return;
      case "binary":
        this.#expr(expr.a);
        this.#expr(expr.b);
        code.byte(binaryBytes[expr.code]);
        return;
      case "choose":
        if (isFree(expr.a) && isFree(expr.b)) {
          this.#expr(expr.a);
          this.#expr(expr.b);
          this.#expr(expr.test);
          code.byte(control.select);
          return;
        }
        this.#expr(expr.test);
        this.#open(control.if, undefined, expr.type);
        this.#expr(expr.a);
        code.byte(control.else);
        this.#expr(expr.b);
        this.#close();
        return;
      case "call":
        for (const arg of expr.args) this.#expr(arg);
        code.byte(control.call);
        code.unsigned(this.#indexOf(expr.callee));
        return;
      case "load": {
        const { shift, load, afterLoad } = memoryAccess[expr.column];
        this.#address(expr.base, expr.index, shift);
        code.bytes([load, shift, 0]);
        if (afterLoad !== undefined) code.byte(afterLoad);
        return;
      }
      case "extract":
        this.#lanes(expr.a);
        code.bytes(extractBytes[expr.code]);
        if (expr.lane !== undefined) code.byte(expr.lane);
        return;
    }
  }

  #lanes(lanes: Lanes): void {
    const code = this.#code;
    switch (lanes.op) {
      case "getLanes":
        code.byte(control.localGet);
        code.unsigned(this.#index(lanes.local));
        return;
      case "loadPair": {
        const { shift, load } = pairAccess[lanes.column];
        this.#address(lanes.base, lanes.index, shift);
        code.bytes(load);
        return;
      }
      case "splat":
        this.#expr(lanes.value);
        code.bytes(laneBytes[`${lanes.form}.splat`]);
        return;
      case "shift":
        this.#lanes(lanes.a);
        this.#expr(lanes.by);
        code.bytes(laneBytes[lanes.code]);
        return;
      case "replace":
        this.#lanes(lanes.a);
        this.#expr(lanes.value);
        code.bytes(laneBytes["f64x2.replace_lane 1"]);
        return;
      case "lanes":
        for (const each of lanes.args) this.#lanes(each);
        code.bytes(laneBytes[lanes.code]);
        return;
    }
  }

  /** `base + index * size`, in 32 bits without a sign: the memory ends at 4 GiB. */
  #address(base: Expr, index: Expr, shift: number): void {
    this.#expr(index);
    if (shift > 0) {
      this.#code.byte(control.i32Const);
      this.#code.signed(BigInt(shift));
      this.#code.byte(binaryBytes["i32.shl"]);
    }
    this.#expr(base);
    this.#code.byte(binaryBytes["i32.add"]);
  }

  #constant(expr: Extract<Expr, { op: "const" }>): void {
    const code = this.#code;
    if (expr.type === "f64") {
      code.byte(control.f64Const);
      code.double(expr.value);
    } else {
      code.byte(expr.type === "i32" ? control.i32Const : control.i64Const);
      code.signed(expr.type === "i64" ? expr.value : BigInt(expr.value | 0));
    }
  }

  #open(byte: number, label: Label | undefined, result: MachineType | "none" = "none"): void {
    this.#code.byte(byte);
    this.#code.byte(typeBytes[result]);
    this.#labels.push(label);
  }

  #close(): void {
    this.#code.byte(control.end);
    this.#labels.pop();
  }

  #index(local: Local | LaneLocal): number {
    const index = this.#locals.get(local);
    assert(index !== undefined, `the local ${local.name} is read, and never set`);
    return index;
  }
}

/** True if evaluating it for nothing costs nothing. */
function isFree(expr: Expr): boolean {
  return expr.op === "const" || expr.op === "get";
}

/** The locals that are set anywhere, ordered by type. */
function localsSet(body: readonly Statement[]): readonly (Local | LaneLocal)[] {
  const found = new Set<Local | LaneLocal>();
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.do === "set" || statement.do === "setLanes") found.add(statement.local);
      else if (statement.do === "if") {
        visit(statement.whenTrue);
        visit(statement.whenFalse);
      } else if (statement.do === "block" || statement.do === "loop") visit(statement.body);
    }
  };
  visit(body);
  return Array.from(found).sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0));
}
