/**
 * Several RDDs of pairs, brought together by key: what all joins are made of.
 */
import { keyOf } from "../column/keyOf.ts";
import { operatorRef } from "../host/task.ts";
import { everySoOften } from "./cancellable.ts";
import type { PartitionReader } from "./computePartition.ts";
import { makePlan, narrow, shuffled } from "./node.ts";
import { samePartitioner } from "./partitioner.ts";
import type { Partitioner, Plan } from "./plan.ts";

/** The values of one key in each of two RDDs. */
export type Cogrouped<V, W> = [V[], W[]];

/** What comes of the two sides of a key: how a join treats a key that one side lacks. */
export type JoinKind =
  "cogroup" | "join" | "leftOuterJoin" | "rightOuterJoin" | "fullOuterJoin" | "subtractByKey" | "intersection";

/**
 * Driver half: describes, for each key of `left` or `right`, what `kind` makes of its values on both sides:
 *
 *   cogroup                          [key, [values of left, values of right]]
 *   join                             [key, [v, w]] for each v of left and each w of right
 *   left-, right-, fullOuterJoin     the same, with undefined in place of a side that has none (and may lack it)
 *   subtractByKey                    [key, v] for each v of left, of keys that right has not
 *   intersection                     [key, null] for each key that both sides have
 *
 * Wide:         one shuffle of all pairs of each side that is not partitioned so already.
 * Partitioner:  `partitioner`.
 * Order:        keys as first seen, those of left first; values in the order of their parent, left before right.
 * Memory:       all pairs of a partition, of both sides; what a join makes of them is not held.
 */
export function cogroup<K, V, W, Out>(
  left: Plan<[K, V]>,
  right: Plan<[K, W]>,
  partitioner: Partitioner,
  kind: JoinKind,
): Plan<[K, Out]> {
  const read = (parent: Plan): ReturnType<typeof narrow | typeof shuffled> =>
    samePartitioner(parent.partitioner, partitioner) ? narrow(parent) : shuffled(parent, { partitioner });
  return makePlan<[K, Out]>({
    kind,
    dependencies: [read(left), read(right)],
    numPartitions: partitioner.numPartitions,
    partitioner,
    compute: operatorRef(import.meta.url, "computeCogroup"),
    params: kind,
  });
}

/** Task half. */
export async function computeCogroup<K, V, W>(
  kind: JoinKind,
  partition: number,
  reader: PartitionReader,
): Promise<Iterable<[K, unknown]>> {
  const groups = new Map<unknown, [K, Cogrouped<V, W>]>();
  const tick = everySoOften(reader.task);
  const groupOf = (key: K): Cogrouped<V, W> => {
    tick();
    const id = keyOf(key);
    let group = groups.get(id);
    if (group === undefined) groups.set(id, (group = [key, [[], []]]));
    return group[1];
  };
  for (const [key, value] of await reader.read<[K, V]>(0, partition)) groupOf(key)[0].push(value);
  for (const [key, value] of await reader.read<[K, W]>(1, partition)) groupOf(key)[1].push(value);
  return kind === "cogroup" ? groups.values() : joined(groups.values(), kind, tick);
}

function* joined<K, V, W>(
  groups: Iterable<[K, Cogrouped<V, W>]>,
  kind: Exclude<JoinKind, "cogroup">,
  tick: () => void,
): Iterable<[K, unknown]> {
  const keepsLeft = kind === "leftOuterJoin" || kind === "fullOuterJoin";
  const keepsRight = kind === "rightOuterJoin" || kind === "fullOuterJoin";
  for (const [key, [left, right]] of groups) {
    if (kind === "subtractByKey") {
      if (right.length === 0) for (const value of left) yield [key, value];
      continue;
    }
    if (kind === "intersection") {
      if (left.length > 0 && right.length > 0) yield [key, null];
      continue;
    }
    const lefts = left.length === 0 && keepsRight ? [undefined] : left;
    const rights = right.length === 0 && keepsLeft ? [undefined] : right;
    for (const value of lefts) {
      for (const other of rights) {
        tick();
        yield [key, [value, other]];
      }
    }
  }
}
