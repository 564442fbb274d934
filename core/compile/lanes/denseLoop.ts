/**
 * A loop whose rows have nothing to do with each other, over two rows at a time where its body allows that, and the last one
 * by itself.
 */
import type { Builder } from "../builder.ts";
import { binary, get, i32, set, type Expr, type Label, type Local, type Statement } from "../tree.ts";
import { LaneStatements } from "./laneStatements.ts";
import { NotInLanes, RowKinds } from "./rowKinds.ts";

/** Bodies of more statements stay as they are: the code of a loop has bounds. */
const maxStatements = 1000;

/**
 * Runs `body` for `index` from its present value to `end`, in a nested list of statements. What rows leave for later ones
 * must have been assigned in the list around it; of these, counters are added up, and maxima kept, as rows one by one would.
 */
export function denseLoop(builder: Builder, index: Local, end: Expr, body: () => void): void {
  const carried = new Set<Local>();
  for (const statement of builder.statements) {
    if (statement.do === "set" && !statement.local.isFixed && statement.local !== index) carried.add(statement.local);
  }
  const { statements } = builder.nest(body);
  builder.effects++;
  const pairs = inPairs(statements, index, carried);
  if (pairs !== undefined) {
    const length = binary("i32.sub", end, get(index));
    const whole = builder.pin(binary("i32.add", get(index), binary("i32.and", length, i32(-2))), "whole");
    for (const statement of pairs.before) builder.add(statement);
    builder.add(loop(index, 2, whole, pairs.body));
    for (const statement of pairs.after) builder.add(statement);
  }
  builder.add(loop(index, 1, end, statements));
}

function inPairs(
  statements: readonly Statement[],
  index: Local,
  carried: ReadonlySet<Local>,
): ReturnType<LaneStatements["write"]> | undefined {
  if (count(statements) > maxStatements) return undefined;
  try {
    return new LaneStatements(new RowKinds(statements, index, carried)).write(statements);
  } catch (error) {
    if (error instanceof NotInLanes) return undefined;
    throw error;
  }
}

function loop(index: Local, step: number, end: Expr, body: readonly Statement[]): Statement {
  const [out, again]: Label[] = [{ name: "out" }, { name: "again" }];
  const statements: Statement[] = [
    { do: "leave", label: out!, test: binary("i32.ge_u", get(index), end) },
    ...body,
    set(index, binary("i32.add", get(index), i32(step))),
    { do: "leave", label: again! },
  ];
  return { do: "block", label: out!, body: [{ do: "loop", label: again!, body: statements }] };
}

function count(statements: readonly Statement[]): number {
  let total = statements.length;
  for (const statement of statements) {
    if (statement.do === "if") total += count(statement.whenTrue) + count(statement.whenFalse);
    else if (statement.do === "block" || statement.do === "loop") total += count(statement.body);
  }
  return total;
}
