/**
 * `superstep worker`: offers this machine to a master, until Ctrl-C.
 */
import os from "node:os";
import { clusterAccess } from "../../core/cluster/clusterAccess.ts";
import { parseMaster } from "../../core/cluster/master.ts";
import { Worker } from "../../core/cluster/standalone/worker.ts";
import { invalidArgument } from "../../core/errors.ts";
import { ownVersions } from "../../core/net/grpcOptions.ts";
import { grpcTransport } from "../../core/net/grpcTransport.ts";
import { exitCodes } from "../exitCodes.ts";
import type { WorkerRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { ChildProcesses } from "./childProcesses.ts";
import { interrupted } from "./interrupted.ts";

/** Works until interrupted; resolves to the exit code. */
export async function worker(request: WorkerRequest, session: Session): Promise<number> {
  const form = "of the form superstep://host:port, as the master says when it starts";
  if (!request.master.startsWith("superstep://")) throw invalidArgument("worker", "the master", form, request.master);
  const place = parseMaster(request.master);
  if (place.kind !== "standalone") throw invalidArgument("worker", "the master", form, request.master);
  const access = await clusterAccess(place.address, request);
  const { host, ...proof } = access;
  const transport = grpcTransport({ role: "worker", ...proof });
  const { cores = os.availableParallelism(), memory = defaultMemory() } = request;
  session.ending = "stopping the worker and its executors";
  const note = (text: string): void => session.note(`worker: ${text}`);
  let running: Worker | undefined;
  try {
    running = await Worker.start({
      transport,
      master: place.address,
      host,
      cores,
      memoryBytes: memory,
      workDirectory: request.workDir ?? os.tmpdir(),
      processes: new ChildProcesses(place.address, request, access),
      versions: ownVersions(),
      note,
    });
    const share = `${cores} ${cores === 1 ? "core" : "cores"}, ${Math.floor(memory / 2 ** 20)} MiB`;
    note(`offers ${share} to superstep://${place.address}; listening on ${running.address}`);
    await interrupted(session.signal);
    return exitCodes.ok;
  } finally {
    await running?.stop();
    await transport.close();
  }
}

/** All memory but a GiB for the system; at least half. */
function defaultMemory(): number {
  const constrained = process.constrainedMemory();
  const total = constrained > 0 ? Math.min(constrained, os.totalmem()) : os.totalmem();
  return Math.max(Math.floor(total / 2), total - 2 ** 30);
}
