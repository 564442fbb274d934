/**
 * `superstep submit`: a user's whole program, with its driver here or on a worker of a cluster.
 */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clusterAccess } from "../../core/cluster/clusterAccess.ts";
import { parseMaster } from "../../core/cluster/master.ts";
import { SuperstepError, hasCode, invalidArgument } from "../../core/errors.ts";
import { ownVersions } from "../../core/net/grpcOptions.ts";
import { grpcTransport } from "../../core/net/grpcTransport.ts";
import type { DriverRecovery, Response } from "../../core/net/messages.ts";
import type { Peer, Transport } from "../../core/net/transport.ts";
import { exitCodes } from "../exitCodes.ts";
import type { RecoveryRequest, SubmitRequest } from "../requests.ts";
import type { Session } from "../session.ts";
import { defaultsOf } from "./ownContexts.ts";
import { programFile, runProgram } from "./wholeProgram.ts";

/** Milliseconds between two questions for the state of a driver, and without a master until that is an error. */
const askMs = 500;
const masterlessMs = 60_000;

/** Runs a program; resolves to the exit code. */
export async function submit(request: SubmitRequest, session: Session): Promise<number> {
  if (request.deploy === "cluster") return submitToCluster(request, session);
  const { program, args } = request;
  session.ending = "ending the program";
  const { listener } = session.progress;
  await runProgram(program, args, { ...defaultsOf(request), listener, signal: session.signal });
  return session.exitCode ?? exitCodes.ok;
}

async function submitToCluster(request: SubmitRequest, session: Session): Promise<number> {
  const place = request.master === undefined ? undefined : parseMaster(request.master);
  if (place?.kind !== "standalone") {
    throw invalidArgument(
      "submit",
      "--master",
      "superstep://host:port with --deploy cluster",
      request.master ?? "none",
    );
  }
  const program = await programFile(request.program);
  const { host: _, ...access } = await clusterAccess(place.address, request.cluster);
  const transport = grpcTransport({ role: "client", ...access });
  try {
    return await new Submission(transport, place.address, session).run(program, request);
  } finally {
    await transport.close();
  }
}

type Status = Response<"master.driverStatus">;

/** A driver on a cluster, from here. */
class Submission {
  readonly #id: string = `driver-${randomBytes(8).toString("hex")}`;
  readonly #transport: Transport;
  readonly #master: string;
  readonly #session: Session;
  #peer: Peer | undefined;

  constructor(transport: Transport, master: string, session: Session) {
    this.#transport = transport;
    this.#master = master;
    this.#session = session;
  }

  async run(program: string, { args, cluster, ...others }: SubmitRequest): Promise<number> {
    const session = this.#session;
    const cores = cluster?.cores ?? 0;
    const recovery = recoveryOf(others);
    const request = { submission: this.#id, program, args, cores, recovery, versions: ownVersions() };
    await (await this.#connected()).call("master.submitDriver", request);
    session.note(`submitted ${this.#id}`);
    session.ending = `ending ${this.#id}`;
    const { state, exitCode, text } = await this.#watch();
    if (text !== "") session.print(text.endsWith("\n") ? text : `${text}\n`);
    if (state === "lost" || state === "unknown")
      throw new SuperstepError("HOST_LOST", `submit: ${this.#id} is ${state}: its worker or master was lost`);
    return session.exitCode ?? exitCode;
  }

  /** Says each state; resolves with the last one. */
  async #watch(): Promise<Status> {
    let told = "";
    let heardAt = performance.now();
    let isKilled = false;
    for (;;) {
      try {
        const peer = await this.#connected();
        if (this.#session.signal.aborted && !isKilled) {
          await peer.call("master.killDriver", { submission: this.#id });
          isKilled = true;
        }
        const status = await peer.call("master.driverStatus", { submission: this.#id });
        heardAt = performance.now();
        const line = `${this.#id}: ${status.state}${isEnded(status) ? `, exit code ${status.exitCode}` : ""}`;
        if (line !== told) this.#session.note(line);
        told = line;
        if (status.state !== "waiting" && status.state !== "running") return status;
      } catch (error) {
        this.#peer = undefined;
        // a master that is started anew knows its submissions
        if (!hasCode(error, "UNREACHABLE") || performance.now() - heardAt > masterlessMs) throw error;
      }
      await sleep(askMs);
    }
  }

  async #connected(): Promise<Peer> {
    this.#peer ??= await this.#transport.connect(this.#master, "master");
    return this.#peer;
  }
}

/** What of the request the driver is told; paths are taken as they are here. */
function recoveryOf(request: RecoveryRequest): DriverRecovery | undefined {
  const { checkpointDir, checkpointEvery, resume, resumeOtherNode, chaos } = request;
  if (checkpointDir === undefined && chaos === undefined) return undefined;
  const directory = checkpointDir === undefined ? undefined : path.resolve(checkpointDir);
  return { checkpointDir: directory, checkpointEvery, resume, resumeOtherNode, chaos };
}

function isEnded({ state }: Status): boolean {
  return state === "finished" || state === "failed" || state === "killed";
}
