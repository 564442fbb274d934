/**
 * Bounds on how long attempts take: a task's own deadline, and the time that a cancelled one has to end.
 */
import type { LaunchRun, Step } from "./state.ts";

/** Milliseconds beyond a host's own bounds that word of a task's end may take. */
const slackMs = 5000;

/**
 * Asks tasks to stop whose time is over, and for the end of hosts that did not stop a task. Cost: O(attempts that have not
 * ended).
 */
export function watchDeadlines(step: Step): void {
  const { state, now, commands } = step;
  const { taskDeadlineMs, cancelGraceMs, abandonMs } = state.settings;
  for (const run of state.launches.values()) {
    if (run.cancelledAt === undefined) {
      if (taskDeadlineMs === 0 || run.startedAt === undefined) continue;
      const end = run.startedAt + taskDeadlineMs;
      if (now < end) step.wakeAt = Math.min(step.wakeAt, end);
      else cancelLaunch(step, run, "overdue");
    }
    if (run.cancelledAt === undefined) continue;
    const host = state.hosts.get(run.launch.host);
    if (host === undefined || host.isKilled) continue;
    const end = run.cancelledAt + cancelGraceMs + abandonMs + slackMs;
    if (now < end) step.wakeAt = Math.min(step.wakeAt, end);
    else {
      host.isKilled = true;
      const { stageId, partition } = run.launch;
      const reason = `it did not end a cancelled task, stage ${stageId}, partition ${partition}, within ${end - run.cancelledAt} ms`;
      commands.push({ type: "killHost", host: host.id, reason });
    }
  }
}

/** Asks an attempt to stop. Once: the first reason counts. */
export function cancelLaunch({ now, commands }: Step, run: LaunchRun, why: LaunchRun["stopped"]): void {
  if (run.cancelledAt !== undefined) return;
  run.cancelledAt = now;
  run.stopped = why;
  commands.push({ type: "cancelTask", launch: run.launch });
}
