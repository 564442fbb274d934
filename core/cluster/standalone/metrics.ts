/**
 * A cluster's numbers as Prometheus reads them: the text format, version 0.0.4.
 */
import type { ClusterStatus } from "./clusterStatus.ts";

/** The text of `/metrics`. Names of applications are no part of it: they are their users' own. */
export function metricsText(status: ClusterStatus): string {
  const { workers, applications, drivers, endedApplications } = status;
  const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
    items.reduce((total, item) => total + of(item), 0);
  const count = (state: string): number => drivers.filter((driver) => driver.state === state).length;
  const lines: string[] = [];
  const metric = (
    name: string,
    type: "gauge" | "counter",
    help: string,
    values: Readonly<Record<string, number>>,
  ): void => {
    lines.push(`# HELP superstep_${name} ${help}`, `# TYPE superstep_${name} ${type}`);
    for (const [labels, value] of Object.entries(values)) lines.push(`superstep_${name}${labels} ${value}`);
  };
  metric("workers", "gauge", "Workers that are registered.", { "": workers.length });
  metric("worker_cores", "gauge", "Cores that workers offer.", { "": sum(workers, ({ cores }) => cores) });
  metric("worker_cores_free", "gauge", "Cores without an executor or driver.", {
    "": sum(workers, ({ freeCores }) => freeCores),
  });
  metric("worker_memory_bytes", "gauge", "Memory that workers offer.", {
    "": sum(workers, ({ memoryBytes }) => memoryBytes),
  });
  metric("worker_memory_free_bytes", "gauge", "Memory without an executor.", {
    "": sum(workers, ({ freeMemoryBytes }) => freeMemoryBytes),
  });
  metric("workers_lost_total", "counter", "Workers that were lost since the master started.", {
    "": status.lostWorkers,
  });
  metric("applications", "gauge", "Applications that are registered.", {
    '{state="running"}': applications.filter(({ state }) => state === "running").length,
    '{state="waiting"}': applications.filter(({ state }) => state === "waiting").length,
  });
  metric("applications_ended", "gauge", "Applications that are over, of the last 50.", {
    '{how="finished"}': endedApplications.filter(({ how }) => how === "finished").length,
    '{how="lost"}': endedApplications.filter(({ how }) => how === "lost").length,
  });
  metric("executors", "gauge", "Executors that run.", { "": sum(workers, ({ executors }) => executors) });
  metric("executors_launched_total", "counter", "Executors launched since the master started.", {
    "": status.launchedExecutors,
  });
  metric("drivers", "gauge", "Drivers of submitted programs.", {
    '{state="waiting"}': count("waiting"),
    '{state="running"}': count("running"),
    '{state="finished"}': count("finished"),
    '{state="failed"}': count("failed"),
    '{state="lost"}': count("lost"),
    '{state="killed"}': count("killed"),
  });
  return `${lines.join("\n")}\n`;
}
