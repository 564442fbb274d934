/**
 * Whether a variable that reads as undefined has simply not been declared yet, on engines that do not tell (Node 20).
 */
import { pathToFileURL } from "node:url";
import type { AnyNode, Node, Pattern } from "acorn";
import type { ScriptInfo } from "./inspectFunction.ts";
import { parseScript } from "./parseScript.ts";

/**
 * True if code that is running now, in this script, stands before the end of a `let`, `const` or `class` declaration of
 * the name, in the same block and function: then that declaration has not run. Parses the script.
 */
export function runsBeforeDeclaration(name: string, script: ScriptInfo): boolean {
  const positions = runningPositions(script.url);
  if (positions.length === 0) return false;
  const program = parseScript(script.source());
  if (program === undefined) return false;
  const declarations: Declaration[] = [];
  collect(program, program, program, name, declarations);
  return declarations.some(({ block, owner, end }) =>
    positions.some((at) => block.start <= at && at < end && innermostFunction(program, at) === owner),
  );
}

interface Declaration {
  readonly owner: Node;
  readonly block: Node;
  readonly end: number;
}

function collect(node: Node, block: Node, owner: Node, name: string, found: Declaration[]): void {
  const any = node as AnyNode;
  if (any.type === "VariableDeclaration" && any.kind !== "var") {
    for (const { id, end } of any.declarations) if (binds(id, name)) found.push({ owner, block, end });
  } else if (any.type === "ClassDeclaration" && any.id?.name === name) found.push({ owner, block, end: any.end });
  const isOwner = isFunction(any);
  const isBlock = isOwner || /^(Block|For|Switch|Static)/.test(any.type);
  for (const child of childrenOf(node)) collect(child, isBlock ? node : block, isOwner ? node : owner, name, found);
}

function innermostFunction(node: Node, position: number, owner: Node = node): Node {
  for (const child of childrenOf(node)) {
    if (child.start <= position && position < child.end) {
      return innermostFunction(child, position, isFunction(child as AnyNode) ? child : owner);
    }
  }
  return owner;
}

function isFunction({ type }: AnyNode): boolean {
  return type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression";
}

function binds(pattern: Pattern, name: string): boolean {
  if (pattern.type === "Identifier") return pattern.name === name;
  return childrenOf(pattern).some((child) => {
    const inner = child as AnyNode;
    return binds((inner.type === "Property" ? inner.value : inner) as Pattern, name);
  });
}

function childrenOf(node: Node): Node[] {
  return (Object.values(node) as unknown[])
    .flat()
    .filter(
      (value): value is Node => typeof value === "object" && value !== null && "type" in value && "start" in value,
    );
}

/** Where the functions that are running now stand in one script: offsets into its text. */
function runningPositions(url: string): number[] {
  const { stackTraceLimit } = Error;
  const prepare = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  try {
    Error.stackTraceLimit = 200;
    Error.prepareStackTrace = (_error, frames) => frames;
    const frames = new Error("for its stack").stack as unknown as readonly Frame[];
    return frames.filter((frame) => isSameFile(frame.getFileName(), url)).map((frame) => frame.getPosition());
  } finally {
    if (prepare === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
    else Object.defineProperty(Error, "prepareStackTrace", prepare);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

type Frame = NodeJS.CallSite & { getPosition(): number };

function isSameFile(name: string | null | undefined, url: string): boolean {
  return typeof name === "string" && (name === url || (name.startsWith("/") && pathToFileURL(name).href === url));
}
