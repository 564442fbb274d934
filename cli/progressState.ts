/**
 * What a run is at, from its events; and how one line says it. Pure: time comes with the events.
 */
import type { SuperstepEvent } from "../core/schedule/events.ts";
import { grouped } from "./counted.ts";

/** A stretch of a run: reading, building, computing, writing. */
export interface Phase {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly done: number;
  /** 0 if not known. */
  readonly total: number;
  readonly unit: string;
  /** The last superstep, where supersteps make up the phase. */
  readonly superstep?: {
    readonly n: number;
    readonly active: number;
    readonly messages: number;
    readonly delta?: number | undefined;
  };
}

/** What is known of a run. */
export interface ProgressState {
  readonly phase: Phase | undefined;
  /** The phase that ended with the last event, if one did. */
  readonly ended: Phase | undefined;
}

/** Before the first event. */
export const noProgress: ProgressState = { phase: undefined, ended: undefined };

/** The state after `event`. */
export function advance(state: ProgressState, event: SuperstepEvent): ProgressState {
  if (event.type === "phase") {
    const { phase: name, done, total, unit } = event;
    return next(state, { name, startedAt: event.time, done, total, unit });
  }
  if (event.type === "superstep") {
    const { n, active, messages, delta } = event;
    const superstep = delta === undefined ? { n, active, messages } : { n, active, messages, delta };
    const startedAt = event.time - event.ms;
    return next(state, { name: "compute", startedAt, done: n + 1, total: 0, unit: "supersteps", superstep });
  }
  return state.ended === undefined ? state : { ...state, ended: undefined };
}

/** The line for a phase at time `now`: `read  [#####-----]  52%  14 MB of 27 MB  9.3 MB/s  1 s left`. */
export function progressLine(phase: Phase, now: number): string {
  const seconds = Math.max(0, now - phase.startedAt) / 1000;
  const parts = [phase.name.padEnd(9)];
  if (phase.superstep !== undefined) {
    parts.push(...superstepParts(phase.superstep), duration(seconds));
    return parts.join("  ");
  }
  const rate = seconds > 0 ? phase.done / seconds : 0;
  if (phase.total > 0) {
    const share = Math.min(1, phase.done / phase.total);
    const filled = Math.round(share * barWidth);
    parts.push(`[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}]`, `${Math.floor(share * 100)}%`.padStart(4));
    parts.push(`${amount(phase.done, phase.unit)} of ${amount(phase.total, phase.unit)}`);
  } else if (phase.done > 0) {
    parts.push(amount(phase.done, phase.unit));
  }
  if (rate > 0 && phase.done > 0) parts.push(`${amount(rate, phase.unit)}/s`);
  if (phase.total > phase.done && rate > 0) parts.push(`${duration((phase.total - phase.done) / rate)} left`);
  else parts.push(duration(seconds));
  return parts.join("  ");
}

/** The line for one superstep: `superstep 3  12 active  40 messages  delta 0.01  1.5 ms`. */
export function superstepLine(event: SuperstepEvent & { readonly type: "superstep" }): string {
  return [...superstepParts(event), `${Number(event.ms.toPrecision(3))} ms`].join("  ");
}

function superstepParts({ n, active, messages, delta }: NonNullable<Phase["superstep"]>): string[] {
  const parts = [`superstep ${n}`, `${grouped(active)} active`, `${grouped(messages)} messages`];
  if (delta !== undefined) parts.push(`delta ${Number(delta.toPrecision(3))}`);
  return parts;
}

const barWidth = 20;

/** A phase goes on while its name stays; another one begins at the time of its first event. */
function next(state: ProgressState, phase: Phase): ProgressState {
  const { phase: current } = state;
  if (current?.name !== phase.name) return { phase, ended: current };
  return { phase: { ...phase, startedAt: Math.min(current.startedAt, phase.startedAt) }, ended: undefined };
}

/** A count with its unit; bytes in units of 1000. */
function amount(count: number, unit: string): string {
  if (unit !== "bytes") return `${grouped(Math.round(count))} ${unit}`;
  const exponent = count < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** exponent;
  return `${value < 10 && exponent > 0 ? value.toFixed(1) : Math.round(value)} ${["B", "kB", "MB", "GB", "TB"][exponent]}`;
}

/** A time for human eyes: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
