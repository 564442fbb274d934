/**
 * What a command has around it while it runs: where it writes, who hears of its progress, what stops it.
 */
import { hasCode } from "../core/errors.ts";
import { type Interrupt, listenForInterrupt } from "./interrupt.ts";
import { type Progress, showProgress } from "./progress.ts";
import type { ReportRequest } from "./requests.ts";
import { type Style, styleFor } from "./style.ts";

/** The surroundings of a running command. */
export interface Session {
  /** Data goes here, and nothing else. */
  readonly stdout: NodeJS.WriteStream;
  /** How text on standard output may look. */
  readonly style: Style;
  /** Takes the run's events. */
  readonly progress: Progress;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Says something on standard error, unless --quiet. */
  note(line: string): void;
}

/** Runs `action` in a session. An action that Ctrl-C ended gives 130, one that SIGTERM ended 143. */
export async function inSession(
  request: ReportRequest,
  action: (session: Session) => Promise<number>,
): Promise<number> {
  const { stderr, stdout, env } = process;
  const style = styleFor(stderr, env, request.color);
  const progress = showProgress({ mode: request.progress, stream: stderr, style, env });
  const interrupt = listenForInterrupt({ say: (line) => progress.say(line) });
  const session: Session = {
    stdout,
    style: styleFor(stdout, env, request.color),
    progress,
    signal: interrupt.signal,
    note: (line) => {
      if (!request.quiet) progress.say(line);
    },
  };
  try {
    return await action(session);
  } catch (error) {
    return codeIfInterrupted(error, interrupt);
  } finally {
    progress.stop();
    interrupt.dispose();
  }
}

function codeIfInterrupted(error: unknown, { exitCode }: Interrupt): number {
  if (exitCode !== undefined && (hasCode(error, "CANCELLED") || hasCode(error, "CONTEXT_STOPPED"))) return exitCode;
  throw error;
}
