/**
 * Names that are given to values: parameters, constants and variables, also by destructuring.
 */
import type { Identifier, Pattern } from "acorn";
import { undefinedValue, type Activation } from "./activation.ts";
import { Expressions } from "./expressions.ts";
import { memberOf } from "./memberOf.ts";
import { Refused } from "./refused.ts";
import { dataOf, known, widened } from "./shapes.ts";
import type { Value } from "./value.ts";

/** Declares the names of a pattern, bound to the parts of a value. */
export function declare(pattern: Pattern, value: Value, activation: Activation): void {
  const { program, compilation } = activation;
  const { builder } = compilation;
  const refused = (why: string): Refused => new Refused(why, program.source, pattern);
  switch (pattern.type) {
    case "Identifier":
      declareName(pattern, value, activation);
      return;
    case "AssignmentPattern": {
      const given = known(value, builder);
      if (given.kind === "optional" && given.as === "undefined")
        throw refused("a default for what may be missing does not compile");
      const isAbsent = given.kind === "missing" && given.as === "undefined";
      declare(pattern.left, isAbsent ? new Expressions(activation).value(pattern.right) : value, activation);
      return;
    }
    case "ObjectPattern":
      for (const property of pattern.properties) {
        if (property.type === "RestElement") throw refused("the rest of an object does not compile");
        const { key, computed, value: part } = property;
        const name = key.type === "Identifier" ? key.name : key.type === "Literal" ? String(key.value) : undefined;
        if (computed || name === undefined) throw refused("a computed name does not compile");
        try {
          declare(part, memberOf(known(value, builder), name), activation);
        } catch (error) {
          throw error instanceof Refused ? error.at(program.source, property) : error;
        }
      }
      return;
    default:
      throw refused("only names and objects of names compile here");
  }
}

function declareName(id: Identifier, value: Value, { program, frame, compilation }: Activation): void {
  const { builder } = compilation;
  const binding = program.names.bindings.get(id);
  if (binding === undefined) throw new Refused("it is declared twice", program.source, id);
  const isAssigned = binding.references.some((reference) => program.names.assigned.has(reference));
  if (!isAssigned) {
    frame.define(binding, { kind: "constant", value: builder.pinned(value, id.name) });
    return;
  }
  try {
    const start = widened(dataOf(value, builder));
    const held = builder.hold(start, id.name);
    builder.assignAll(held, start);
    frame.define(binding, { kind: "variable", held });
  } catch (error) {
    throw error instanceof Refused ? error.at(program.source, id) : error;
  }
}

/** Declares parameters; those without an argument are undefined. */
export function declareParameters(params: readonly Pattern[], args: readonly Value[], activation: Activation): void {
  params.forEach((param, at) => declare(param, args[at] ?? undefinedValue, activation));
}
