/**
 * Ctrl-C: the first ends the run at the next superstep, the second at once.
 */
import { exitCodes } from "./exitCodes.ts";

/** A run that can be interrupted. */
export interface Interrupt {
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** The exit code of what came first, or undefined if nothing came. */
  readonly exitCode: number | undefined;
  /** Stops listening. */
  dispose(): void;
}

/** What `listenForInterrupt` acts on. */
export interface InterruptSurroundings {
  /** Gets what happens, as a line. */
  readonly say: (line: string) => void;
  /** What the first one leads to: "ending at the next superstep". */
  readonly ending: () => string;
  /** Default: the process. */
  readonly source?: Pick<NodeJS.Process, "on" | "off">;
  /** Default: `process.exit`. */
  readonly exit?: (code: number) => void;
}

/**
 * Listens for SIGINT and SIGTERM. The first one says what happens and aborts `signal`: the run ends soon, a graph's
 * program at the next superstep, with 130 or 143. The next one ends the process there and then; unfinished files remove themselves as it
 * exits.
 */
export function listenForInterrupt({
  say,
  ending,
  source = process,
  exit = endProcess,
}: InterruptSurroundings): Interrupt {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    const code = name === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
    if (exitCode !== undefined) {
      exit(code);
      return;
    }
    exitCode = code;
    say(`${name === "SIGTERM" ? "terminated" : "interrupted"}: ${ending()}; Ctrl-C again ends at once`);
    controller.abort();
  };
  source.on("SIGINT", onSignal);
  source.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose() {
      source.off("SIGINT", onSignal);
      source.off("SIGTERM", onSignal);
    },
  };
}

function endProcess(code: number): void {
  process.exit(code);
}
