/**
 * Names of blocks as strings: keys of maps and names of files. Ids are structs of integers, so no name can leave its
 * directory.
 */
import { invalidArgument } from "../errors.ts";
import type { BlockId } from "../host/task.ts";

/** Blocks that go together: all of one shuffle, of one RDD, or one broadcast. */
export type BlockGroup =
  | { readonly kind: "shuffle"; readonly shuffle: number }
  | { readonly kind: "rdd"; readonly rdd: number }
  | { readonly kind: "broadcast"; readonly broadcast: number };

/**
 * The one name of a block: "shuffle-1-0-3".
 *
 * @throws SuperstepError INVALID_ARGUMENT if `id` is no struct of non-negative integers of a known kind.
 */
export function blockKey(id: BlockId): string {
  switch (id.kind) {
    case "shuffle":
      return `${groupKey(id)}-${index("map", id.map)}-${index("reduce", id.reduce)}`;
    case "rdd":
      return `${groupKey(id)}-${index("partition", id.partition)}`;
    case "broadcast":
      return groupKey(id);
    default:
      throw invalidArgument("block id", "kind", "shuffle, rdd or broadcast", (id as { kind: unknown }).kind);
  }
}

/** The one name of a group: "shuffle-1". Throws as `blockKey` does. */
export function groupKey(group: BlockGroup): string {
  switch (group.kind) {
    case "shuffle":
      return `shuffle-${index("shuffle", group.shuffle)}`;
    case "rdd":
      return `rdd-${index("rdd", group.rdd)}`;
    case "broadcast":
      return `broadcast-${index("broadcast", group.broadcast)}`;
    default:
      throw invalidArgument("block group", "kind", "shuffle, rdd or broadcast", (group as { kind: unknown }).kind);
  }
}

function index(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw invalidArgument("block id", name, "an integer >= 0", value);
}
