/**
 * Faults on purpose, for tests: a process fails at a named point of its work, as often as there are tokens for it.
 *
 * Armed by two environment variables: SUPERSTEP_FAULTS names a directory, SUPERSTEP_TESTING must be "1". A file in it named
 * `<point>.<manner>.<anything>` is one fault: the process that gets to the point first removes the file, which no two can,
 * and fails in that manner. So exactly as many faults fire as there were files, and each leaves its mark.
 */
import { readdirSync, unlinkSync } from "node:fs";
import path from "node:path";
import { SuperstepError } from "../errors.ts";

/** Where an executor can be made to fail, on its main thread. */
export type FaultPoint =
  /** A task was sent to a thread. */
  | "launch"
  /** A map output is about to be stored; was stored. */
  | "beforeStore"
  | "afterStore"
  /** A task has ended, which nobody was told yet. */
  | "finish"
  /** A part of an exchange is about to be sent; a part was received. */
  | "ship"
  | "receive"
  /** Columns of its arena are about to be read by the driver. */
  | "gather";

/** Called at each point. */
export type FaultPoints = (point: FaultPoint) => void;

/** What a process does at a fault. `exit42`: exits with code 42. */
const manners: Readonly<Record<string, () => void>> = {
  kill: () => process.kill(process.pid, "SIGKILL"),
  freeze: () => process.kill(process.pid, "SIGSTOP"),
  abort: () => process.abort(),
  exit0: () => process.exit(0),
  exit42: () => process.exit(42),
};

/**
 * The fault points of this process: none unless they are armed.
 *
 * @throws SuperstepError INVALID_ARGUMENT if faults are named without the flag of tests.
 */
export function faultPoints(environment: NodeJS.ProcessEnv = process.env): FaultPoints {
  const directory = environment["SUPERSTEP_FAULTS"];
  if (directory === undefined || directory === "") return () => undefined;
  if (environment["SUPERSTEP_TESTING"] !== "1") {
    const message = "fault points: SUPERSTEP_FAULTS is for tests alone, and needs SUPERSTEP_TESTING=1. Unset it";
    throw new SuperstepError("INVALID_ARGUMENT", message);
  }
  return (point) => {
    for (const file of readdirSync(directory)) {
      const [name, manner = ""] = file.split(".");
      const fail = Object.hasOwn(manners, manner) ? manners[manner] : undefined;
      if (name === point && fail !== undefined && take(path.join(directory, file))) fail();
    }
  };
}

function take(token: string): boolean {
  try {
    unlinkSync(token);
    return true;
  } catch {
    return false; // another process was quicker
  }
}
