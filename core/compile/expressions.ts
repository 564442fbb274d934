/**
 * Expressions of the language to typed values. Operands are evaluated in order; what a later one may change is held
 * before it.
 */
import type {
  AnyNode,
  AssignmentExpression,
  CallExpression,
  Expression,
  Identifier,
  MemberExpression,
  ObjectExpression,
  UpdateExpression,
} from "acorn";
import { undefinedValue, type Activation } from "./activation.ts";
import type { Builder } from "./builder.ts";
import { Conditions } from "./conditions.ts";
import { callBuiltin } from "./mathFunctions.ts";
import { booleanOf, negated, numberOf, operate, toNumber, truthOf, type Known } from "./operations.ts";
import { memberOf } from "./memberOf.ts";
import { Refused } from "./refused.ts";
import { convertTo, dataOf, known } from "./shapes.ts";
import { f64, i32, not, type Expr } from "./tree.ts";
import { describeValue, type RecordValue, type Value } from "./value.ts";

/** Compiles the expressions of one call. */
export class Expressions {
  readonly #activation: Activation;
  readonly #builder: Builder;
  readonly #conditions: Conditions;

  constructor(activation: Activation) {
    this.#activation = activation;
    this.#builder = activation.compilation.builder;
    this.#conditions = new Conditions(this.#builder, this);
  }

  /** The value of an expression. Constant tests leave out what they exclude. */
  value(node: Expression): Value {
    return this.#placed(node, () => this.#value(node));
  }

  /** The value of an expression, read if it is an input. */
  known(node: Expression): Known {
    return this.#placed(node, () => known(this.#value(node), this.#builder));
  }

  /** 1 where the expression counts as true, else 0. */
  test(node: Expression): Expr {
    return this.#placed(node, () => {
      if (node.type === "ParenthesizedExpression") return this.test(node.expression);
      if (node.type === "UnaryExpression" && node.operator === "!") return not(this.test(node.argument));
      if (node.type === "LogicalExpression" && node.operator !== "??") return this.#conditions.test(node);
      return truthOf(known(this.#value(node), this.#builder));
    });
  }

  /** Evaluates an expression for its effects alone. */
  effect(node: Expression): void {
    this.#placed(node, () => this.#effect(node));
  }

