/**
 * The processes that a worker starts, as it sees them.
 */
import type { Request } from "../../net/messages.ts";

/** How a process ended. */
export interface ProcessEnd {
  /** In words: "exited with code 1", with the end of what it wrote where that helps. */
  readonly text: string;
  /** As a shell gives it: of one that a signal ended 128 and the signal's number. */
  readonly exitCode: number;
  /** The end of what it wrote, at most 16 KiB. */
  readonly output: string;
}

/** A child that runs. */
export interface WorkerProcess {
  /** Resolves once it has ended and nothing of it is left. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Asks it to end, and ends it some seconds later; `force` at once. */
  stop(force: boolean): void;
}

/** Starts the processes of a worker. They end with it, whatever ends it. `directory`: their own, for temporary files. */
export interface WorkerProcesses {
  startExecutor(request: Request<"worker.launchExecutor">, directory: string): WorkerProcess;
  startDriver(request: Request<"worker.launchDriver">, directory: string): WorkerProcess;
}
