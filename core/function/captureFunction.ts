/**
 * Takes one function apart: its source, where it was written, and the variables it captures.
 */
import { types } from "node:util";
import type { AnyNode, ClassExpression, Node, PropertyDefinition } from "acorn";
import { builtinExport } from "./builtinModules.ts";
import type { CaptureContext } from "./capture.ts";
import { findVariable } from "./findVariable.ts";
import { freeVariables, type FreeVariable } from "./freeVariables.ts";
import type { Capture, Encoded, FunctionNode, HeapNode } from "./heap.ts";
import { inspectFunction, scriptInfo, type InspectedFunction, type ScriptInfo } from "./inspectFunction.ts";
import { isData } from "./isData.ts";
import { importedName } from "./moduleImports.ts";
import { isParsed, parseFunction, type ParsedFunction } from "./parseFunction.ts";
import type { Place, Refusal } from "./refusal.ts";
import type { AnyFunction } from "./ship.ts";
import { notShippable, shippable } from "./shippable.ts";

/**
 * The node of a function that was met at a place (undefined: it is the one to be shipped).
 *
 * @throws SuperstepError NOT_SHIPPABLE if it cannot be taken apart, or captures what cannot travel.
 */
export function captureFunction(fn: AnyFunction, place: Place | undefined, context: CaptureContext): HeapNode {
  const parsed = parseFunction(Function.prototype.toString.call(fn));
  if (!isParsed(parsed)) {
    const reason = parsed.form === "native" && inspectFunction(fn).isBound ? "bound" : parsed.form;
    return context.refuse(place, unreadable(reason, parsed.reason));
  }
  const inspected = inspectFunction(fn);
  const script = inspected.location && scriptInfo(inspected.location.scriptId);
  if (script?.url.startsWith("node:") === true) {
    return builtinExport(fn, script.url) ?? context.refuse(place, unreadable("node", fn.name));
  }
  if (parsed.form === "class" && place === undefined) {
    return context.refuse(place, { what: "a class", advice: "Write an arrow function that makes the object." });
  }
  const refusal = refusalOfSyntax(parsed, place) ?? refusalOfObject(fn, parsed);
  if (refusal !== undefined) context.refuse(place, refusal);

  const captures: Capture[] = [];
  for (const variable of freeVariables(parsed)) {
    const at: Place = { within: place, step: variable.name, isVariable: true };
    const capture = captureVariable(variable, at, inspected, script, context);
    if (capture !== undefined) captures.push(capture);
  }
  const name: unknown = Object.getOwnPropertyDescriptor(fn, "name")?.value;
  let source = parsed.expression;
  if (parsed.names.dynamicImports.length > 0) {
    const importer = unusedName(source);
    source = withImportsRenamed(parsed, importer);
    captures.push({ name: importer, value: context.add({ kind: "importer", file: script?.url ?? "" }) });
  }
  return {
    kind: "function",
    form: parsed.form,
    source,
    name: typeof name === "string" ? name : "",
    isAnonymous: parsed.isAnonymous,
    file: script?.url ?? "",
    ...startOf(parsed, inspected),
    captures,
    atOnce: captures.map((each) => each.name).filter((each) => isReadAtOnce(each, parsed)),
    properties: Object.keys(fn).map((key) => {
      const at: Place = { within: place, step: `.${key}`, isVariable: place === undefined };
      return [key, context.encode((fn as unknown as Record<string, unknown>)[key], at)] as const;
    }),
  };
}

