/**
 * A superstep over consecutive vertices as one compiled loop: scan, merge and apply. Where only the scan compiles, the
 * loop calls out once a target.
 */
import { Calls } from "../../core/compile/calls.ts";
import { assembleLoop, type CompiledLoop } from "../../core/compile/compiledLoop.ts";
import { LoopParams } from "../../core/compile/loopParams.ts";
import { isRefusal, refusable, type Refusal } from "../../core/compile/refused.ts";
import type { Callee, Statement } from "../../core/compile/tree.ts";
import { leavesOf, type Data } from "../../core/compile/value.ts";
import type { ApplyInput } from "../superstep/apply.ts";
import type { ScanInput, ScanRows } from "../superstep/scan.ts";
import { ApplyRow, type OnApplied } from "./applyRow.ts";
import { addNextSends } from "./compileSends.ts";
import type { MessageType } from "./messageType.ts";
import { ScanLoop, type ScannedTarget } from "./scanLoop.ts";
import { addTileTargets, canWalkTiles, compileTileWalk, type TileWalk } from "./tileLoop.ts";

/**
 * A scan that leaves targets to others. Its hook "target" is given the target, 1 if messages came, else 0, and the
 * numbers that `message` is made of.
 */
export interface CompiledScan {
  readonly loop: CompiledLoop;
  /** Text of the merged message, over `m0`, `m1`, …. */
  readonly message: string;
  readonly numLeaves: number;
}

/** A superstep in one loop. With `walk`, that one runs before, over the tiles of a block. */
export interface FusedSuperstep {
  readonly loop: CompiledLoop;
  readonly walk?: TileWalk;
}

/** A compiled superstep; `scan` instead of `loop` where the apply runs as JavaScript, for this reason. */
export type CompiledSuperstep = FusedSuperstep | { readonly scan: CompiledScan; readonly applyRefused: Refusal };

/**
 * Compiles a superstep over rows of consecutive vertices; the refusal of the scan if that does not compile. With
 * `apply.nextSent` its loop writes that too.
 */
export function compileSuperstep(scan: ScanInput, apply: ApplyInput, rows: ScanRows): CompiledSuperstep | Refusal {
  const loop = compileFused(scan, apply, rows);
  if (!isRefusal(loop))
    return rows.tiles === undefined ? { loop } : { loop, walk: compileTileWalk(typeOf(scan, rows)) };
  // Encoded columns are gathered, so that every target must be looked at; placed ones keep what they had.
  const isGathered = apply.output.columns.some((column) => column.kind === "encoded" && column.placed === undefined);
  const isForAll = apply.program.applyTo === "all" || isGathered;
  const alone = compileScan(scan, rows, isForAll);
  return isRefusal(alone) ? alone : { scan: alone, applyRefused: loop };
}

/** True if a superstep can walk tiles instead of the rows. */
export function walksTiles(scan: ScanInput, apply: ApplyInput, rows: ScanRows): boolean {
  return !isRefusal(compileFused(scan, apply, rows)) && canWalkTiles(scan, rows, typeOf(scan, rows));
}

function typeOf(scan: ScanInput, rows: ScanRows): MessageType {
  return new ScanLoop(scan, rows, new LoopParams()).messageType;
}

/** The loop of scan and apply, or why there is none; with tiles, that of what was merged there, and apply. */
export function compileFused(scan: ScanInput, apply: ApplyInput, rows: ScanRows): CompiledLoop | Refusal {
  return refusable("vertexProgram", () => {
    const params = new LoopParams();
    const calls = new Calls();
    const scanning = new ScanLoop(scan, rows, params);
    const writeNextSent: OnApplied = (index) =>
      addNextSends(scan, rows, scanning.message, apply.output, index, params, calls);
    const applying = new ApplyRow(apply, params, apply.nextSent && writeNextSent);
    applying.begin(calls);
    const onTarget = (target: ScannedTarget): void => applying.add(target, calls);
    const counts =
      rows.tiles === undefined
        ? scanning.add(calls, onTarget)
        : addTileTargets(scanning.messageType, params, calls, onTarget);
    return assembleLoop(params, calls.builder.statements, { ...counts, ...applying.results() });
  });
}

/** Compiles a scan. `isForAll`: targets without messages are given to the hook too. */
export function compileScan(scan: ScanInput, rows: ScanRows, isForAll: boolean): CompiledScan | Refusal {
  return refusable("sendMessage", () => {
    const params = new LoopParams();
    const calls = new Calls();
    const scanning = new ScanLoop(scan, rows, params);
    const { builder } = calls;
    const counts = scanning.add(calls, ({ index, has, merged }) => {
      const leaves = leavesOf(merged);
      const callee: Callee = { name: "target", params: ["i32", "i32", ...leaves.map(({ type }) => type)] };
      const call: Statement = { do: "call", callee, args: [index, has, ...leaves] };
      if (isForAll) builder.add(call);
      else builder.branch(has, () => builder.add(call));
    });
    const loop = assembleLoop(params, builder.statements, { ...counts });
    return { loop, message: textOf(scanning.message), numLeaves: leavesOf(scanning.message).length };
  });
}

/** JavaScript that makes a value again from its leaves. */
function textOf(value: Data): string {
  let next = 0;
  const text = (each: Data): string => {
    switch (each.kind) {
      case "number":
      case "bigint":
        return `m${next++}`;
      case "boolean":
        return `(m${next++} !== 0)`;
      case "missing":
        return each.as;
      case "optional": {
        const present = `m${next++} !== 0`;
        return `(${present} ? ${text(each.value)} : ${each.as})`;
      }
      case "record":
        return `({ ${Array.from(each.fields, ([name, field]) => `${JSON.stringify(name)}: ${text(field)}`).join(", ")} })`;
    }
  };
  return text(value);
}
