/**
 * What a command has around it while it runs: where it writes, who hears of its progress, what stops it.
 */
import { hasCode } from "../core/errors.ts";
import { type Interrupt, listenForInterrupt } from "./interrupt.ts";
import { superstepLine } from "./progressState.ts";
import { type Progress, showProgress } from "./progress.ts";
import { describeWarning } from "./report.ts";
import type { ReportRequest } from "./requests.ts";
import { type Style, styleFor } from "./style.ts";

/** The surroundings of a running command. */
export interface Session {
  /** Prints data on standard output, where nothing else goes. Progress ends: they would mix on a terminal. */
  print(text: string): void;
  /** How text on standard output may look. */
  readonly style: Style;
  /** Takes the run's events. */
  readonly progress: Progress;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** The exit code that Ctrl-C leads to, undefined before it. */
  readonly exitCode: number | undefined;
  /** What the first Ctrl-C leads to, in words. */
  ending: string;
  /** Says something on standard error, unless --quiet. */
  note(line: string): void;
  /** Warns on standard error. */
  warn(code: string, text: string): void;
}

/** Runs `action` in a session. An action that Ctrl-C ended gives 130, one that SIGTERM ended 143. */
export async function inSession(
  request: ReportRequest,
  action: (session: Session) => Promise<number>,
): Promise<number> {
  const { stderr, stdout, env } = process;
  const style = styleFor(stderr, env, request.color);
  const shown = showProgress({ mode: request.progress, stream: stderr, style, env });
  const progress = request.verbose && request.progress !== "json" ? tellingSupersteps(shown) : shown;
  const interrupt = listenForInterrupt({ say: (line) => progress.say(line), ending: () => session.ending });
  const session: Session = {
    print(text) {
      progress.stop();
      stdout.write(text);
    },
    style: styleFor(stdout, env, request.color),
    progress,
    signal: interrupt.signal,
    get exitCode() {
      return interrupt.exitCode;
    },
    ending: "ending at the next superstep",
    note: (line) => {
      if (!request.quiet) progress.say(line);
    },
    warn: (code, text) => progress.say(describeWarning(code, text, style)),
  };
  try {
    return await action(session);
  } catch (error) {
    const code = codeIfInterrupted(error, interrupt);
    const superstep = checkpointOf(error);
    if (superstep !== undefined) {
      progress.say(`stopped after superstep ${superstep}; the same command with --resume goes on from there`);
    }
    return code;
  } finally {
    progress.stop();
    interrupt.dispose();
  }
}

/** Also says each superstep as a line. */
function tellingSupersteps(progress: Progress): Progress {
  return {
    ...progress,
    listener(event) {
      progress.listener(event);
      if (event.type === "superstep") progress.say(superstepLine(event));
    },
  };
}

function codeIfInterrupted(error: unknown, { exitCode }: Interrupt): number {
  if (exitCode !== undefined && (hasCode(error, "CANCELLED") || hasCode(error, "CONTEXT_STOPPED"))) return exitCode;
  throw error;
}

/** The superstep after which an interrupted run left a checkpoint, if it did. */
function checkpointOf(error: unknown): number | undefined {
  const { details } = error as { details?: { superstep?: unknown; checkpoint?: unknown } };
  return typeof details?.superstep === "number" && details.checkpoint !== undefined ? details.superstep : undefined;
}