function captureVariable(
  variable: FreeVariable,
  at: Place,
  inspected: InspectedFunction,
  script: ScriptInfo | undefined,
  context: CaptureContext,
): Capture | undefined {
  const { name } = variable;
  const found = findVariable(name, inspected);
  if (found === undefined) return undefined; // a global, there as well as here
  if (found.state === "uninitialised") {
    return context.refuse(at, { what: "which has no value yet", advice: "Define it before this call." });
  }
  if (variable.isAssigned) {
    return context.refuse(at, {
      what: "and assigns it, which would change a copy only",
      advice: "Return the value, use an accumulator, or declare the variable inside the function.",
    });
  }
  const { value } = found;
  if (/^__(vi|vite_ssr)_dynamic_import__$/.test(name)) {
    return { name, value: context.add({ kind: "importer", file: script?.url ?? "" }) }; // a test runner's import(…)
  }
  if (isKeepNames(value)) return { name, value: context.add({ kind: "keepNames" }) };
  if (found.isOfModule && script !== undefined && !isMarked(value) && !isData(value)) {
    const imported = importedName(name, script);
    if (imported !== undefined) return { name, value: context.add({ kind: "module", ...imported }) };
  }
  if (variable.members !== "all" && isModuleLike(name, value)) {
    return { name, value: captureMembers(value, variable.members, at, context) };
  }
  return { name, value: context.encode(value, at) };
}

/** Of a module object, those members that the function reads; each read now, also through a getter. */
function captureMembers(value: object, members: Iterable<string>, at: Place, context: CaptureContext): Encoded {
  const entries = Array.from(members, (member) => {
    const item = (value as Record<string, unknown>)[member];
    return [member, context.encode(item, { within: at, step: `.${member}`, isVariable: false })] as const;
  });
  return context.add({ kind: "object", hasPrototype: false, entries });
}

/** True for module objects: the language's own, and those that test runners and bundlers put in their place. */
function isModuleLike(name: string, value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (types.isModuleNamespaceObject(value) || /^__(vi|vite_ssr)_import_/.test(name)) return true;
  return !types.isProxy(value) && Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value === "Module";
}

/** True for objects that say themselves whether and how they travel. */
function isMarked(value: unknown): boolean {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || types.isProxy(value))
    return false;
  return shippable in value || notShippable in value;
}

/** True for esbuild's `__name`, which gives a function the name it had in the source. */
function isKeepNames(value: unknown): boolean {
  return typeof value === "function" && keepNames.test(Function.prototype.toString.call(value));
}

const keepNames =
  /^\((\w+), ?(\w+)\) ?=> ?[\w$.]+\(\1, ?"name", ?\{ ?value(?:: ?\2)?, ?configurable: ?(?:true|!0) ?\}\)$/;

function unreadable(reason: "native" | "bound" | "node" | "accessor" | "invalid", detail: string): Refusal {
  switch (reason) {
    case "native":
      return {
        what: "a native function, whose source cannot be read",
        advice: "Write an arrow function that calls it by its global name: (x) => Math.abs(x).",
      };
    case "bound":
      return {
        what: "a bound function, whose target and values cannot be read",
        advice: "Write an arrow function that calls the target with the values.",
      };
    case "node":
      return {
        what: `${detail === "" ? "a function" : `\`${detail}\``} of Node itself, which is not copied`,
        advice: "Import it with an import statement, or by import(…) inside the function.",
      };
    case "accessor":
      return { what: "a getter or setter", advice: "Read the value first, or write a function." };
    case "invalid":
      return {
        what: `a function whose source is not valid by itself in strict mode (${detail})`,
        advice: "Write it as an arrow function in a module.",
      };
  }
}

/** Words that mean something else, or nothing, once a function stands alone. */
function refusalOfSyntax({ form, names }: ParsedFunction, place: Place | undefined): Refusal | undefined {
  const kind = form === "class" ? "class" : "function";
  const uses = (word: string, advice: string): Refusal => ({
    what: `a ${kind} that uses \`${word}\`, which does not travel`,
    advice,
  });
  const takeArguments = "Put what it needs into variables, and use those.";
  // a method finds its object again, if the object is captured and the method called on it
  const isMember = place !== undefined && !place.isVariable && form !== "arrow";
  if (names.usesThis && !isMember) return uses("this", takeArguments);
  if (names.usesSuper) return uses("super", takeArguments);
  if (names.usesNewTarget) return uses("new.target", takeArguments);
  if (names.usesArguments && form === "arrow") return uses("arguments", "Give the outer arguments names.");
  if (names.usesImportMeta) return uses("import.meta", takeArguments);
  if (names.usesEval) return uses("eval", "What it would see cannot be known; write the code out.");
  return undefined;
}

