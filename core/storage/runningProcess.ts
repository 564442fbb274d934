/**
 * Whether processes of this machine still run: what they left behind is kept as long as they do.
 */
import { readFileSync } from "node:fs";

/** True if a process runs, or may run and belongs to somebody else. A zombie does not: it holds nothing any more. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
  return process.platform !== "linux" || startOf(pid) !== undefined;
}

/** When a process began, in ticks since its machine did; undefined where that is not told, or if none of that id runs. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : fields[18];
  } catch {
    return undefined;
  }
}
