/**
 * Where a driver's executors come from, by its master.
 */
import type { Config } from "../config.ts";
import { SuperstepError } from "../errors.ts";
import type { Clock } from "../net/clock.ts";
import type { Transport } from "../net/transport.ts";
import type { Launcher } from "./launcher.ts";
import type { Master } from "./master.ts";

/** What brings executors about, and how they are reached. Both are the driver's from then on. */
export interface ExecutorSource {
  readonly launcher: Launcher;
  readonly transport: Transport;
  /** Where the driver listens. Default 127.0.0.1. */
  readonly listenOn?: string | undefined;
  /** Default the clock of this process. */
  readonly clock?: Clock | undefined;
}

/** The source that a master names; gRPC is loaded only here. */
export async function executorSource(master: Master, config: Config): Promise<ExecutorSource> {
  if (master.kind !== "localCluster") {
    throw new SuperstepError("INVALID_ARGUMENT", `master: ${master.kind} has no executors in this version`);
  }
  const { grpcTransport } = await import("../net/grpcTransport.ts");
  const { Secret } = await import("../net/secret.ts");
  const { LocalLauncher } = await import("./localLauncher.ts");
  const secret = Secret.generate();
  const { numExecutors, numThreads } = master;
  return {
    launcher: new LocalLauncher({ numExecutors, numThreads, config, secret }),
    transport: grpcTransport({ role: "driver", secret }),
  };
}
