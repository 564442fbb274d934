/**
 * What the engine knows of a function and its source does not tell: the variables around it, and where it was written.
 * Read through an inspector session to our own thread; it is opened at the first use and listens to nothing.
 */
import { Session } from "node:inspector";
import { assert, SuperstepError } from "../errors.ts";

/** One scope around a function. */
export interface FunctionScope {
  /** The engine's word for it: "Block", "Closure (makeFilter)", "Module", "Script", "Catch"… */
  readonly kind: string;
  /** Has an own property for each variable. Reading one that is not initialised throws on engines that can tell. */
  readonly variables: object;
}

/** A place in a script. Both numbers count from 0. */
export interface FunctionLocation {
  readonly scriptId: string;
  readonly line: number;
  readonly column: number;
}

/** What is known of one function. */
export interface InspectedFunction {
  /** Innermost first, without the global scope. Empty for native and bound functions. */
  readonly scopes: readonly FunctionScope[];
  readonly location: FunctionLocation | undefined;
  readonly isBound: boolean;
}

/** A script of this thread. */
export interface ScriptInfo {
  /** "file:///…" for files, "node:…" for Node's own, "" if it has no name. */
  readonly url: string;
  /** The text that was compiled, after whatever tools did to the file. Read once, when first asked for. */
  readonly source: () => string;
}

/**
 * Reads the scopes and the location of a function, without calling it. Some 0.1 ms.
 *
 * @throws SuperstepError NOT_SHIPPABLE if this process may not use the inspector.
 */
export function inspectFunction(fn: object): InspectedFunction {
  const { slot, slotId, post } = (connection ??= connect());
  try {
    slot.value = fn;
    const { result } = post("Runtime.callFunctionOn", {
      objectId: slotId,
      functionDeclaration: "function () { return this.value; }",
      objectGroup: "superstep",
    });
    const { internalProperties = [] } = post("Runtime.getProperties", {
      objectId: result!.objectId,
      ownProperties: true,
    });
    const scopesId = internalProperties.find(({ name }) => name === "[[Scopes]]")?.value?.objectId;
    slot.value = undefined;
    if (scopesId !== undefined) {
      post("Runtime.callFunctionOn", {
        objectId: scopesId,
        functionDeclaration: "function (slot) { slot.value = this; }",
        arguments: [{ objectId: slotId }],
      });
    }
    const location = internalProperties.find(({ name }) => name === "[[FunctionLocation]]")?.value?.value;
    return {
      scopes: readScopes(slot.value),
      location: location && { scriptId: location.scriptId, line: location.lineNumber, column: location.columnNumber },
      isBound: internalProperties.some(({ name }) => name === "[[TargetFunction]]"),
    };
  } finally {
    slot.value = undefined;
    post("Runtime.releaseObjectGroup", { objectGroup: "superstep" });
  }
}

/** Functions whose files are known, and those files; by their script once that was asked for. */
const ofKnownFiles = new Map<object, string>();
const knownScripts = new Map<string, ScriptInfo>();

/** Says which file a function is of, so that `scriptInfo` knows its script, and so the functions beside it, at once. */
export function nameScriptOf(fn: object, url: string): void {
  ofKnownFiles.set(fn, url);
}

function knownScript(scriptId: string): ScriptInfo | undefined {
  for (const [fn, url] of ofKnownFiles) {
    ofKnownFiles.delete(fn);
    const id = inspectFunction(fn).location?.scriptId;
    if (id !== undefined) knownScripts.set(id, { url, source: () => listedScript(id)?.source() ?? "" });
  }
  return knownScripts.get(scriptId);
}

/**
 * Name and text of a script. The first question about a script that is not known yet enables the debugger for the
 * moment it takes to list all scripts (15 ms at first, then some ms per hundred scripts), and disables it again.
 */
export function scriptInfo(scriptId: string): ScriptInfo | undefined {
  return knownScript(scriptId) ?? listedScript(scriptId);
}

function listedScript(scriptId: string): ScriptInfo | undefined {
  const { scripts, post } = (connection ??= connect());
  if (!scripts.has(scriptId)) {
    post("Debugger.enable", {});
    post("Debugger.disable", {});
  }
  return scripts.get(scriptId);
}

/** What the protocol answers, as far as we ask. */
interface Answer {
  readonly result?: { readonly objectId?: string };
  readonly internalProperties?: readonly {
    readonly name: string;
    readonly value?: {
      readonly objectId?: string;
      readonly value?: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber: number };
    };
  }[];
  readonly scriptSource?: string;
}

interface Connection {
  readonly post: (method: string, params: object) => Answer;
  /** Carries objects between this code and the inspector, which knows them by id only. */
  readonly slot: { value: unknown };
  readonly slotId: string;
  readonly scripts: Map<string, ScriptInfo>;
}

let connection: Connection | undefined;

function connect(): Connection {
  const session = new Session();
  try {
    session.connect();
  } catch (error) {
    throw new SuperstepError(
      "NOT_SHIPPABLE",
      "ship: needs Node's inspector to read what a function captures, and this process may not use it. " +
        "Run without --permission, or with --allow-inspector where Node has it.",
      { cause: error },
    );
  }
  const post = (method: string, params: object): Answer => {
    // a session to our own thread answers before `post` returns
    let outcome: { failure: Error | null; answer: Answer } | undefined;
    (session.post as (method: string, params: object, done: (failure: Error | null, answer: Answer) => void) => void)(
      method,
      params,
      (failure, answer) => (outcome = { failure, answer }),
    );
    assert(outcome !== undefined, `inspector: ${method} was not answered`);
    assert(outcome.failure === null, `inspector: ${method} failed: ${JSON.stringify(outcome.failure)}`);
    return outcome.answer;
  };
  const scripts = new Map<string, ScriptInfo>();
  session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => {
    if (scripts.has(scriptId)) return; // each time the debugger is enabled, all are listed again
    let source: string | undefined;
    scripts.set(scriptId, {
      url,
      source: () => {
        if (source === undefined) {
          post("Debugger.enable", {});
          source = post("Debugger.getScriptSource", { scriptId }).scriptSource ?? "";
          post("Debugger.disable", {});
        }
        return source;
      },
    });
  });
  const slot = { value: undefined };
  const globals = globalThis as { [slotName]?: object };
  globals[slotName] = slot;
  try {
    const { result } = post("Runtime.evaluate", { expression: `globalThis[${JSON.stringify(slotName)}]` });
    assert(result?.objectId !== undefined, "inspector: another global object than ours");
    return { post, slot, slotId: result.objectId, scripts };
  } finally {
    delete globals[slotName];
  }
}

const slotName = "superstep inspector slot";

/** The engine's list of scopes is an array without a prototype. */
function readScopes(list: unknown): FunctionScope[] {
  const scopes: FunctionScope[] = [];
  const entries = (list ?? { length: 0 }) as ArrayLike<{ description: string; object: object }>;
  for (let i = 0; i < entries.length; i++) {
    const { description, object } = entries[i]!;
    if (description !== "Global") scopes.push({ kind: description, variables: object });
  }
  return scopes;
}
