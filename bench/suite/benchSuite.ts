/**
 * `npm run bench -- --suite`: every algorithm on graphs of several kinds, on one thread and on two, beside the peers that
 * are installed, in turn on the same machine.
 */
import { closeSync, existsSync, openSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { finished } from "../processes.ts";
import { disagreements, resultsPage, sections } from "./resultsPage.ts";
import { runEngine } from "./runEngine.ts";
import { keepRecord, readRecords, type SuiteRecord } from "./suiteRecord.ts";

/** What the suite runs. */
export interface SuiteOptions {
  /** Names of graphs: kron-SCALE, rmat-SCALE, grid-SIDE. */
  readonly graphs: readonly string[];
  /** Of `suiteEngines`. */
  readonly engines: readonly string[];
  /** Runs of each task in a process, the first one cold. */
  readonly runs: number;
  /** Milliseconds that an engine other than Superstep may take for one graph. */
  readonly limitMs: number;
  /** Where the text of graphs lies, or is written to. */
  readonly folder: string;
  /** Whether that stays. */
  readonly isKept: boolean;
  /** Whether to keep what is measured, and to write the page of all that was kept. */
  readonly isWritten: boolean;
  readonly machine: string;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const results = here("../../../bench/results");
const page = here("../../../bench/RESULTS.md");

/** Runs the suite; false if two engines disagree. */
export async function benchSuite(options: SuiteOptions, say: (text: string) => void): Promise<boolean> {
  const { graphs, engines, runs, limitMs, folder, isKept, isWritten, machine } = options;
  const all: SuiteRecord[] = [];
  for (const graph of graphs) {
    const file = path.join(folder, `${graph}.txt`);
    if (!existsSync(file)) await finished(process.execPath, [here("suiteGraph.js"), graph, file]);
    const records: SuiteRecord[] = [];
    for (const engine of engines) {
      const circumstances = { machine, date: new Date().toISOString(), load: os.loadavg()[0]! };
      const result = await runEngine(engine, { file, source: firstSource(file), runs, limitMs });
      if ("skipped" in result) {
        say(`${engine} skipped on ${graph}: ${result.skipped}`);
        continue;
      }
      const record = { graph, engine, textBytes: statSync(file).size, ...circumstances, ...result };
      records.push(record);
      if (isWritten) keepRecord(results, record); // what is done stays if the rest is cut short
    }
    for (const text of [...sections(records), ...disagreements(records)]) say(`\n${text}`);
    all.push(...records);
    if (!isKept) rmSync(file);
    if (isWritten) writeFileSync(page, `${resultsPage(readRecords(results))}\n`);
  }
  return disagreements(all).length === 0;
}

function firstSource(file: string): string {
  const start = Buffer.alloc(32);
  const descriptor = openSync(file, "r");
  readSync(descriptor, start);
  closeSync(descriptor);
  return /^\d+/.exec(start.toString("latin1"))![0];
}