/** State that hangs on the function object and would be lost. */
function refusalOfObject(fn: AnyFunction, { form, node }: ParsedFunction): Refusal | undefined {
  if (form === "class") {
    const hasStaticState = node.type === "ClassExpression" && node.body.body.some((member) => isStaticState(member));
    if (hasStaticState || Object.keys(fn).length > 0) {
      return { what: "a class with static state, which would start over", advice: "Keep the state outside the class." };
    }
  } else if (form === "function") {
    const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
    if (typeof prototype === "object" && prototype !== null) {
      if (Reflect.ownKeys(prototype).some((key) => key !== "constructor")) {
        return {
          what: "a constructor with methods on its prototype, which would be lost",
          advice: "Write it as a class.",
        };
      }
    }
  }
  const properties = Object.values(Object.getOwnPropertyDescriptors(fn));
  if (Object.getOwnPropertySymbols(fn).length > 0 || properties.some((each) => each.enumerable && !("value" in each))) {
    return {
      what: "a function with getters, or properties under symbols",
      advice: "Keep what it needs in a variable of its own.",
    };
  }
  return undefined;
}

/** True for static fields and blocks, but for the block in which esbuild gives a class its name: `f(this, "name")`. */
function isStaticState(member: ClassExpression["body"]["body"][number]): boolean {
  if (member.type !== "StaticBlock") return member.type === "PropertyDefinition" && member.static;
  const [statement] = member.body;
  if (member.body.length !== 1 || statement?.type !== "ExpressionStatement") return true;
  const { expression } = statement;
  if (expression.type !== "CallExpression" || expression.callee.type !== "Identifier") return true;
  const [self, name] = expression.arguments;
  return self?.type !== "ThisExpression" || name?.type !== "Literal" || expression.arguments.length !== 2;
}

/** Line and column of the first character of the expression: the engine tells those of its anchor. */
function startOf(
  { expression, anchor }: ParsedFunction,
  { location }: InspectedFunction,
): Pick<FunctionNode, "line" | "column"> {
  if (location === undefined) return { line: 0, column: 0 };
  const before = expression.slice(0, anchor).split(/\r\n|[\n\r\u2028\u2029]/);
  if (before.length > 1) return { line: location.line - (before.length - 1), column: 0 };
  return { line: location.line, column: location.column - anchor };
}

/** True if evaluating a class reads the variable, outside its methods and fields. */
function isReadAtOnce(name: string, { form, names, node }: ParsedFunction): boolean {
  if (form !== "class") return false;
  return (
    names.free.get(name)?.some((reference) => {
      let inner: Node = reference;
      for (let outer = names.parents.get(inner); outer !== undefined; outer = names.parents.get((inner = outer))) {
        const { type } = outer as AnyNode;
        if (type === "FunctionExpression" || type === "ArrowFunctionExpression") return false;
        if (type === "PropertyDefinition" && (outer as PropertyDefinition).value === inner) return false;
        if (outer === node) return true;
      }
      return false;
    }) ?? false
  );
}

/** A name as long as `import`, so that columns stay true, which the source does not contain. */
function unusedName(source: string): string {
  for (let i = 0; ; i++) {
    const name = `$${i.toString(36).padStart(5, "0")}`;
    if (!source.includes(name)) return name;
  }
}

function withImportsRenamed({ expression, names }: ParsedFunction, importName: string): string {
  let source = expression;
  for (const { start } of names.dynamicImports) {
    source = source.slice(0, start) + importName + source.slice(start + "import".length);
  }
  return source;
}
