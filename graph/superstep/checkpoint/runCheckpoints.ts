/**
 * The checkpoints of one run of supersteps: written every few of them, read when the run starts again, removed when it has
 * ended well, or when its program lets go of them.
 */
import path from "node:path";
import { allocateColumns, freeColumns } from "../../../core/column/columnSet.ts";
import type { ColumnRef, ColumnSet, EncodedChunk, StoredColumn } from "../../../core/column/types.ts";
import { makeDirectory } from "../../../core/storage/makeDirectory.ts";
import { assert, excerpt, hasCode, SuperstepError } from "../../../core/errors.ts";
import { readFileRef, verifyFileRef, writeFileRef, type ColumnFile } from "../../columns/columnFile.ts";
import type { Carrier, Generation, GlobalValues } from "../carrier.ts";
import type { Supersteps } from "../runSupersteps.ts";
import { CheckpointFolder, manifestsOf } from "./checkpointFolder.ts";
import type { CheckpointPlan } from "./checkpointOptions.ts";
import { claimFolder } from "./folderClaim.ts";
import { manifestFormat, savedColumns, type Manifest } from "./manifest.ts";
import { bindRun, differences, presentWriter, type RunBinding, type Writer } from "./runBinding.ts";

/** Where a run stands. */
export interface RunState {
  /** Supersteps that have ended. */
  readonly superstep: number;
  readonly globals: GlobalValues;
}

/** Checkpoints that are kept: the latest, and the one before, in case the latest is damaged. */
const kept = 2;

export class RunCheckpoints {
  readonly #run: Supersteps;
  readonly #plan: CheckpointPlan;
  readonly #letGo: () => void;
  /** Set while this process writes, or has read, the run's checkpoints. */
  #giveBack: (() => Promise<void>) | undefined;
  #bound: Promise<{ readonly binding: RunBinding; readonly folder: CheckpointFolder }> | undefined;
  /** Supersteps of the checkpoints that this run wrote, or went on from, the latest first. */
  #own: readonly number[] = [];

  /** Cheap: the graph is looked at when the first checkpoint is due, or looked for. */
  constructor(run: Supersteps, plan: CheckpointPlan) {
    this.#run = run;
    this.#plan = plan;
    this.#letGo = plan.context.interrupts?.hold() ?? (() => undefined);
  }

