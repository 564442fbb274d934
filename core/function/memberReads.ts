/**
 * Which properties of a value a function reads, as far as its source tells.
 */
import type { AnyNode, Identifier, MemberExpression, Node, Pattern, Property } from "acorn";
import { isParsed, parseFunction, type ParsedFunction } from "./parseFunction.ts";
import type { Names } from "./resolveNames.ts";

/**
 * The properties that a function reads of one of its parameters, or "all" if that cannot be told: the parameter is
 * passed on, returned, compared, assigned, changed, indexed by a computed key, spread, or reached by `arguments`.
 *
 * "srcAttr" means all of that property, "srcAttr.rank" only that field of it; nothing in the set lies below another
 * entry. A method called on the parameter itself counts as read (`edge.sendToDst(x)` gives "sendToDst") and does not
 * make it "all"; one called on a property (`edge.srcAttr.toFixed()`) reads the whole property. Destructuring is
 * followed, and so are `const` names given to the parameter or its properties.
 *
 * Parameters the function does not declare are read not at all. The source is parsed once.
 */
export function memberReads(
  fn: ParsedFunction | { readonly source: string },
  parameterIndex: number,
): ReadonlySet<string> | "all" {
  const parsed = "node" in fn ? fn : parseFunction(fn.source);
  if (!isParsed(parsed) || parsed.node.type === "ClassExpression") return "all";
  const { names, node } = parsed;
  if (names.usesArguments) return "all";
  const param = node.params[parameterIndex];
  if (param === undefined) return node.params.at(-1)?.type === "RestElement" ? "all" : new Set();
  const reads = new Reads(names);
  reads.ofPattern(param, []);
  return reads.escapes ? "all" : withoutCovered(reads.paths);
}

/** Paths of properties read through the given uses of a name: at least one step each; or "all" if it escapes. */
export function readsOf(names: Names, references: readonly Identifier[]): readonly (readonly string[])[] | "all" {
  const reads = new Reads(names);
  reads.ofReferences(references, []);
  return reads.escapes ? "all" : reads.paths;
}

/** Collects what is read, path by path. */
class Reads {
  readonly paths: (readonly string[])[] = [];
  readonly #names: Names;
  escapes = false;

  constructor(names: Names) {
    this.#names = names;
  }

  /** The value at `path` is bound to a pattern. */
  ofPattern(pattern: Pattern, path: readonly string[]): void {
    switch (pattern.type) {
      case "Identifier": {
        const binding = this.#names.bindings.get(pattern);
        if (binding === undefined) this.#whole(path);
        else {
          if (binding.references.length === 0 && path.length > 0) this.#whole(path);
          this.ofReferences(binding.references, path);
        }
        return;
      }
      case "AssignmentPattern":
        this.ofPattern(pattern.left, path);
        return;
      case "ObjectPattern":
        for (const property of pattern.properties) {
          const key = property.type === "RestElement" ? undefined : staticKey(property);
          if (key === undefined || property.type === "RestElement") this.#whole(path);
          else this.ofPattern(property.value, [...path, key]);
        }
        return;
      default:
        this.#whole(path); // an array pattern runs an iterator; a rest takes everything
    }
  }

  ofReferences(references: readonly Identifier[], path: readonly string[]): void {
    for (const reference of references) {
      if (this.#names.assigned.has(reference)) this.escapes = true;
      else this.#ofUse(reference, path);
    }
  }

  /** Follows `.a.b` from one use of the value at `path`, to what is done with what they lead to. */
  #ofUse(use: Identifier, path: readonly string[]): void {
    const { parents } = this.#names;
    let node: Node = use;
    let steps = path;
    let parent = parents.get(node) as AnyNode | undefined;
    while (parent !== undefined) {
      if (parent.type === "ChainExpression") {
        node = parent;
        parent = parents.get(node) as AnyNode | undefined;
        continue;
      }
      if (parent.type !== "MemberExpression" || parent.object !== node) break;
      const key = staticKey(parent);
      if (key === undefined) break;
      const around = this.#outOfChain(parent);
      if (isCallOf(around.parent, around.node)) {
        // the method sees what it is called on: a method of the value itself is known by name, others see all of it
        this.#whole(steps.length === 0 ? [key] : steps);
        return;
      }
      steps = [...steps, key];
      node = parent;
      parent = parents.get(node) as AnyNode | undefined;
    }
    this.#end(node, parent, steps);
  }

  #outOfChain(node: Node): { node: Node; parent: AnyNode | undefined } {
    let parent = this.#names.parents.get(node) as AnyNode | undefined;
    while (parent?.type === "ChainExpression") {
      node = parent;
      parent = this.#names.parents.get(node) as AnyNode | undefined;
    }
    return { node, parent };
  }

  #end(node: Node, parent: AnyNode | undefined, path: readonly string[]): void {
    switch (parent?.type) {
      case "VariableDeclarator":
        if (parent.init === node && (parent.id.type === "ObjectPattern" || this.#isConst(parent.id))) {
          this.ofPattern(parent.id, path);
        } else this.#whole(path);
        return;
      case "AssignmentExpression":
      case "ForInStatement":
      case "ForOfStatement":
        if (parent.left === node) this.escapes = true;
        else this.#whole(path);
        return;
      case "UpdateExpression":
        this.escapes = true;
        return;
      case "UnaryExpression":
        if (parent.operator === "delete") this.escapes = true;
        else this.#whole(path);
        return;
      case "AssignmentPattern":
      case "ArrayPattern":
      case "RestElement":
        this.escapes = true; // assigned by a pattern, unless it is a default: then it is read whole
        return;
      case "Property":
        if ((this.#names.parents.get(parent) as AnyNode | undefined)?.type === "ObjectPattern") this.escapes = true;
        else this.#whole(path);
        return;
      default:
        this.#whole(path);
    }
  }

  #isConst(id: Pattern): boolean {
    return id.type === "Identifier" && this.#names.bindings.get(id)?.kind === "const";
  }

  #whole(path: readonly string[]): void {
    if (path.length === 0) this.escapes = true;
    else this.paths.push(path);
  }
}

function isCallOf(parent: AnyNode | undefined, node: Node): boolean {
  return (
    (parent?.type === "CallExpression" && parent.callee === node) ||
    (parent?.type === "TaggedTemplateExpression" && parent.tag === node)
  );
}

/** The name of a property if the source tells it, and it can stand in a path. */
function staticKey(node: MemberExpression | Property | { computed: boolean; key: AnyNode }): string | undefined {
  const key = "property" in node ? node.property : node.key;
  let name: string | undefined;
  if (key.type === "Identifier" && !node.computed) name = key.name;
  else if (key.type === "Literal" && (typeof key.value === "string" || typeof key.value === "number")) {
    name = String(key.value);
  }
  return name?.includes(".") === true ? undefined : name;
}

/** The paths joined by dots, without those that lie below another. */
function withoutCovered(paths: readonly (readonly string[])[]): ReadonlySet<string> {
  const joined = new Set(paths.map((path) => path.join(".")));
  for (const path of paths) {
    for (let length = 1; length < path.length; length++) {
      if (joined.has(path.slice(0, length).join("."))) joined.delete(path.join("."));
    }
  }
  return joined;
}
