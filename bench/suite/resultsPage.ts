/**
 * Records of the suite as tables in Markdown.
 */
import { inMs, median, ratio } from "../summary.ts";
import { baseEngine, suiteEngines } from "./runEngine.ts";
import { endToEndTasks, suiteTasks, suiteTitles, type SuiteMeasurement, type SuiteTask } from "./suiteMeasurement.ts";
import type { SuiteRecord } from "./suiteRecord.ts";

/** Relative differences of a check that still count as the same: PageRank is defined in more ways than one. */
const tolerances: Readonly<Partial<Record<SuiteTask, number>>> = { pageRank: 0.02, userPageRank: 0.02 };

/** Results on which engines differ, in words. Superstep on one thread and on two must not differ in any bit. */
export function disagreements(records: readonly SuiteRecord[]): string[] {
  return byGraph(records).flatMap(([graph, some]) => {
    const base = some.find(({ engine }) => engine === baseEngine)?.measurement;
    return some.flatMap(({ engine, measurement: { tasks } }) =>
      suiteTasks.flatMap((task) => {
        const [expected, found] = [base?.tasks[task]?.check, tasks[task]?.check];
        if (expected === undefined || found === undefined) return [];
        const tolerance = engine.startsWith("superstep") ? 0 : (tolerances[task] ?? 0);
        if (Math.abs(found - expected) <= tolerance * Math.abs(expected)) return [];
        return [`DIFFERENT RESULTS of ${suiteTitles[task]} on ${graph}: ${baseEngine} ${expected}, ${engine} ${found}`];
      }),
    );
  });
}

/** The page of all records. */
export function resultsPage(records: readonly SuiteRecord[]): string {
  const head = [
    "# Results",
    "Written by `npm run bench -- --suite --write` from [results/](results); see [README.md](README.md) for how to read it.",
    `Minimum / median / maximum of the runs in one process, the first one cold; after the dot the minimum in times that of ${baseEngine}.`,
    "End to end: from the start of a process to the result of this one task, file read and graph built in between.",
  ];
  const differing = disagreements(records).map((text) => `- ${text}`);
  return [...head, ...(differing.length > 0 ? [differing.join("\n")] : []), ...sections(records)].join("\n\n");
}

/** A section for each graph: its table, and under which circumstances each engine was measured. */
export function sections(records: readonly SuiteRecord[]): string[] {
  return byGraph(records).map(([, some]) => section(some));
}

function byGraph(records: readonly SuiteRecord[]): [string, SuiteRecord[]][] {
  const order = (engine: string): number => (suiteEngines as readonly string[]).indexOf(engine);
  const groups = new Map<string, SuiteRecord[]>();
  for (const record of records.toSorted((a, b) => order(a.engine) - order(b.engine))) {
    groups.set(record.graph, [...(groups.get(record.graph) ?? []), record]);
  }
  const collator = new Intl.Collator("en", { numeric: true });
  return [...groups].toSorted(([a], [b]) => collator.compare(a, b));
}

function section(records: readonly SuiteRecord[]): string {
  const base = records.find(({ engine }) => engine === baseEngine)?.measurement;
  const rows: string[][] = [];
  const row = (title: string, times: (measurement: SuiteMeasurement) => readonly number[] | undefined): void => {
    const basis = base && times(base);
    const cells = records.map(({ engine, measurement }) => {
      const found = times(measurement);
      if (found === undefined) return "";
      const spread = found.length === 1 ? inMs(found[0]!) : three(found);
      if (basis === undefined || engine === baseEngine) return spread;
      return `${spread} · ${ratio(Math.min(...found), Math.min(...basis))}`;
    });
    if (cells.some(Boolean)) rows.push([title, ...cells]);
  };
  row("load", ({ loadMs }) => [loadMs]);
  row("of that, build", ({ buildMs }) => (buildMs === undefined ? undefined : [buildMs]));
  for (const task of suiteTasks) row(suiteTitles[task], ({ tasks }) => tasks[task]?.ms);
  for (const task of endToEndTasks) row(`${suiteTitles[task]}, end to end`, ({ endToEndMs }) => endToEndMs?.[task]);
  const perEdge = ({ measurement: { residentBytes, numEdges } }: SuiteRecord): string =>
    (residentBytes / numEdges).toFixed(1);
  rows.push(["resident bytes an edge", ...records.map(perEdge)]);
  const { graph, textBytes, measurement } = records[0]!;
  const size = [measurement.numVertices, measurement.numEdges].map((count) => count.toLocaleString("en"));
  return [
    `## ${graph}: ${size[0]} vertices, ${size[1]} edges, ${Math.round(textBytes / 1e6)} MB of text`,
    markdown(["", ...records.map(({ engine }) => engine)], rows),
    records.map(circumstances).join("\n"),
  ].join("\n\n");
}

function circumstances({ engine, measurement, machine, date, load, note }: SuiteRecord): string {
  const when = `${date.slice(0, 16).replace("T", " ")} UTC`;
  return `- ${engine}: ${measurement.version}; ${machine}; ${when}, load ${load.toFixed(1)} before${note === undefined ? "" : `; ${note}`}`;
}

function three(times: readonly number[]): string {
  return [Math.min(...times), median(times), Math.max(...times)].map(inMs).join(" / ").replaceAll(" ms /", " /");
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_cell, at) => (at === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
