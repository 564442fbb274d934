/**
 * Why a function does not compile: the expression, where it stands, and what is wrong with it.
 */
import type { Node } from "acorn";
import { excerpt } from "../errors.ts";

/** A function that runs as JavaScript, and why. Plain data. */
export interface Refusal {
  /** The argument that the function was, as in "sendMessage". */
  readonly argument: string;
  /** The source of the expression, cut short; "" if it is the function as a whole. */
  readonly expression: string;
  /** URL of the file, "" if unknown; line and column count from 1. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The reason, as in "strings do not compile". */
  readonly why: string;
}

/** The source that positions of nodes refer to, and where it begins: line and column from 0. */
export interface SourcePlace {
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Thrown inside the compiler, and turned into a `Refusal` where it began. */
export class Refused extends Error {
  readonly expression: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly isPlaced: boolean;
  /** The function that is refused, once it is known. */
  argument: string | undefined;

  constructor(why: string, source?: SourcePlace, node?: Node) {
    super(why);
    this.isPlaced = node !== undefined;
    const before = source?.text.slice(0, node?.start ?? 0).split(/\r\n|[\n\r\u2028\u2029]/) ?? [""];
    const inLine = before.at(-1)!.length;
    this.expression =
      source === undefined || node === undefined ? "" : oneLine(source.text.slice(node.start, node.end));
    this.file = source?.file ?? "";
    this.line = (source?.line ?? 0) + before.length;
    this.column = Math.max(0, before.length === 1 ? (source?.column ?? 0) + inLine : inLine) + 1;
  }

  /** The same refusal at a place, unless it has one. */
  at(source: SourcePlace, node: Node): Refused {
    if (this.isPlaced) return this;
    const placed = new Refused(this.message, source, node);
    placed.argument = this.argument;
    return placed;
  }

  /** As plain data. `argument`: what it is of, if that was not said. */
  refusalOf(argument: string): Refusal {
    const { expression, file, line, column, message: why } = this;
    return { argument: this.argument ?? argument, expression, file, line, column, why };
  }
}

/** The refusal of functions as a whole, whatever they are. */
export function refusalOfAll(why: string): Refusal {
  return { argument: "", expression: "", file: "", line: 0, column: 0, why };
}

/** Why functions run as JavaScript where nothing is to be compiled. */
export const notAsked: Refusal = refusalOfAll("the setting compile is 0");

/** "JavaScript because `attr.name` at 12:30: strings do not compile". */
export function describeRefusal({ expression, line, column, why }: Refusal): string {
  const what = expression === "" ? "" : `\`${expression}\` at ${line}:${column}: `;
  return `JavaScript because ${what}${why}`;
}

function oneLine(text: string): string {
  return excerpt(text.replace(/\s+/g, " "), 62).slice(1, -1).replaceAll('\\"', '"');
}

/** What `compile` gives, or why it was refused. */
export function refusable<T>(argument: string, compile: () => T): T | Refusal {
  try {
    return compile();
  } catch (error) {
    if (error instanceof Refused) return error.refusalOf(argument);
    // The compiler walks trees by calling itself: a tree that is too deep for it is no bug of it.
    if (error instanceof RangeError) return new Refused("it is nested too deeply").refusalOf(argument);
    throw error;
  }
}

/** True if something did not compile. */
export function isRefusal(result: object): result is Refusal {
  return "why" in result;
}

/** Runs `compile`; what it refuses is refused as of this argument. */
export function refusing<T>(argument: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof Refused) error.argument ??= argument;
    throw error;
  }
}
