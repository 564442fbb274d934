/**
 * How the functions of a driver's operations ran: told as events, and remembered for `explain`.
 */
import type { Driver } from "../core/cluster/driver.ts";
import type { FunctionPath } from "../core/compile/functionPath.ts";

/** Functions that are remembered, those that ran last. */
const maxRemembered = 100;

interface Log {
  /** In the order in which they ran last. */
  readonly lines: Set<string>;
  numForgotten: number;
}

const logs = new WeakMap<Driver, Log>();

/** Tells how the functions of an operation run. */
export function tellFunctions(driver: Driver, operation: string, functions: readonly FunctionPath[]): void {
  driver.events.emit({ type: "functions", job: null, operation, functions });
  remember(
    driver,
    functions.map(({ argument, text }) => `${argument} of ${operation}: ${text}`),
  );
}

/** Tells in which order an operation relaxes edges, and why. */
export function tellOrder(driver: Driver, operation: string, method: "program" | "kernel", text: string): void {
  driver.events.emit({ type: "order", job: null, operation, method, text });
  remember(driver, [`order of ${operation}: ${text}`]);
}

function remember(driver: Driver, told: readonly string[]): void {
  const log = logs.get(driver) ?? { lines: new Set<string>(), numForgotten: 0 };
  logs.set(driver, log);
  for (const line of told) {
    log.lines.delete(line);
    log.lines.add(line);
  }
  for (const line of log.lines) {
    if (log.lines.size <= maxRemembered) break;
    log.lines.delete(line);
    log.numForgotten++;
  }
}

/** What was told so far, a line a function, those that ran last at the end; at first, how many are left out. */
export function functionsTold(driver: Driver): readonly string[] {
  const { lines, numForgotten } = logs.get(driver) ?? { lines: [], numForgotten: 0 };
  return [...(numForgotten > 0 ? [`${numForgotten} that ran before these are left out`] : []), ...lines];
}