  /**
   * Brings the carrier to the last good checkpoint, if the run is to be resumed and there is one; says where it stands.
   *
   * @throws SuperstepError INVALID_ARGUMENT if the directory cannot be made, or what is there belongs to another graph,
   *   program, parameters or version.
   */
  async start(carrier: Carrier): Promise<RunState | undefined> {
    const { directory, resume } = this.#plan;
    const { operation } = this.#run;
    try {
      makeDirectory(directory);
    } catch (error) {
      throw new SuperstepError(
        "INVALID_ARGUMENT",
        `${operation}: checkpointDirectory must be one that exists or can be made, got ${excerpt(directory)}`,
        { details: { directory }, cause: error },
      );
    }
    if (resume) return this.#resume(carrier);
    if ((await manifestsOf(directory, operation)).length === 0) return undefined;
    const { folder } = await this.#bind();
    const [last] = await folder.supersteps();
    if (last !== undefined && !this.#plan.context.checkpoints.isKept(folder.path)) {
      this.#warn(
        "CHECKPOINT_REPLACED",
        `${operation}: an unfinished run of this program stands after superstep ${last}, in ${excerpt(folder.path)}; ` +
          `its checkpoints are replaced at the first one of this run, which starts from the beginning: resume goes on there`,
      );
    }
    return undefined;
  }

  /** The next superstep after `superstep` at whose end `after` has to be called. */
  nextAfter(superstep: number): number {
    const { every } = this.#plan;
    return superstep - (superstep % every) + every;
  }

  /**
   * Writes a checkpoint if one is due after this superstep; ends the run if the program was asked to end.
   *
   * @throws SuperstepError CANCELLED as `endIfAsked`.
   * @throws SuperstepError TASK_FAILED if there is no room on the disk: the checkpoint before stays.
   */
  async after(state: RunState, carrier: Carrier): Promise<void> {
    if (state.superstep % this.#plan.every === 0) await this.#save(state, carrier);
    await this.endIfAsked(state, carrier);
  }

  /**
   * Writes a checkpoint and ends the run, if the program was asked to end.
   *
   * @throws SuperstepError CANCELLED then.
   */
  async endIfAsked(state: RunState, carrier: Carrier): Promise<void> {
    if (this.#plan.context.interrupts?.isClosing !== true) return;
    const { operation } = this.#run;
    const { superstep } = state;
    if (superstep === 0) throw new SuperstepError("CANCELLED", `${operation}: stopped before its first superstep`);
    if (this.#own[0] !== superstep) await this.#save(state, carrier);
    const { folder } = await this.#bind();
    throw new SuperstepError(
      "CANCELLED",
      `${operation}: stopped after superstep ${superstep}; its checkpoint is in ${excerpt(folder.path)}: ` +
        `resume goes on from there`,
      { details: { superstep, checkpoint: folder.path } },
    );
  }

  /** Removes the checkpoints, or leaves that to the context: the run has its result. */
  async ended(): Promise<void> {
    if (this.#bound === undefined) return; // never looked for any, nor wrote one
    const { folder } = await this.#bound;
    if (!this.#plan.keep) return this.#remove(folder);
    this.#plan.context.checkpoints.keep(folder.path, () => this.#remove(folder));
  }

  async #remove(folder: CheckpointFolder): Promise<void> {
    try {
      await this.#claim(folder);
      await folder.clear();
      await this.close();
      await folder.removeEmpty();
    } catch (error) {
      this.#warn(
        "CHECKPOINT_LEFT",
        `${this.#run.operation}: its checkpoints in ${excerpt(folder.path)} could not be removed: ${messageOf(error)}`,
      );
    }
  }

  /** Lets the program end, and other processes have the checkpoints. Idempotent. */
  async close(): Promise<void> {
    this.#letGo();
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    await giveBack?.();
  }

  async #claim(folder: CheckpointFolder): Promise<void> {
    this.#giveBack ??= await claimFolder(this.#run.operation, folder.path);
  }

  async #save({ superstep, globals }: RunState, carrier: Carrier): Promise<void> {
    const { driver, operation } = this.#run;
    const { binding, folder } = await this.#bind();
    let crc = 0;
    let bytes = 0;
    try {
      await this.#claim(folder);
      await folder.add(superstep, async (temporary) => {
        const manifest = await carrier.lend((generation) => {
          assert(generation, "a superstep left no columns");
          return this.#write(temporary, binding, superstep, globals, generation);
        });
        ({ crc, byteLength: bytes } = manifest.file);
        return manifest;
      });
      this.#own = [superstep, ...this.#own].slice(0, kept);
      await folder.keepOnly(this.#own);
    } catch (error) {
      throw this.#failure(error, superstep, folder);
    }
    driver.events.emit({ type: "checkpoint", job: null, superstep, bytes, checksum: crc, operation });
  }

  /** Writes columns, reads them back, and describes them. */
  async #write(
    folder: string,
    run: RunBinding,
    superstep: number,
    globals: GlobalValues,
    { columns: set, received, areAllActive }: Generation,
  ): Promise<Manifest> {
    const { driver } = this.#run;
    const contents = contentsOf(set, received);
    const tasks = [{ path: path.join(folder, "columns"), ...contents }];
    const write = { name: "checkpoint", operator: writeFileRef, tasks };
    const [written] = await driver.runTasks<ColumnFile>(write);
    await driver.runTasks({ name: "verify checkpoint", operator: verifyFileRef, tasks: [written] });
    const { path: _path, ...file } = written!;
    return {
      format: manifestFormat,
      run,
      ordinal: this.#plan.ordinal,
      writer: presentWriter(),
      superstep,
      globals,
      areAllActive,
      numVertices: set.length,
      schema: set.schema,
      columns: savedColumns(set),
      file,
    };
  }

  async #resume(carrier: Carrier): Promise<RunState | undefined> {
    const { operation, driver } = this.#run;
    const { binding, folder } = await this.#bind();
    const supersteps = await folder.supersteps();
    if (supersteps.length === 0) await this.#refuseOthers(binding);
    else await this.#claim(folder);
    for (const superstep of supersteps) {
      const manifest = await folder.manifest(superstep);
      const where = `${operation}: the checkpoint after superstep ${superstep} in ${excerpt(folder.path)}`;
      if (manifest === undefined || manifest.run.key !== binding.key) {
        this.#warn("CHECKPOINT_DAMAGED", `${where} is damaged: its manifest is not what was written; passing over it`);
        continue;
      }
      this.#checkWriter(manifest.writer, where);
      try {
        await carrier.restore(await this.#read(manifest, folder.columnsPath(superstep)));
      } catch (error) {
        if (!hasCode(error, "BLOCK_CORRUPT")) throw error;
        this.#warn("CHECKPOINT_DAMAGED", `${where} is damaged: its columns are not what was written; passing over it`);
        continue;
      }
      this.#own = [superstep];
      driver.events.emit({ type: "resumed", job: null, superstep, operation });
      return { superstep, globals: manifest.globals };
    }
    this.#warn(
      "NOTHING_TO_RESUME",
      `${operation}: there is no ${supersteps.length === 0 ? "" : "good "}checkpoint of this run in ` +
        `${excerpt(this.#plan.directory)}; it starts from the beginning`,
    );
    return undefined;
  }

  /** New columns with what a file holds; the caller's. */
  async #read({ schema, numVertices, columns, areAllActive, file }: Manifest, at: string): Promise<Generation> {
    const { driver, operation } = this.#run;
    const { arena } = driver;
    const stored = allocateColumns(arena, schema, numVertices, operation);
    const set: ColumnSet = { schema, length: numVertices, columns: stored };
    let received: ColumnRef<"uint8"> | undefined;
    try {
      received = arena.allocate("uint8", numVertices, operation);
      const chunks = columns.flatMap((column) => (column.kind === "encoded" ? column.chunks : []));
      const target = {
        file: { ...file, path: at },
        columns: contentsOf(set, received).columns,
        blockBytes: chunks.map(({ bytes }) => bytes),
      };
      const spec = { name: "read checkpoint", operator: readFileRef, tasks: [target] };
      const [blocks] = await driver.runTasks<SharedArrayBuffer[]>(spec);
      return { columns: { ...set, columns: withBlocks(stored, columns, blocks!) }, received, areAllActive };
    } catch (error) {
      freeColumns(arena, set);
      if (received !== undefined) arena.free(received);
      throw error;
    }
  }

  /** @throws SuperstepError INVALID_ARGUMENT if an unfinished run stands where this one did, and is another one. */
  async #refuseOthers({ parts }: RunBinding): Promise<void> {
    const { directory, ordinal } = this.#plan;
    const { operation } = this.#run;
    const others = (await manifestsOf(directory, operation)).filter((manifest) => manifest.ordinal === ordinal);
    const found = others.map(({ run, superstep }) => ({ superstep, differing: differences(run.parts, parts) }));
    const closest = found.sort((a, b) => a.differing.length - b.differing.length)[0];
    if (closest === undefined) return;
    const { superstep, differing } = closest;
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `${operation}: the unfinished run in ${excerpt(directory)}, after superstep ${superstep}, is of another ` +
        `graph, program or parameters: it differs in ${differing.join(", ")}; run it as it was, or without resume`,
      { details: { directory, superstep, differing } },
    );
  }

  #checkWriter(writer: Writer, where: string): void {
    const present = presentWriter();
    if (writer.superstep !== present.superstep) {
      throw new SuperstepError(
        "INVALID_ARGUMENT",
        `${where} was written by Superstep ${excerpt(writer.superstep)}, and this is ${present.superstep}; ` +
          `resume it with that one, or start without resume`,
      );
    }
    if (writer.node === present.node || this.#plan.resumeAcrossVersions) return;
    throw new SuperstepError(
      "INVALID_ARGUMENT",
      `${where} was written on Node ${excerpt(writer.node)}, and this is ${present.node}: bits may differ; ` +
        `resume it with that one, or ask for it: resumeAcrossVersions (--resume-other-node)`,
    );
  }

  #bind(): Promise<{ readonly binding: RunBinding; readonly folder: CheckpointFolder }> {
    this.#bound ??= bindRun(this.#run).then((binding) => {
      return { binding, folder: new CheckpointFolder(this.#plan.directory, this.#run.operation, binding.key) };
    });
    return this.#bound;
  }

  #failure(error: unknown, superstep: number, folder: CheckpointFolder): unknown {
    const code = systemCode(error);
    if (code === undefined) return error;
    const [before] = this.#own;
    const rest =
      before === undefined ? "" : `; the checkpoint after superstep ${before} is whole, and resume goes on from there`;
    const what = isOutOfSpace(code)
      ? `there is no room for it on the disk (${code})`
      : `it cannot be written (${code})`;
    return new SuperstepError(
      "TASK_FAILED",
      `${this.#run.operation}: the checkpoint after superstep ${superstep}, in ${excerpt(folder.path)}: ${what}${rest}`,
      {
        details: { superstep, checkpoint: folder.path, systemCode: code, ...(before !== undefined && { before }) },
        cause: error,
      },
    );
  }

  #warn(code: string, text: string): void {
    this.#run.driver.events.emit({ type: "warning", job: null, code, text });
  }
}

