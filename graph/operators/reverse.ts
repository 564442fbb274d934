import { allOf, type GraphParts } from "../parts.ts";
import { reverseTopology } from "../partition/transpose.ts";
import { derivedParts } from "./derive.ts";

/** Every edge turned round; parallel edges keep their order. */
export function reverse(parts: GraphParts): GraphParts {
  return derivedParts(parts, false, allOf(parts), () =>
    parts.shape.use(({ topology }) => reverseTopology(parts.ctx.driver, topology)),
  );
}
