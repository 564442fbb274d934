/**
 * Drivers that run on workers: submitted, started, ended, as the master sees it.
 */
import type { Request, Response } from "../../net/messages.ts";
import type { ClusterStep } from "./clusterProtocol.ts";
import type { ClusterState, DriverRecord } from "./clusterState.ts";

/** Drivers that have ended and are remembered. */
const keptDrivers = 100;

/** A program is submitted. */
export function submitDriver(
  state: ClusterState,
  { submission, program, args, cores, recovery }: Request<"master.submitDriver">,
  step: ClusterStep,
): void {
  if (state.drivers.has(submission)) return;
  addDriver(state, { submission, program, args, cores, recovery, state: "waiting", worker: undefined });
  forgetOldDrivers(state);
  step.isChanged = true;
  step.commands.push({ type: "note", text: `driver ${submission} submitted` });
}

/** A driver runs on a worker that registers: known, or from an earlier life of the master. */
export function adoptDriver(state: ClusterState, submission: string, worker: string, step: ClusterStep): void {
  const driver = state.drivers.get(submission);
  if (driver === undefined) {
    addDriver(state, { submission, program: "", args: [], cores: 0, state: "running", worker });
    step.isChanged = true;
  } else if (driver.state === "lost" || driver.state === "waiting") {
    driver.state = "running";
    driver.worker = worker;
    driver.text = "";
    step.isChanged = true;
  } else if (driver.state !== "running" || driver.isStopping) {
    step.commands.push({ type: "stopDriver", worker, submission });
  }
}

/**
 * Launches again the drivers that are to run on a worker that does not report them. A worker runs a driver only once, so one
 * that has ended meanwhile is told of again, and one that it never heard of starts.
 */
export function restartMissingDrivers(
  state: ClusterState,
  worker: string,
  reported: ReadonlySet<string>,
  step: ClusterStep,
): void {
  for (const { submission, program, args, cores, recovery, ...driver } of state.drivers.values()) {
    if (driver.state !== "running" || driver.worker !== worker || reported.has(submission)) continue;
    step.commands.push({ type: "launchDriver", worker, submission, program, args, cores, recovery });
  }
}

/** A driver has ended. */
export function driverEnded(
  state: ClusterState,
  { worker, submission, exitCode, text }: Request<"master.driverEnded">,
  step: ClusterStep,
): void {
  const driver = state.drivers.get(submission);
  if (driver === undefined || driver.worker !== worker) return;
  if (driver.state !== "running" && driver.state !== "lost") return;
  driver.state = driver.isStopping ? "killed" : exitCode === 0 ? "finished" : "failed";
  driver.exitCode = exitCode;
  driver.text = text;
  step.isChanged = true;
  step.commands.push({ type: "note", text: `driver ${submission} ${driver.state} with exit code ${exitCode}` });
}

/** Somebody wants a driver ended. */
export function killDriver(state: ClusterState, submission: string, step: ClusterStep): void {
  const driver = state.drivers.get(submission);
  if (driver === undefined) return;
  if (driver.state === "waiting") {
    driver.state = "killed";
    driver.text = "ended before it started";
    step.isChanged = true;
  } else if (driver.state === "running" && driver.worker !== undefined) {
    driver.isStopping = true;
    step.isChanged = true;
    step.commands.push({ type: "stopDriver", worker: driver.worker, submission });
  }
}

/** The drivers on a worker are out of reach. */
export function loseDrivers(state: ClusterState, worker: string, text: string): void {
  for (const driver of state.drivers.values()) {
    if (driver.state !== "running" || driver.worker !== worker) continue;
    driver.state = "lost";
    driver.text = text;
  }
}

/** What is known of a driver. */
export function driverStatus({ drivers }: ClusterState, submission: string): Response<"master.driverStatus"> {
  const driver = drivers.get(submission);
  if (driver === undefined) return { state: "unknown", exitCode: 0, text: "" };
  const { state, exitCode, text } = driver;
  return { state, exitCode, text };
}

function addDriver(
  state: ClusterState,
  driver: Pick<DriverRecord, "submission" | "program" | "args" | "cores" | "recovery" | "state" | "worker">,
): void {
  const order = state.nextOrder++;
  state.drivers.set(driver.submission, { ...driver, order, isStopping: false, exitCode: 0, text: "" });
}

function forgetOldDrivers({ drivers }: ClusterState): void {
  const ended = [...drivers.values()].filter(({ state }) => state !== "waiting" && state !== "running");
  for (const { submission } of ended.slice(0, Math.max(0, ended.length - keptDrivers))) drivers.delete(submission);
}
