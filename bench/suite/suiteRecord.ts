/**
 * What the suite keeps: one file for each engine on each graph, so that it can run in slices and its page be put together
 * of what there is.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { SuiteMeasurement } from "./suiteMeasurement.ts";

/** One engine on one graph, and under which circumstances. */
export interface SuiteRecord {
  readonly graph: string;
  readonly engine: string;
  /** Of the text of the graph. */
  readonly textBytes: number;
  /** Runs of each task in one process, the first one cold. */
  readonly runs: number;
  readonly machine: string;
  /** ISO 8601, in UTC. */
  readonly date: string;
  /** Processes that wanted a core, on average over the minute before. */
  readonly load: number;
  readonly measurement: SuiteMeasurement;
  /** Why some tasks are missing. */
  readonly note?: string;
}

/** Keeps the record, in place of an earlier one of the same engine and graph. */
export function keepRecord(folder: string, record: SuiteRecord): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, `${record.graph}.${record.engine}.json`),
    `${JSON.stringify(record, undefined, 2)}\n`,
  );
}

/** All records of a folder. */
export function readRecords(folder: string): SuiteRecord[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as SuiteRecord);
}