  /** Assigns to a declared variable. */
  assign(target: Identifier, value: Value): void {
    const binding = this.#activation.program.bindingOf.get(target);
    const variable = binding && this.#activation.frame.find(binding);
    if (variable === undefined)
      throw this.#refused(target, "a variable is assigned before its declaration, or outside");
    if (variable.kind === "constant") throw this.#refused(target, "a constant is assigned");
    this.#placed(target, () => {
      this.#builder.assignAll(variable.held, convertTo(variable.held, dataOf(value, this.#builder)));
    });
  }

  #value(node: Expression): Value {
    switch (node.type) {
      case "Literal":
        return this.#literal(node.value, node.type);
      case "Identifier":
        return this.#identifier(node);
      case "ParenthesizedExpression":
        return this.value(node.expression);
      case "UnaryExpression":
        return this.#unary(node.operator, node.argument);
      case "BinaryExpression": {
        if (node.left.type === "PrivateIdentifier") throw new Refused("private names do not compile");
        const [a, b] = this.#inOrder([node.left, node.right]);
        return operate(node.operator, a!, b!, this.#builder);
      }
      case "LogicalExpression":
        return this.#conditions.logical(node);
      case "ConditionalExpression":
        return this.#conditions.conditional(node);
      case "AssignmentExpression":
        return this.#assignment(node);
      case "UpdateExpression":
        return this.#update(node);
      case "SequenceExpression":
        for (const each of node.expressions.slice(0, -1)) this.effect(each);
        return this.value(node.expressions.at(-1)!);
      case "ChainExpression":
        return this.value(node.expression);
      case "MemberExpression":
        return this.#member(node);
      case "CallExpression":
        return this.#call(node, "value");
      case "ObjectExpression":
        return this.#record(node);
      case "ArrowFunctionExpression":
      case "FunctionExpression": {
        const { program, frame } = this.#activation;
        return { kind: "function", fn: { node, program, around: frame } };
      }
      default:
        throw new Refused(`${inWords(node)} does not compile`);
    }
  }

  #literal(value: unknown, type: string): Value {
    switch (typeof value) {
      case "number":
        return numberOf(f64(value));
      case "boolean":
        return booleanOf(i32(value ? 1 : 0));
      case "string":
        return { kind: "string", text: value };
      case "bigint":
        if (BigInt.asIntN(64, value) !== value) throw new Refused("a bigint beyond 64 bits does not compile");
        return { kind: "bigint", expr: { op: "const", type: "i64", value } };
      default:
        if (value === null) return { kind: "missing", as: "null" };
        throw new Refused(`this ${type.toLowerCase()} does not compile`);
    }
  }

  #identifier(node: Identifier): Value {
    const { program, frame } = this.#activation;
    const binding = program.bindingOf.get(node);
    if (binding === undefined) return program.outside(node.name);
    const variable = frame.find(binding);
    if (variable === undefined) throw new Refused("it is used before its declaration");
    return variable.kind === "constant" ? variable.value : variable.held;
  }

  #unary(operator: string, argument: Expression): Value {
    switch (operator) {
      case "!":
        return booleanOf(not(this.test(argument)));
      case "void":
        this.effect(argument);
        return undefinedValue;
      case "-":
        return negated(this.known(argument));
      case "+":
        return numberOf(toNumber(this.known(argument)));
      case "~":
        return operate("^", this.known(argument), numberOf(f64(-1)), this.#builder);
      case "typeof":
        return { kind: "string", text: typeName(this.known(argument)) };
      default:
        throw new Refused(`the operator ${operator} does not compile`);
    }
  }

  /** Values of expressions that are evaluated one after the other. */
  #inOrder(nodes: readonly Expression[]): Known[] {
    const [first, ...rest] = nodes;
    if (first === undefined) return [];
    const { value, result } = this.#builder.keep(this.known(first), () => this.#inOrder(rest));
    return [value as Known, ...result];
  }

  #effect(node: Expression): void {
    switch (node.type) {
      case "ParenthesizedExpression":
      case "ChainExpression":
        this.effect(node.expression);
        return;
      case "LogicalExpression": {
        if (node.operator === "??") break;
        const test = this.test(node.left);
        this.#builder.branch(node.operator === "&&" ? test : not(test), () => this.effect(node.right));
        return;
      }
      case "ConditionalExpression":
        this.#builder.branch(
          this.test(node.test),
          () => this.effect(node.consequent),
          () => this.effect(node.alternate),
        );
        return;
      case "SequenceExpression":
        for (const each of node.expressions) this.effect(each);
        return;
      case "CallExpression":
        this.#call(node, "effect");
        return;
    }
    this.value(node);
  }

  #assignment({ operator, left, right }: AssignmentExpression): Value {
    if (left.type !== "Identifier") throw new Refused("only variables of the function can be assigned");
    if (operator === "=") {
      const value = this.#builder.pinned(this.value(right));
      this.assign(left, value);
      return value;
    }
    const plain = operator.slice(0, -1);
    if (plain === "&&" || plain === "||" || plain === "??")
      throw new Refused(`the operator ${operator} does not compile`);
    const { value: before, result: by } = this.#builder.keep(this.known(left), () => this.known(right));
    const value = this.#builder.pinned(operate(plain, before as Known, by, this.#builder));
    this.assign(left, value);
    return value;
  }

  #update({ operator, prefix, argument }: UpdateExpression): Value {
    if (argument.type !== "Identifier") throw new Refused("only variables of the function can be assigned");
    const before = this.#builder.pinned(numberOf(toNumber(this.known(argument)))) as Known;
    const after = this.#builder.pinned(operate(operator === "++" ? "+" : "-", before, numberOf(f64(1)), this.#builder));
    this.assign(argument, after);
    return prefix ? after : before;
  }

  #member(node: MemberExpression): Value {
    if (node.object.type === "Super") throw new Refused("super does not compile");
    const object = this.known(node.object);
    if (object.kind === "refused") throw this.#refused(node.object, object.why);
    let name: string | undefined;
    if (!node.computed && node.property.type === "Identifier") name = node.property.name;
    else if (node.computed) {
      const key = this.known(node.property as Expression);
      if (key.kind === "string") name = key.text;
    }
    if (name === undefined) throw new Refused("only members that are named compile");
    if (object.kind === "missing" && node.optional) return undefinedValue;
    return memberOf(object, name);
  }

  #call(node: CallExpression, mode: "value" | "effect"): Value {
    if (node.callee.type === "Super") throw new Refused("super does not compile");
    const callee = this.known(node.callee);
    const nodes = node.arguments.map((each): Expression => {
      if (each.type === "SpreadElement") throw this.#refused(each, "a spread argument does not compile");
      return each;
    });
    const { compilation, frame } = this.#activation;
    switch (callee.kind) {
      case "builtin":
        return callBuiltin(callee.name, this.#inOrder(nodes), this.#builder);
      case "namespace":
        if (callee.what === "Number") return callBuiltin("Number", this.#inOrder(nodes), this.#builder);
        throw new Refused(`${callee.what} is not a function`);
      case "send": {
        compilation.send(callee.to, () => {
          const values = this.#inOrderUnread(nodes);
          return this.#placed(node, () => dataOf(values[0] ?? undefinedValue, this.#builder));
        });
        return undefinedValue;
      }
      case "function":
        return compilation.call(callee.fn, this.#inOrderUnread(nodes), mode, frame.depth + 1);
      default:
        throw this.#refused(
          node.callee as AnyNode,
          callee.kind === "refused" ? callee.why : `${describeValue(callee)} is called`,
        );
    }
  }

  /** As `inOrder`, without reading inputs that are only passed on. */
  #inOrderUnread(nodes: readonly Expression[]): Value[] {
    const [first, ...rest] = nodes;
    if (first === undefined) return [];
    const { value, result } = this.#builder.keep(this.value(first), () => this.#inOrderUnread(rest));
    return [value, ...result];
  }

  #record({ properties }: ObjectExpression): Value {
    let record: RecordValue = { kind: "record", fields: new Map() };
    for (const property of properties) {
      const kept: { value: Value; result: (readonly [string, Value])[] } = this.#builder.keep(record, () =>
        this.#property(property),
      );
      record = { kind: "record", fields: new Map([...(kept.value as RecordValue).fields, ...kept.result]) };
    }
    return record;
  }

  #property(property: ObjectExpression["properties"][number]): (readonly [string, Value])[] {
    if (property.type === "SpreadElement") {
      const spread = this.known(property.argument);
      if (spread.kind === "missing") return [];
      if (spread.kind !== "record") throw this.#refused(property, "only records can be spread");
      return Array.from(spread.fields);
    }
    const { key, computed, kind, method, value } = property;
    if (kind !== "init" || method) throw this.#refused(property, "getters, setters and methods do not compile");
    if (computed) throw this.#refused(property, "a computed name does not compile");
    const name = key.type === "Identifier" ? key.name : key.type === "Literal" ? String(key.value) : "";
    if (name === "" || name === "__proto__") throw this.#refused(property, "such a name does not compile");
    return [[name, this.value(value)]];
  }

  #placed<T>(node: AnyNode, compile: () => T): T {
    try {
      return compile();
    } catch (error) {
      if (error instanceof Refused) throw error.at(this.#activation.program.source, node);
      throw error;
    }
  }

  #refused(node: AnyNode, why: string): Refused {
    return new Refused(why, this.#activation.program.source, node);
  }
}

function typeName(value: Known): string {
  switch (value.kind) {
    case "number":
    case "boolean":
    case "bigint":
    case "string":
      return value.kind;
    case "missing":
      return value.as === "null" ? "object" : "undefined";
    case "record":
      return "object";
    case "builtin":
    case "function":
    case "send":
      return "function";
    default:
      throw new Refused(`the type of ${describeValue(value)} is not known`);
  }
}

function inWords({ type }: AnyNode): string {
  const words: Readonly<Record<string, string>> = {
    ThisExpression: "`this`",
    ArrayExpression: "an array",
    TemplateLiteral: "a string",
    NewExpression: "`new`",
    AwaitExpression: "`await`",
    YieldExpression: "`yield`",
  };
  return words[type] ?? type.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}
