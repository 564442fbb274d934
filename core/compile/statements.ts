/**
 * Statements of the language to statements of the tree.
 */
import type {
  ForStatement,
  FunctionDeclaration,
  IfStatement,
  Statement as Syntax,
  VariableDeclaration,
  WhileStatement,
  DoWhileStatement,
} from "acorn";
import { undefinedValue, type Activation } from "./activation.ts";
import { Expressions } from "./expressions.ts";
import { declare } from "./patterns.ts";
import { Refused } from "./refused.ts";
import { dataOf } from "./shapes.ts";
import { not, type Label, type Statement } from "./tree.ts";
import type { Data } from "./value.ts";

/** A return that was met: what it gives, and the list at whose end it leaves the function. */
export interface Return {
  readonly value: Data;
  readonly into: Statement[];
}

/** Compiles the statements of one call. */
export class Statements {
  /** Returns in the order in which they were met; none in mode "effect" carries a value. */
  readonly returns: Return[] = [];
  readonly #activation: Activation;
  readonly #expressions: Expressions;
  readonly #keepsResult: boolean;
  readonly #loops: { readonly end: Label; readonly next: Label; breaks: number }[] = [];

  constructor(activation: Activation, keepsResult: boolean) {
    this.#activation = activation;
    this.#expressions = new Expressions(activation);
    this.#keepsResult = keepsResult;
  }

  /** Compiles a list of statements; false if its end is never reached. */
  all(statements: readonly Syntax[]): boolean {
    for (const statement of statements) {
      if (statement.type === "FunctionDeclaration") this.#declareFunction(statement);
    }
    return statements.every((statement) => this.#one(statement));
  }

  #one(node: Syntax): boolean {
    switch (node.type) {
      case "EmptyStatement":
      case "FunctionDeclaration":
        return true;
      case "ExpressionStatement":
        this.#expressions.effect(node.expression);
        return true;
      case "VariableDeclaration":
        this.#declare(node);
        return true;
      case "BlockStatement":
        return this.all(node.body);
      case "ReturnStatement":
        this.#return(node);
        return false;
      case "IfStatement":
        return this.#if(node);
      case "ForStatement":
      case "WhileStatement":
      case "DoWhileStatement":
        return this.#loop(node);
      case "BreakStatement":
      case "ContinueStatement": {
        const loop = this.#loops.at(-1);
        if (loop === undefined || node.label) throw this.#refused(node, "a jump to a label does not compile");
        if (node.type === "BreakStatement") loop.breaks++;
        this.#builder.effects++;
        this.#builder.add({ do: "leave", label: node.type === "BreakStatement" ? loop.end : loop.next });
        return false;
      }
      default:
        throw this.#refused(node, `${inWords(node.type)} does not compile`);
    }
  }

  #declare(node: VariableDeclaration): void {
    if (node.kind !== "const" && node.kind !== "let")
      throw this.#refused(node, `${node.kind} does not compile; use const or let`);
    for (const { id, init } of node.declarations) {
      declare(id, init ? this.#expressions.value(init) : undefinedValue, this.#activation);
    }
  }

  #declareFunction(node: FunctionDeclaration): void {
    const { program, frame } = this.#activation;
    const binding = program.names.bindings.get(node.id);
    if (binding === undefined || binding.references.some((reference) => program.names.assigned.has(reference))) {
      throw this.#refused(node, "a function that is declared twice or assigned does not compile");
    }
    frame.define(binding, { kind: "constant", value: { kind: "function", fn: { node, program, around: frame } } });
  }

  #return({ argument }: Extract<Syntax, { type: "ReturnStatement" }>): void {
    let value: Data = { kind: "missing", as: "undefined" };
    if (argument && this.#keepsResult) {
      const given = this.#expressions.value(argument);
      try {
        value = dataOf(given, this.#builder);
      } catch (error) {
        throw error instanceof Refused ? error.at(this.#activation.program.source, argument) : error;
      }
    } else if (argument) this.#expressions.effect(argument);
    const into: Statement[] = [];
    this.returns.push({ value, into });
    this.#builder.effects++;
    this.#builder.add({ do: "block", label: { name: "return" }, body: into });
  }

  #if({ test, consequent, alternate }: IfStatement): boolean {
    const condition = this.#expressions.test(test);
    const state = { whenTrue: true, whenFalse: true };
    if (condition.op === "const") {
      const taken = condition.value === 0 ? alternate : consequent;
      return taken ? this.#one(taken) : true;
    }
    this.#builder.branch(
      condition,
      () => {
        state.whenTrue = this.#one(consequent);
      },
      () => {
        state.whenFalse = alternate ? this.#one(alternate) : true;
      },
    );
    return state.whenTrue || state.whenFalse;
  }

  /** A loop; what is inside may run any number of times, so that nothing of it counts as read afterwards. */
  #loop(node: ForStatement | WhileStatement | DoWhileStatement): boolean {
    const builder = this.#builder;
    if (node.type === "ForStatement" && node.init) {
      if (node.init.type === "VariableDeclaration") this.#declare(node.init);
      else this.#expressions.effect(node.init);
    }
    const loop = { end: { name: "end" }, next: { name: "next" }, breaks: 0 };
    const again: Label = { name: "again" };
    let isEndless = false;
    const round = builder.nest(() => {
      const leaveUnless = (): void => {
        const test = node.test ? this.#expressions.test(node.test) : undefined;
        if (test === undefined || (test.op === "const" && test.value !== 0)) isEndless = true;
        else builder.add({ do: "leave", label: loop.end, test: not(test) });
      };
      if (node.type !== "DoWhileStatement") leaveUnless();
      this.#loops.push(loop);
      const body = builder.nest(() => this.#one(node.body)).statements;
      this.#loops.pop();
      builder.add({ do: "block", label: loop.next, body });
      if (node.type === "ForStatement" && node.update) this.#expressions.effect(node.update);
      if (node.type === "DoWhileStatement") leaveUnless();
      builder.add({ do: "leave", label: again });
    }).statements;
    builder.effects++;
    builder.add({ do: "block", label: loop.end, body: [{ do: "loop", label: again, body: round }] });
    return !isEndless || loop.breaks > 0;
  }

  get #builder(): Activation["compilation"]["builder"] {
    return this.#activation.compilation.builder;
  }

  #refused(node: Syntax, why: string): Refused {
    return new Refused(why, this.#activation.program.source, node);
  }
}

function inWords(type: string): string {
  return type
    .replace(/Statement$|Declaration$/, "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toLowerCase();
}
