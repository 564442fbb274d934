/**
 * What a checkpoint belongs to: graph, program and parameters of a run. Only a run for which all of it is equal can go on
 * from there.
 */
import { readFileSync } from "node:fs";
import type { Driver } from "../../../core/cluster/driver.ts";
import { encodeValues } from "../../../core/column/codec.ts";
import { hasCode } from "../../../core/errors.ts";
import { functionDigest, sha256, type MadeContents } from "../../../core/function/functionDigest.ts";
import type { Heap } from "../../../core/function/heap.ts";
import { ship, type AnyFunction, type ShippedFunction } from "../../../core/function/ship.ts";
import type { Supersteps } from "../runSupersteps.ts";
import { graphDigest } from "./graphDigest.ts";

/** By what users call each part: a short value as it is, or a digest. */
export type BoundParts = Readonly<Record<string, string>>;

/** A run, as far as its checkpoints are concerned. */
export interface RunBinding {
  readonly operation: string;
  readonly parts: BoundParts;
  /** A digest of operation and parts. */
  readonly key: string;
}

/** What wrote a checkpoint: bits may differ with another one. */
export interface Writer {
  readonly superstep: string;
  readonly node: string;
}

/** Who writes now. */
export function presentWriter(): Writer {
  const text = readFileSync(new URL("../../../../package.json", import.meta.url), "utf8");
  return { superstep: (JSON.parse(text) as { version: string }).version, node: process.version };
}

/** The binding of a run. Cost: as `graphDigest`, and what the functions capture. */
export async function bindRun(run: Supersteps): Promise<RunBinding> {
  const { operation, driver, shape, vertices, edges, scan, apply, initialMessage, until, maxSupersteps } = run;
  const digest = (fn: ShippedFunction<never>): Promise<string> => functionDigest(fn, broadcastContents(driver));
  const graph = await graphDigest(driver, shape, vertices, edges);
  const aggregators: Record<string, string> = {};
  for (const [name, { kind, of }] of Object.entries(apply.aggregators)) {
    aggregators[`aggregator ${name}`] = `${kind} ${await digest(of as ShippedFunction<never>)}`;
  }
  const parts: BoundParts = {
    "the vertex ids": graph.ids,
    "the edges": graph.edges,
    "the vertex attributes": graph.vertexAttributes,
    "the edge attributes": graph.edgeAttributes,
    vertexProgram: await digest(apply.vertexProgram as ShippedFunction<never>),
    sendMessage: await digest(scan.sendMessage as ShippedFunction<never>),
    mergeMessage: await digest(scan.mergeMessage as ShippedFunction<never>),
    ...aggregators,
    initialMessage: initialMessage === undefined ? "none" : digestOf(initialMessage.value),
    noMessage: apply.applyTo === "received" ? "none" : digestOf(apply.noMessage),
    globals: digestOf(Object.entries(run.globals ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))),
    until: until === undefined ? "none" : await digestHere(until, digest),
    activeDirection: scan.activeDirection,
    tripletFields: ["src", "dst", "edge"].filter((part) => scan.reads[part as "src" | "dst" | "edge"]).join(", "),
    maxSupersteps: String(maxSupersteps),
  };
  return { operation, parts, key: sha256(JSON.stringify([operation, Object.entries(parts)])) };
}

/** Parts that differ, in words: `maxSupersteps (20, now 30)`, `the edges`. */
export function differences(before: BoundParts, now: BoundParts): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].flatMap((name) => {
    const [was, is] = [before[name] ?? "none", now[name] ?? "none"];
    if (was === is) return [];
    const isShort = was.length < 20 && is.length < 20;
    return isShort ? `${name} (${was}, now ${is})` : name;
  });
}

/** A function that never leaves the driver: it may capture what cannot travel, and then only its source counts. */
async function digestHere(fn: AnyFunction, digest: (fn: ShippedFunction<never>) => Promise<string>): Promise<string> {
  try {
    return await digest(ship(fn, "checkpoint", "until") as unknown as ShippedFunction<never>);
  } catch (error) {
    if (!hasCode(error, "NOT_SHIPPABLE")) throw error;
    return sha256(String(fn));
  }
}

function digestOf(value: unknown): string {
  return sha256(encodeValues([value])).slice(0, 32);
}

/** A broadcast is captured as a number: what counts is its value. */
function broadcastContents(driver: Driver): MadeContents {
  return async (factory: string, { root }: Heap) => {
    if (factory !== "reviveBroadcast" || typeof root !== "number") return undefined;
    return driver.getBlock({ kind: "broadcast", broadcast: root });
  };
}
