/**
 * Who is who in a function: which declaration each identifier means, and which identifiers mean something outside.
 */
import type { AnyNode, Identifier, Node, Pattern, VariableDeclaration } from "acorn";

/** A declared name and the places that mean it. */
export interface Binding {
  readonly name: string;
  readonly kind: "const" | "parameter" | "other";
  /** The identifiers that read or write it; its own declaration is not among them. */
  readonly references: Identifier[];
}

/** The names of one function. */
export interface Names {
  /** Names that are declared nowhere inside: the identifiers that use them, in order. */
  readonly free: ReadonlyMap<string, readonly Identifier[]>;
  /** Identifiers, free or not, that are assigned, incremented, or loop variables that are not declared by their loop. */
  readonly assigned: ReadonlySet<Identifier>;
  /** From the identifier that declares a name to its binding. */
  readonly bindings: ReadonlyMap<Identifier, Binding>;
  /** From each node of the tree to the one around it. */
  readonly parents: ReadonlyMap<Node, Node>;
  /** True if the function itself (no function or class inside it that has its own) uses the word. */
  readonly usesThis: boolean;
  readonly usesSuper: boolean;
  readonly usesNewTarget: boolean;
  /** Uses its own `arguments`, or, in an arrow, those of the function around it. They are never among the free names. */
  readonly usesArguments: boolean;
  readonly usesImportMeta: boolean;
  /** Calls `eval` by name. */
  readonly usesEval: boolean;
  /** The `import(…)` expressions inside. */
  readonly dynamicImports: readonly Node[];
}

/** Resolves the names of an expression, commonly a function. Time and memory in proportion to the tree. */
export function resolveNames(root: AnyNode): Names {
  return new Resolver().resolve(root);
}

class Scope {
  readonly names: Map<string, Binding> = new Map<string, Binding>();
  readonly parent: Scope | undefined;
  /** True if `this`, `super`, `new.target` and `arguments` here are those of the function that is taken. */
  readonly isOutermost: boolean;

  constructor(parent: Scope | undefined, isOutermost: boolean) {
    this.parent = parent;
    this.isOutermost = isOutermost;
  }

  find(name: string): Binding | undefined {
    return this.names.get(name) ?? this.parent?.find(name);
  }
}

class Resolver {
  readonly free: Map<string, Identifier[]> = new Map<string, Identifier[]>();
  readonly assigned: Set<Identifier> = new Set<Identifier>();
  readonly bindings: Map<Identifier, Binding> = new Map<Identifier, Binding>();
  readonly parents: Map<Node, Node> = new Map<Node, Node>();
  readonly dynamicImports: Node[] = [];
  usesThis = false;
  usesSuper = false;
  usesNewTarget = false;
  usesArguments = false;
  usesImportMeta = false;
  usesEval = false;

  resolve(root: AnyNode): Names {
    linkParents(root, this.parents);
    const outside = new Scope(undefined, true);
    if (root.type === "FunctionExpression" || root.type === "ArrowFunctionExpression")
      this.function(root, outside, true);
    else this.visit(root, outside);
    return this;
  }

  visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case "Identifier":
        this.refer(node, scope);
        return;
      case "ThisExpression":
        if (scope.isOutermost) this.usesThis = true;
        return;
      case "Super":
        if (scope.isOutermost) this.usesSuper = true;
        return;
      case "MetaProperty":
        if (node.meta.name === "import") this.usesImportMeta = true;
        else if (scope.isOutermost) this.usesNewTarget = true;
        return;
      case "ImportExpression":
        this.dynamicImports.push(node);
        this.children(node, scope);
        return;
      case "CallExpression":
        if (node.callee.type === "Identifier" && node.callee.name === "eval" && !scope.find("eval")) {
          this.usesEval = true;
        }
        this.children(node, scope);
        return;
      case "MemberExpression":
        this.visit(node.object as AnyNode, scope);
        if (node.computed) this.visit(node.property as AnyNode, scope);
        return;
      case "Property":
      case "PropertyDefinition":
      case "MethodDefinition":
        this.member(node, scope);
        return;
      case "LabeledStatement":
        this.visit(node.body, scope);
        return;
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "AssignmentExpression":
        this.assign(node.left as Pattern);
        this.children(node, scope);
        return;
      case "UpdateExpression":
        if (node.argument.type === "Identifier") this.assigned.add(node.argument);
        this.children(node, scope);
        return;
      case "VariableDeclarator":
        this.declaredPattern(node.id, scope);
        if (node.init) this.visit(node.init, scope);
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        this.function(node as FunctionNode, scope, false);
        return;
      case "ClassDeclaration":
      case "ClassExpression": {
        const inside = new Scope(scope, scope.isOutermost);
        if (node.id) this.declare(node.id, "other", inside);
        this.children(node, inside, node.id ?? undefined);
        return;
      }
      case "StaticBlock": {
        const inside = new Scope(scope, false);
        this.hoist(node.body as AnyNode[], inside);
        this.lexical(node.body as AnyNode[], inside);
        this.children(node, inside);
        return;
      }
      case "BlockStatement": {
        const inside = new Scope(scope, scope.isOutermost);
        this.lexical(node.body, inside);
        this.children(node, inside);
        return;
      }
      case "SwitchStatement": {
        this.visit(node.discriminant, scope);
        const inside = new Scope(scope, scope.isOutermost);
        this.lexical(
          node.cases.flatMap((each) => each.consequent),
          inside,
        );
        for (const each of node.cases) this.children(each, inside);
        return;
      }
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement": {
        const inside = new Scope(scope, scope.isOutermost);
        const head = node.type === "ForStatement" ? node.init : node.left;
        if (head?.type === "VariableDeclaration") this.lexical([head], inside);
        else if (node.type !== "ForStatement") this.assign(node.left as Pattern);
        this.children(node, inside);
        return;
      }
      case "CatchClause": {
        const inside = new Scope(scope, scope.isOutermost);
        if (node.param) {
          for (const id of boundNames(node.param)) this.declare(id, "other", inside);
          this.declaredPattern(node.param, inside);
        }
        this.visit(node.body, inside);
        return;
      }
      default:
        this.children(node, scope);
    }
  }

  /** Visits what is inside a node, but for `except`, as the kind of each child asks. */
  children(node: Node, scope: Scope, except?: Node): void {
    for (const child of childrenOf(node)) if (child !== except) this.visit(child, scope);
  }

  /** A property or class member: its key belongs outside, what a class member computes has a `this` of its own. */
  member(node: Extract<AnyNode, { type: "Property" | "PropertyDefinition" | "MethodDefinition" }>, scope: Scope): void {
    if (node.computed) this.visit(node.key as AnyNode, scope);
    if (node.value) this.visit(node.value, node.type === "PropertyDefinition" ? new Scope(scope, false) : scope);
  }

  function(node: FunctionNode, scope: Scope, isRoot: boolean): void {
    const isArrow = node.type === "ArrowFunctionExpression";
    let outer = scope;
    if (node.type === "FunctionExpression" && node.id) {
      outer = new Scope(scope, scope.isOutermost);
      this.declare(node.id, "other", outer);
    }
    const inside = new Scope(outer, isRoot || (isArrow && scope.isOutermost));
    if (!isArrow && !isRoot) inside.names.set("arguments", { name: "arguments", kind: "other", references: [] });
    for (const param of node.params) for (const id of boundNames(param)) this.declare(id, "parameter", inside);
    for (const param of node.params) this.declaredPattern(param, inside);
    if (node.body.type !== "BlockStatement") {
      this.visit(node.body, inside);
      return;
    }
    // Names that a body declares again, beside a parameter of that name, count as the parameter: the value is shared.
    const body = new Scope(inside, inside.isOutermost);
    this.hoist(node.body.body, body, inside);
    this.lexical(node.body.body, body, inside);
    this.children(node.body, body);
  }

  /** Declares the `var`s of a function's body, however deep, but for those of functions inside. */
  hoist(nodes: readonly AnyNode[], scope: Scope, params?: Scope): void {
    for (const node of nodes) {
      if (node.type === "VariableDeclaration" && node.kind === "var") this.declareAll(node, scope, params);
      if (isFunctionOrClass(node)) continue;
      this.hoist(childrenOf(node), scope, params);
    }
  }

  /** Declares what the statements of one block declare for that block: let, const, class, function. */
  lexical(statements: readonly AnyNode[], scope: Scope, params?: Scope): void {
    for (const statement of statements) {
      let node = statement;
      while (node.type === "LabeledStatement") node = node.body;
      if (node.type === "VariableDeclaration" && node.kind !== "var") this.declareAll(node, scope, params);
      else if ((node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && node.id) {
        this.declare(node.id, "other", scope, params);
      }
    }
  }

  declareAll(node: VariableDeclaration, scope: Scope, params?: Scope): void {
    const kind = node.kind === "const" ? "const" : "other";
    for (const { id } of node.declarations) for (const name of boundNames(id)) this.declare(name, kind, scope, params);
  }

  declare(id: Identifier, kind: Binding["kind"], scope: Scope, params?: Scope): void {
    const { name } = id;
    const known = scope.names.get(name) ?? params?.names.get(name);
    const binding: Binding = known ?? { name, kind, references: [] };
    if (known === undefined) scope.names.set(name, binding);
    else if (params?.names.get(name) === known || known.kind === "parameter") this.assigned.add(id);
    if (known !== undefined) known.references.push(id);
    this.bindings.set(id, binding);
  }

  /** A pattern that declares: its names are no references, but its defaults and computed keys may hold some. */
  declaredPattern(pattern: Pattern, scope: Scope): void {
    switch (pattern.type) {
      case "Identifier":
        return;
      case "ObjectPattern":
        for (const property of pattern.properties) {
          if (property.type === "RestElement") this.declaredPattern(property.argument, scope);
          else {
            if (property.computed) this.visit(property.key, scope);
            this.declaredPattern(property.value, scope);
          }
        }
        return;
      case "ArrayPattern":
        for (const element of pattern.elements) if (element) this.declaredPattern(element, scope);
        return;
      case "RestElement":
        this.declaredPattern(pattern.argument, scope);
        return;
      case "AssignmentPattern":
        this.declaredPattern(pattern.left, scope);
        this.visit(pattern.right, scope);
        return;
      case "MemberExpression":
        this.visit(pattern, scope);
    }
  }

  /** Notes the names that a pattern which declares nothing assigns. */
  assign(pattern: Pattern): void {
    for (const id of boundNames(pattern)) this.assigned.add(id);
  }

  refer(node: Identifier, scope: Scope): void {
    const binding = scope.find(node.name);
    if (binding !== undefined) binding.references.push(node);
    else if (node.name === "arguments") this.usesArguments = true;
    else {
      const known = this.free.get(node.name);
      if (known === undefined) this.free.set(node.name, [node]);
      else known.push(node);
    }
  }
}

type FunctionNode = Extract<
  AnyNode,
  { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }
>;

/** The identifiers that a pattern binds or assigns. */
function boundNames(pattern: Pattern): Identifier[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern];
    case "ObjectPattern":
      return pattern.properties.flatMap((each) => boundNames(each.type === "RestElement" ? each.argument : each.value));
    case "ArrayPattern":
      return pattern.elements.flatMap((each) => (each ? boundNames(each) : []));
    case "RestElement":
      return boundNames(pattern.argument);
    case "AssignmentPattern":
      return boundNames(pattern.left);
    default:
      return [];
  }
}

function isFunctionOrClass(node: AnyNode): boolean {
  return /Function|Class|StaticBlock/.test(node.type);
}

function childrenOf(node: Node): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    if (Array.isArray(value)) {
      for (const item of value as unknown[]) if (isNode(item)) children.push(item);
    } else if (isNode(value)) children.push(value);
  }
  return children;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function linkParents(node: Node, parents: Map<Node, Node>): void {
  for (const child of childrenOf(node)) {
    parents.set(child, node);
    linkParents(child, parents);
  }
}
