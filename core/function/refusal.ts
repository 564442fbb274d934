/**
 * What cannot travel, in words: what it is, and what to do instead.
 */
import { EventEmitter } from "node:events";
import { types } from "node:util";
import { escapeControls, SuperstepError } from "../errors.ts";

/** Why a value cannot travel: "a Promise, which …" and the next step, a sentence. */
export interface Refusal {
  readonly what: string;
  readonly advice: string;
}

/** Where a value was met: a variable, a property of one, and so on up to the function that was to be shipped. */
export interface Place {
  /** Undefined for what the shipped function itself captures. */
  readonly within: Place | undefined;
  /** "name" of a variable; ".key", "[3]" and the like for what is inside a value. */
  readonly step: string;
  readonly isVariable: boolean;
}

/** The call that was to ship a function: "mapVertices", "fn". */
export interface ShipCall {
  readonly operation: string;
  readonly argument: string;
}

/** The NOT_SHIPPABLE error for a value at a place, or for the function itself if there is none. */
export function notShippableError(call: ShipCall, place: Place | undefined, { what, advice }: Refusal): SuperstepError {
  const { operation, argument } = call;
  const where = `${operation}: ${argument}`;
  if (place === undefined) {
    return new SuperstepError("NOT_SHIPPABLE", `${where} is ${what}. ${advice}`, {
      details: { operation, argument, kind: what },
    });
  }
  const [variable, ...through] = variablesOf(place);
  const way = through.length === 0 ? "" : ` through ${through.map((each) => `\`${each}\``).join(" of ")}`;
  return new SuperstepError("NOT_SHIPPABLE", `${where} captures \`${variable}\`${way}, ${what}. ${advice}`, {
    details: { operation, argument, variable: variable!, through, kind: what },
  });
}

/** The variable in which the place lies, with the path inside it, then those of the functions it was reached through. */
function variablesOf(place: Place): string[] {
  const variables: string[] = [];
  let path = "";
  for (let each: Place | undefined = place; each !== undefined; each = each.within) {
    path = each.step + path;
    if (each.isVariable) {
      variables.push(shortened(path));
      path = "";
    }
  }
  return variables;
}

function shortened(path: string): string {
  const printable = escapeControls(path);
  return printable.length > 100 ? `${printable.slice(0, 60)}…${printable.slice(-39)}` : printable;
}

/** Why an object that is neither plain data nor a function cannot travel. */
export function refusalOf(value: object): Refusal {
  if (types.isProxy(value)) {
    return { what: "a Proxy, whose traps cannot travel", advice: "Capture the plain values it gives." };
  }
  if (types.isPromise(value)) {
    return { what: "a Promise, which cannot travel", advice: "Await it first, and capture the result." };
  }
  if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef) {
    return {
      what: `a ${Object.prototype.toString.call(value).slice(8, -1)}, whose content cannot be listed`,
      advice: "Capture a Map or Set with what the function needs.",
    };
  }
  if (types.isGeneratorObject(value)) {
    return { what: "a generator that is under way, which cannot travel", advice: "Capture an array of its values." };
  }
  if (types.isArgumentsObject(value)) {
    return { what: "an arguments object, which cannot travel", advice: "Capture an array of its values." };
  }
  if (types.isNativeError(value)) {
    return { what: "an Error, which cannot travel", advice: "Capture its message." };
  }
  const name = classNameOf(value);
  if (value instanceof EventEmitter || (typeof EventTarget === "function" && value instanceof EventTarget)) {
    return {
      what: `${article(name)} ${name}, which is bound to this process and cannot travel`,
      advice: "Open it inside the function, or capture the plain values it holds.",
    };
  }
  return {
    what: `an instance of ${name}, whose methods would be lost`,
    advice: "Capture the plain values and functions it holds.",
  };
}

/** The name of an object's class, as far as it can be known without running code of the object. */
function classNameOf(value: object): string {
  for (let prototype: unknown = value; typeof prototype === "object" && prototype !== null;) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    if (typeof constructor === "function") {
      const name: unknown = Object.getOwnPropertyDescriptor(constructor, "name")?.value;
      if (typeof name === "string" && name !== "" && name !== "Object") return shortened(name);
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return Object.prototype.toString.call(value).slice(8, -1);
}

function article(name: string): string {
  return /^[AEIOU]/i.test(name) ? "an" : "a";
}
