/**
 * Lineage as text.
 */
import type { Plan } from "./plan.ts";

/**
 * One line a node, from the last to the first: number of partitions, kind, name, id, and how it is stored. What is read
 * over a shuffle is indented below "+-"; a node that was shown already is only named again.
 *
 *   (2) reduceByKey [3] partitioned by hash
 *    +-(4) map [2]
 *      |   parallelize "words" [1] persisted in memory
 */
export function debugString(plan: Plan): string {
  const lines: string[] = [];
  const shown = new Set<Plan>();
  // A stack, not recursion: lineage can be thousands of nodes deep. What is to be shown first lies on top.
  const open: { plan: Plan; indent: string; isStageStart: boolean }[] = [{ plan, indent: "", isStageStart: true }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { plan: node, indent, isStageStart } = next;
    const isRepeated = shown.has(node);
    shown.add(node);
    const lead = isStageStart ? `(${node.numPartitions}) ` : "|   ";
    lines.push(`${indent}${lead}${describe(node)}${isRepeated ? ", as above" : ""}`);
    if (isRepeated) continue;
    const inside = isStageStart ? indent.replace(/\+-$/, "  ") + " " : indent;
    for (const dependency of node.dependencies.toReversed()) {
      const isShuffle = dependency.type === "shuffle";
      open.push({ plan: dependency.parent, indent: isShuffle ? `${inside}+-` : inside, isStageStart: isShuffle });
    }
  }
  return lines.join("\n");
}

function describe({ id, kind, name, partitioner, storageLevel }: Plan): string {
  const parts = [`${kind}${name === undefined ? "" : ` ${JSON.stringify(name)}`} [${id}]`];
  if (partitioner !== undefined) parts.push(`partitioned by ${partitioner.kind}`);
  if (storageLevel !== undefined) parts.push(`persisted in ${levels[storageLevel]}`);
  return parts.join(", ");
}

const levels = { memory: "memory", memoryAndDisk: "memory and disk", disk: "disk" } as const;
