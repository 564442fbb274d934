/**
 * Faults on purpose as a user writes them: `kill-host@superstep=5`.
 */
import { invalidArgument } from "./errors.ts";

/** What is done: to the process of an executor, or to a thread. */
export type ChaosAction = "kill-host" | "freeze-host" | "kill-thread";

/** One fault: as superstep `number` begins, or as the stage begins that is the `number`th of the program. */
export interface ChaosFault {
  readonly action: ChaosAction;
  readonly at: "superstep" | "stage";
  /** From 1. */
  readonly number: number;
}

/** Faults, and the seed by which executors are picked. */
export interface ChaosPlan {
  readonly faults: readonly ChaosFault[];
  /** Default 0. */
  readonly seed: number;
}

const form =
  "ACTION@superstep=N or ACTION@stage=N, N from 1, several separated by commas, perhaps with #seed=S at the end; " +
  "ACTION is kill-host, freeze-host or kill-thread";
const faultForm = /^(kill-host|freeze-host|kill-thread)@(superstep|stage)=(\d{1,9})$/;
const maxFaults = 100;

/**
 * Reads a specification: `kill-host@superstep=5,freeze-host@stage=2#seed=7`.
 *
 * @throws SuperstepError INVALID_ARGUMENT if it is of another form, names a fault twice, or more than 100.
 */
export function parseChaos(specification: string): ChaosPlan {
  const text = String(specification);
  const [, list = "", seedText = "0"] = /^([^#]*)(?:#seed=(\d{1,15}))?$/.exec(text) ?? [];
  if (list === "") throw invalidArgument("chaos", "the specification", form, specification);
  const faults = list.split(",").map((part): ChaosFault => {
    const [, action, at, number] = faultForm.exec(part.trim()) ?? [];
    if (number === undefined || Number(number) < 1) throw invalidArgument("chaos", "a fault", form, part.trim());
    return { action: action as ChaosAction, at: at as ChaosFault["at"], number: Number(number) };
  });
  if (faults.length > maxFaults) throw invalidArgument("chaos", "the faults", `at most ${maxFaults}`, faults.length);
  const twice = faults.find((fault, index) => faults.findIndex((other) => nameOf(other) === nameOf(fault)) < index);
  if (twice !== undefined) throw invalidArgument("chaos", "each fault", "named once", nameOf(twice));
  return { faults, seed: Number(seedText) };
}

/** A fault as its user wrote it. */
export function nameOf({ action, at, number }: ChaosFault): string {
  return `${action}@${at}=${number}`;
}
