/**
 * Explicit vertex cuts: where the edges are scanned.
 */
import { ship } from "../../core/function/ship.ts";
import { invalidArgument } from "../../core/errors.ts";
import { Deferred } from "../deferred.ts";
import { makeRoom } from "../makeRoom.ts";
import type { GraphParts } from "../parts.ts";
import { cutTopology } from "../partition/cutTopology.ts";
import { checkStrategy, type PartitionStrategy } from "../partition/strategy.ts";
import { Shape } from "../shape.ts";

/**
 * The same graph with its edges in `numPartitions` parts, as `strategy` says. Attributes are shared with the graph it is
 * made from.
 *
 * @throws SuperstepError INVALID_ARGUMENT if the strategy is unknown, or `numPartitions` not an integer in [1, 65536].
 */
export function partitionBy(parts: GraphParts, strategy: PartitionStrategy, numPartitions: number): GraphParts {
  checkStrategy("partitionBy", strategy);
  if (!(Number.isSafeInteger(numPartitions) && numPartitions >= 1 && numPartitions <= 65536)) {
    throw invalidArgument("partitionBy", "numPartitions", "an integer from 1 to 65536", numPartitions);
  }
  const shipped = typeof strategy === "function" ? ship(strategy, "partitionBy", "strategy") : strategy;
  const { driver } = parts.ctx;
  const whole = parts.shape;
  const make = async (): Promise<Shape> => {
    whole.retain(); // the cut's positions are those of the whole topology
    try {
      return await whole.use(async ({ topology }) => {
        const cut = await makeRoom(driver, () => cutTopology(driver, topology, shipped, numPartitions));
        return new Shape(driver, topology, cut);
      });
    } catch (error) {
      await whole.release();
      throw error;
    }
  };
  const free = async (shape: Shape): Promise<void> => {
    await shape.free();
    await whole.release();
  };
  const shape = new Deferred(make, free, [whole]);
  return { ...parts, numEdgePartitions: numPartitions, shape };
}

export type { PartitionStrategy };
