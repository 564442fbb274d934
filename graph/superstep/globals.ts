/**
 * What aggregators bring together over all vertices that a superstep applied.
 */
import { ExactSum } from "../../core/exactSum.ts";
import type { GlobalValues } from "./carrier.ts";
import type { Aggregator } from "./program.ts";

/** Shares of some vertices by the aggregator's name: the partials of an exact sum, or one maximum. */
export type Shares = Readonly<Record<string, readonly number[]>>;

/** The aggregators' results, from shares that cover all vertices: the same however they were split. */
export function gatherGlobals(
  aggregators: Readonly<Record<string, Aggregator>>,
  shares: readonly Shares[],
): GlobalValues {
  const globals: Record<string, number> = {};
  for (const [name, { kind }] of Object.entries(aggregators)) {
    const ofThis = shares.map((each) => each[name] ?? []);
    if (kind === "max") globals[name] = Math.max(...ofThis.flat());
    else {
      const sum = new ExactSum();
      for (const partials of ofThis) sum.merge(partials);
      globals[name] = sum.value();
    }
  }
  return globals;
}
