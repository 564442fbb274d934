/**
 * Cuts the lineage of an RDD at its wide dependencies: a plan in, a job of stages out. Pure.
 *
 * Each shuffle becomes a stage that writes map outputs; the last stage computes the partitions asked for. A stage's
 * plan is what all its tasks share; slices of single partitions go only to the tasks that read them.
 */
import type { OperatorRef } from "../host/task.ts";
import { dependenciesFirst } from "../rdd/lineage.ts";
import type { Dependency, Plan, ShuffleDependency } from "../rdd/plan.ts";
import type { MapSide } from "../shuffle/mapSide.ts";
import type { JobSpec, Placement, StageSpec } from "./job.ts";

/** The nodes that one stage computes, parents first; the last one is what the stage is for. Plain data. */
export interface StagePlan {
  readonly nodes: readonly StageNode[];
}

/** A plan node as a task sees it. */
export interface StageNode {
  readonly id: number;
  readonly kind: string;
  readonly compute: OperatorRef;
  readonly params: unknown;
  readonly storageLevel: Plan["storageLevel"];
  readonly inputs: readonly StageInput[];
}

/** A dependency as a task sees it: a node of the same stage, by its index, or the map outputs of an earlier one. */
export type StageInput =
  | { readonly type: "node"; readonly node: number }
  | { readonly type: "shuffle"; readonly shuffleId: number; readonly numMaps: number };

/** What a task of a stage is told beside the plan. */
export interface StageTask {
  /** Of the stage's last node. */
  readonly partition: number;
  readonly slices: readonly NodeSlice[];
}

/** The slice of one partition of node `node` of the stage. */
export interface NodeSlice {
  readonly node: number;
  readonly partition: number;
  readonly slice: unknown;
}

/** What all tasks of a shuffle's map stage share. */
export interface MapStage {
  readonly plan: StagePlan;
  readonly shuffleId: number;
  readonly map: MapSide;
}

/** What all tasks of a job's last stage share. */
export interface ResultStage {
  readonly plan: StagePlan;
  readonly name: string;
  /** An ActionOperator: see `computeResult.ts`. */
  readonly action: OperatorRef;
  readonly params: unknown;
}

/** What an action asks of each partition. */
export interface ActionSpec {
  /** Shown to users: "collect". */
  readonly name: string;
  /** An ActionOperator: `(params, records, partition, task) => values`. */
  readonly operator: OperatorRef;
  readonly params?: unknown;
}

/** The job that runs `action` over `partitions` of `plan`, whose lineage must be prepared. */
export function cutStages(plan: Plan, action: ActionSpec, partitions: readonly number[]): JobSpec {
  const shuffles = dependenciesFirst(shufflesOf(plan), ({ parent }) => shufflesOf(parent));
  const stageOf = new Map(shuffles.map((shuffle, index) => [shuffle, index]));
  const parentsOf = (root: Plan): number[] => shufflesOf(root).map((shuffle) => stageOf.get(shuffle)!);

  const stages: StageSpec[] = shuffles.map((shuffle) => {
    const { parent, shuffleId, map } = shuffle;
    const nodes = stageNodes(parent);
    const shared: MapStage = { plan: travelling(nodes), shuffleId, map };
    return {
      name: `${parent.name ?? parent.kind} (map side)`,
      operator: { module: "core/shuffle/writer", name: "writeShuffle" },
      shared,
      tasks: Array.from({ length: parent.numPartitions }, (_, partition) => stageTask(nodes, partition)),
      parents: parentsOf(parent),
      shuffleId,
      placement: placementOf(nodes),
    };
  });
  const nodes = stageNodes(plan);
  const shared: ResultStage = {
    plan: travelling(nodes),
    name: action.name,
    action: action.operator,
    params: action.params,
  };
  stages.push({
    name: action.name,
    operator: { module: "core/rdd/computeResult", name: "computeResult" },
    shared,
    tasks: partitions.map((partition) => stageTask(nodes, partition)),
    parents: parentsOf(plan),
    placement: placementOf(nodes),
  });
  return { name: action.name, stages };
}

/** Nodes that borrow columns of the arena are computed where it is; others anywhere, best where they are persisted. */
function placementOf(nodes: readonly Plan[]): Placement {
  if (nodes.some(({ borrow }) => borrow !== undefined)) return { kind: "arena" };
  const prefers = nodes.filter(({ storageLevel }) => storageLevel !== undefined).map(({ id }) => id);
  return { kind: "anywhere", ...(prefers.length === 0 ? {} : { prefers }) };
}

/** The shuffles that `plan` reads without another one in between, each once. */
export function shufflesOf(plan: Plan): ShuffleDependency[] {
  const shuffles = stageNodes(plan).flatMap(({ dependencies }) => dependencies.filter(isShuffle));
  return [...new Set(shuffles)];
}

function isShuffle(dependency: Dependency): dependency is ShuffleDependency {
  return dependency.type === "shuffle";
}

/** The nodes computed in one stage with `root`, parents first, `root` last. */
function stageNodes(root: Plan): Plan[] {
  return dependenciesFirst<Plan>([root], ({ dependencies }) =>
    dependencies.filter((dependency) => !isShuffle(dependency)).map(({ parent }) => parent),
  );
}

function travelling(nodes: readonly Plan[]): StagePlan {
  const indexOf = new Map(nodes.map((node, index) => [node, index]));
  return {
    nodes: nodes.map(({ id, kind, compute, params, storageLevel, dependencies }) => ({
      id,
      kind,
      compute,
      params,
      storageLevel,
      inputs: dependencies.map((dependency) =>
        isShuffle(dependency)
          ? { type: "shuffle", shuffleId: dependency.shuffleId, numMaps: dependency.parent.numPartitions }
          : { type: "node", node: indexOf.get(dependency.parent)! },
      ),
    })),
  };
}

/** The task for one partition of the last of `nodes`, with the slices of all partitions that it can come to read. */
function stageTask(nodes: readonly Plan[], partition: number): StageTask {
  if (nodes.every(({ slices }) => slices === undefined)) return { partition, slices: [] };
  const slices: NodeSlice[] = [];
  const wanted = new Map<Plan, Set<number>>([[nodes.at(-1)!, new Set([partition])]]);
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]!; // all that read it come later in the list, and have been asked
    for (const part of wanted.get(node) ?? []) {
      if (node.slices !== undefined) slices.push({ node: index, partition: part, slice: node.slices[part] });
      for (const dependency of node.dependencies) {
        if (isShuffle(dependency)) continue;
        const read = wanted.get(dependency.parent) ?? new Set();
        for (const parentPart of dependency.partitions?.(part) ?? [part]) read.add(parentPart);
        wanted.set(dependency.parent, read);
      }
    }
  }
  return { partition, slices };
}
