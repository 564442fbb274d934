/**
 * Cuts a graph's lineage: its shape and columns are written, read back, and from then on read instead of made.
 */
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Driver } from "../core/cluster/driver.ts";
import { freeColumns } from "../core/column/columnSet.ts";
import type { ColumnRef, ColumnSet } from "../core/column/types.ts";
import { SuperstepError } from "../core/errors.ts";
import type { RunOptions } from "../core/schedule/job.ts";
import { readFileRef, verifyFileRef, writeFileRef, type ColumnFile } from "./columns/columnFile.ts";
import { allocateContents, fromTemplate, templateOf, type Template } from "./columns/template.ts";
import type { Deferred } from "./deferred.ts";
import { makeRoom } from "./makeRoom.ts";
import { everything, useParts, type GraphParts, type MadeParts } from "./parts.ts";
import { cutColumns } from "./partition/cutTopology.ts";
import { freeTopology } from "./partition/idColumn.ts";
import type { CutPart, Topology } from "./partition/topology.ts";
import { Shape } from "./shape.ts";

/** A shape as plain data. */
interface PlainShape {
  readonly topology: Topology;
  readonly cut?: readonly CutPart[];
}

/** A value that was written. */
interface Saved<T> {
  readonly template: Template<T>;
  readonly file: ColumnFile;
}

/** The files of parts whose lineage was cut. */
const files = new WeakMap<object, string>();

/**
 * Writes what of `parts` is not written yet to files of a new directory in the context's checkpoint directory, reads
 * them back, and only then lets the files take the place of lineage.
 *
 * Eager. The files stay when the program ends.
 *
 * @throws SuperstepError INVALID_ARGUMENT if no checkpoint directory is set; BLOCK_CORRUPT if what is read back is not
 *   what was written; then nothing has changed.
 */
export async function checkpointParts(parts: GraphParts, options: RunOptions = {}): Promise<void> {
  const { checkpointDir, driver } = parts.ctx;
  if (checkpointDir === undefined) {
    throw new SuperstepError("INVALID_ARGUMENT", "checkpoint: call context.setCheckpointDir(directory) first");
  }
  if (checkpointFiles(parts).length === 3) return;
  const directory = path.join(checkpointDir, `graph-${randomUUID()}`);
  await mkdir(directory, { recursive: true });
  try {
    await useParts(parts, everything, async (made) => {
      const cutLineage = await saveParts(driver, parts, made, directory, options);
      for (const cut of cutLineage) await cut();
    });
  } catch (error) {
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    throw error;
  }
}

/** The files that are read instead of making the shape, the vertices and the edges, as far as lineage is cut. */
export function checkpointFiles({ shape, vertices, edges }: GraphParts): string[] {
  return [shape, vertices, edges].flatMap((part) => files.get(part) ?? []);
}

/** Writes and verifies; returns what is left to do once all is well. */
async function saveParts(
  driver: Driver,
  parts: GraphParts,
  { shape: { topology, cut }, vertices, edges }: MadeParts,
  directory: string,
  options: RunOptions,
): Promise<(() => Promise<void>)[]> {
  const shape: PlainShape = cut === undefined ? { topology } : { topology, cut };
  const save = async <T>(name: string, value: T, columns: readonly ColumnRef[]): Promise<Saved<T>> => {
    const { template, contents } = templateOf(value, columns);
    const tasks = [{ path: path.join(directory, name), ...contents }];
    const [file] = await driver.runTasks<ColumnFile>({ name: "checkpoint", operator: writeFileRef, tasks }, options);
    await driver.runTasks({ name: "verify checkpoint", operator: verifyFileRef, tasks: [file] }, options);
    return { template, file: file! };
  };
  const setColumns = async (part: Deferred<ColumnSet>, name: string, set: ColumnSet): Promise<() => Promise<void>> => {
    const saved = await save(name, set, columnsOf(set));
    return () =>
      cutAt(
        part,
        saved,
        () => restored(driver, saved),
        (made) => freeColumns(driver.arena, made),
      );
  };
  const setShape = async (): Promise<() => Promise<void>> => {
    const saved = await save("shape", shape, [...topology.columns, ...(cut === undefined ? [] : cutColumns(cut))]);
    const make = async (): Promise<Shape> => {
      const plain = await restored(driver, saved);
      return new Shape(driver, plain.topology, plain.cut);
    };
    return () => cutAt(parts.shape, saved, make, (made) => freeShape(driver, made));
  };
  const isOpen = (part: object): boolean => !files.has(part);
  const work: Promise<() => Promise<void>>[] = [];
  if (isOpen(parts.shape)) work.push(setShape());
  if (isOpen(parts.vertices)) work.push(setColumns(parts.vertices, "vertices", vertices));
  if (isOpen(parts.edges)) work.push(setColumns(parts.edges, "edges", edges));
  const outcomes = await Promise.allSettled(work); // all have ended before the directory may go
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}

async function cutAt<T>(
  part: Deferred<T>,
  { file }: Saved<unknown>,
  make: () => Promise<T>,
  free: (value: T) => void | Promise<void>,
): Promise<void> {
  files.set(part, file.path);
  await part.replaceLineage(make, free);
}

/** Reads a value into new columns. */
function restored<T>(driver: Driver, { template, file }: Saved<T>): Promise<T> {
  return makeRoom(driver, async () => {
    const columns = allocateContents(template, driver.arena, "checkpoint");
    try {
      const tasks = [{ file, columns, blockBytes: template.blockBytes }];
      const spec = { name: "read checkpoint", operator: readFileRef, tasks };
      const [blocks] = await driver.runTasks<SharedArrayBuffer[]>(spec);
      return fromTemplate(template, { columns, blocks: blocks! });
    } catch (error) {
      for (const column of columns) driver.arena.free(column);
      throw error;
    }
  });
}

/** A restored shape owns its topology, also if it is cut. */
async function freeShape(driver: Driver, shape: Shape): Promise<void> {
  await shape.free();
  if (shape.cut !== undefined) freeTopology(driver.arena, shape.topology);
}

function columnsOf({ columns }: ColumnSet): ColumnRef[] {
  return columns.flatMap((column) =>
    column.kind === "encoded" ? [] : [column.data, ...(column.validity === undefined ? [] : [column.validity])],
  );
}
