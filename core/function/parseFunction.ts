/**
 * The source of a function, as `Function.prototype.toString` gives it, made an expression and parsed.
 */
import {
  parse,
  type ArrowFunctionExpression,
  type ClassExpression,
  type Expression,
  type FunctionExpression,
  type Node,
} from "acorn";
import { resolveNames, type Names } from "./resolveNames.ts";

/** How a function was written. */
export type FunctionForm = "arrow" | "function" | "method" | "class";

/** A function's source as an expression, its syntax tree, and who is who in it. */
export interface ParsedFunction {
  readonly form: FunctionForm;
  /** The function as an expression of its own; a method shorthand becomes a function expression. */
  readonly expression: string;
  /** Positions in the tree count from the first character of `expression`. */
  readonly node: ArrowFunctionExpression | FunctionExpression | ClassExpression;
  /**
   * Index in `expression` of the place that the engine gives as the function's location: an arrow's first character,
   * else the parenthesis that opens the parameters (of a class: of its constructor, if it has one).
   */
  readonly anchor: number;
  /** True if the function is nameless in its own source, and got its name from the variable or key it was put in. */
  readonly isAnonymous: boolean;
  readonly names: Names;
}

/** A source that is no function we can take: native, an accessor, or not valid in strict mode. */
export interface UnparsedFunction {
  readonly form: "native" | "accessor" | "invalid";
  /** The parser's words, if "invalid". */
  readonly reason: string;
}

/**
 * Parses the source of a function: arrow, function, method shorthand or class, also async and generators. Results are
 * kept by source, the newest 1,000 of them.
 */
export function parseFunction(source: string): ParsedFunction | UnparsedFunction {
  let parsed = cache.get(source);
  if (parsed === undefined) {
    parsed = parseAnew(source);
    cache.set(source, parsed);
    if (cache.size > 1000) cache.delete(cache.keys().next().value!);
  }
  return parsed;
}

/** True if the source was parsed. */
export function isParsed(parsed: ParsedFunction | UnparsedFunction): parsed is ParsedFunction {
  return "node" in parsed;
}

const cache = new Map<string, ParsedFunction | UnparsedFunction>();

function parseAnew(source: string): ParsedFunction | UnparsedFunction {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return { form: "native", reason: "" };
  const direct = parseExpression(source);
  if (!(direct instanceof Error)) return fromExpression(source, direct);

  // `name(a) {}` is no expression by itself, `({ name(a) {} })` is
  const literal = parseExpression(`{${source}}`);
  if (literal instanceof Error || literal.type !== "ObjectExpression") return invalid(direct);
  const [property] = literal.properties;
  if (property?.type !== "Property" || property.value.type !== "FunctionExpression") return invalid(direct);
  if (property.kind !== "init") return { form: "accessor", reason: "" };
  const { async, generator, start } = property.value;
  const expression = `${async ? "async " : ""}function${generator ? "*" : ""}${source.slice(start - 1)}`;
  const node = parseExpression(expression);
  if (node instanceof Error) return invalid(node);
  const parsed = fromExpression(expression, node);
  return isParsed(parsed) ? { ...parsed, form: "method" } : parsed;
}

function fromExpression(expression: string, node: Expression): ParsedFunction | UnparsedFunction {
  switch (node.type) {
    case "ArrowFunctionExpression":
      return { form: "arrow", expression, node, anchor: 0, isAnonymous: true, names: resolveNames(node) };
    case "FunctionExpression": {
      const anchor = openingParenthesis(expression, node.id?.end ?? 0);
      return { form: "function", expression, node, anchor, isAnonymous: !node.id, names: resolveNames(node) };
    }
    case "ClassExpression": {
      const members = node.body.body;
      const own = members.find((member) => member.type === "MethodDefinition" && member.kind === "constructor");
      const anchor = own?.type === "MethodDefinition" ? own.value.start : 0;
      return { form: "class", expression, node, anchor, isAnonymous: !node.id, names: resolveNames(node) };
    }
    default:
      return { form: "invalid", reason: `not a function but ${node.type}` };
  }
}

function invalid({ message }: Error): UnparsedFunction {
  return { form: "invalid", reason: message };
}

/** Index of the first "(" from `from` on that stands outside comments. */
function openingParenthesis(source: string, from: number): number {
  const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n\r\u2028\u2029]*|\(/g;
  comments.lastIndex = from;
  for (let match = comments.exec(source); match !== null; match = comments.exec(source)) {
    if (match[0] === "(") return match.index;
  }
  return 0;
}

/**
 * Parses one expression, wrapped so that `super` and `new.target` of a surrounding function pass: who uses them is told
 * so later, in better words than a parser's.
 */
function parseExpression(expression: string): Expression | Error {
  const head = "function _(){(";
  try {
    const program = parse(`${head}${expression}\n)}`, {
      ecmaVersion: "latest",
      sourceType: "module",
      allowSuperOutsideMethod: true,
      checkPrivateFields: false,
    });
    const [wrapper] = program.body;
    if (wrapper?.type !== "FunctionDeclaration" || program.body.length !== 1) return new Error("not one expression");
    const [statement] = wrapper.body.body;
    if (statement?.type !== "ExpressionStatement" || wrapper.body.body.length !== 1) {
      return new Error("not one expression");
    }
    shift(statement.expression, -head.length);
    return statement.expression;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Moves the positions of a tree. */
function shift(node: Node, by: number): void {
  node.start += by;
  node.end += by;
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === "object" && child !== null && "type" in child && "start" in child) shift(child as Node, by);
    }
  }
}