/** What a checkpoint's file holds, in order. */
function contentsOf(
  { columns }: ColumnSet,
  received: ColumnRef<"uint8">,
): { readonly columns: readonly ColumnRef[]; readonly blocks: readonly SharedArrayBuffer[] } {
  const fixed = columns.flatMap((column): ColumnRef[] => {
    if (column.kind === "encoded") return [];
    return column.validity === undefined ? [column.data] : [column.data, column.validity];
  });
  return {
    columns: [...fixed, received],
    blocks: columns.flatMap((column) => (column.kind === "encoded" ? column.chunks.map(({ bytes }) => bytes) : [])),
  };
}

/** The columns with the encoded ones' chunks, which were read as blocks. */
function withBlocks(
  stored: readonly StoredColumn[],
  saved: Manifest["columns"],
  blocks: readonly SharedArrayBuffer[],
): StoredColumn[] {
  let next = 0;
  return stored.map((column, at) => {
    const description = saved[at];
    if (description?.kind !== "encoded") return column;
    const chunks = description.chunks.map(({ from, to }): EncodedChunk => ({ from, to, bytes: blocks[next++]! }));
    return { kind: "encoded", chunks };
  });
}

function isOutOfSpace(code: string): boolean {
  return ["ENOSPC", "EFBIG", "EDQUOT"].includes(code);
}

/** The code of the system call that failed, somewhere down the causes. */
function systemCode(error: unknown): string | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 8; each = each.cause, depth++) {
    const { code, syscall } = each as NodeJS.ErrnoException;
    if (syscall !== undefined && code !== undefined) return code;
    const space = ["ENOSPC", "EFBIG", "EDQUOT"].find((name) => code === name);
    if (space !== undefined) return space;
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
