/**
 * Shows on standard error how a run goes on.
 */
import type { EventListener, SuperstepEvent } from "../core/schedule/events.ts";
import type { ProgressMode } from "./progressModes.ts";
import { type ProgressState, advance, noProgress, progressLine } from "./progressState.ts";
import { describeWarning } from "./report.ts";
import type { Style, TextStream } from "./style.ts";

/** Progress on its way to a stream. */
export interface Progress {
  /** Takes the run's events. */
  readonly listener: EventListener;
  /** Prints a line of its own, above the bar if there is one. */
  say(line: string): void;
  /** Ends the display. The bar of the last phase stays as a line. May be called again. */
  stop(): void;
}

/** Options of `showProgress`. */
export interface ShowProgressOptions {
  readonly mode: ProgressMode;
  readonly stream: TextStream;
  readonly style: Style;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /** Calls back every `ms` milliseconds until the function it returns is called. Default: `setInterval`. */
  readonly every?: (ms: number, call: () => void) => () => void;
}

/** A run shorter than this shows no progress, in milliseconds. */
const quietMs = 1000;
const barIntervalMs = 100;
const plainIntervalMs = 10_000;

/**
 * Starts to show progress. `bar`: one line that changes in place, a line for each phase that has ended, nothing in the
 * first second. `plain`: a line every 10 s. `json`: each event as a line of JSON, at once, and
 * what else is said as an object of type "note". `none`: warnings alone.
 */
export function showProgress(options: ShowProgressOptions): Progress {
  const { stream, style, env, now = Date.now, every = onInterval } = options;
  const isTerminal = stream.isTTY === true && env["TERM"] !== "dumb";
  const mode = options.mode === "auto" ? (isTerminal ? "bar" : "plain") : options.mode;
  if (mode === "json") return jsonProgress(stream);

  const startedAt = now();
  let state: ProgressState = noProgress;
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) stream.write("\r\u001b[K");
    isDrawn = false;
  };
  const draw = (): void => {
    if (state.phase === undefined || now() - startedAt < quietMs) return;
    const line = progressLine(state.phase, now());
    if (mode === "plain") stream.write(`${line}\n`);
    else stream.write(`\r${line.slice(0, (stream.columns ?? 80) - 1)}\u001b[K`);
    isDrawn = mode === "bar";
  };
  const stopTimer = mode === "none" ? () => {} : every(mode === "bar" ? barIntervalMs : plainIntervalMs, draw);
  const keepLine = (phase: ProgressState["phase"]): void => {
    if (mode !== "bar" || phase === undefined || !isDrawn) return;
    stream.write(`\r${progressLine(phase, now()).slice(0, (stream.columns ?? 80) - 1)}\u001b[K\n`);
    isDrawn = false;
  };
  const say = (line: string): void => {
    clear();
    stream.write(line.endsWith("\n") ? line : `${line}\n`);
  };
  return {
    listener(event) {
      state = advance(state, event);
      keepLine(state.ended);
      if (event.type === "warning") say(describeWarning(event.code, event.text, style));
    },
    say,
    stop() {
      stopTimer();
      keepLine(state.phase);
      state = noProgress;
    },
  };
}

function jsonProgress(stream: TextStream): Progress {
  return {
    listener: (event) => void stream.write(`${eventJson(event)}\n`),
    say: (text) => void stream.write(`${JSON.stringify({ v: 1, type: "note", text: text.trimEnd() })}\n`),
    stop() {},
  };
}

/** An event as JSON; numbers that JSON lacks are their names. */
function eventJson(event: SuperstepEvent): string {
  return JSON.stringify(event, (_key, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
}

function onInterval(ms: number, call: () => void): () => void {
  const timer = setInterval(call, ms);
  timer.unref();
  return () => clearInterval(timer);
}
