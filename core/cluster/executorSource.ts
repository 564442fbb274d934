/**
 * Where a driver's executors come from, by its master.
 */
import type { Config } from "../config.ts";
import type { ClusterOptions } from "../contextDefaults.ts";
import { type Clock, systemClock } from "../net/clock.ts";
import type { GrpcTransportOptions } from "../net/grpcOptions.ts";
import type { Address, Transport } from "../net/transport.ts";
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

/** What a program says of its executors, beside its master. */
export interface SourceOptions {
  readonly config: Config;
  /** The application's name, for people. */
  readonly appName: string;
  /** Of `superstep://`: how to get at the cluster, and how much of it is wanted. */
  readonly cluster: ClusterOptions;
}

/**
 * The source that a master names; gRPC is loaded only here.
 *
 * @throws SuperstepError UNAUTHENTICATED if a cluster's secret is missing; INVALID_ARGUMENT if a file or a number is wrong.
 */
export async function executorSource(
  master: Exclude<Master, { readonly kind: "local" }>,
  options: SourceOptions,
): Promise<ExecutorSource> {
  const { grpcTransport } = await import("../net/grpcTransport.ts");
  if (master.kind === "standalone") return standaloneSource(master.address, options, grpcTransport);
  const { Secret } = await import("../net/secret.ts");
  const { LocalLauncher } = await import("./localLauncher.ts");
  const { segmentDirectory } = await import("./segmentDirectory.ts");
  const secret = Secret.generate();
  const { numExecutors, numThreads } = master;
  const segments = segmentDirectory();
  return {
    launcher: new LocalLauncher({ numExecutors, numThreads, config: options.config, secret, segments }),
    transport: grpcTransport({ role: "driver", secret, segmentDirectory: segments?.path }),
  };
}

async function standaloneSource(
  master: Address,
  { config, appName, cluster }: SourceOptions,
  grpcTransport: (options: GrpcTransportOptions) => Transport,
): Promise<ExecutorSource> {
  const { clusterAccess } = await import("./clusterAccess.ts");
  const { StandaloneLauncher } = await import("./standalone/standaloneLauncher.ts");
  const { ownVersions } = await import("../net/grpcOptions.ts");
  const { host, ...access } = await clusterAccess(master, cluster);
  const transport = grpcTransport({ role: "driver", ...access });
  const launcher = new StandaloneLauncher({
    transport,
    clock: systemClock,
    master,
    name: appName,
    share: cluster,
    versions: ownVersions(),
    defaultWaitMs: config.noHostGraceMs,
  });
  return { launcher, transport, listenOn: host };
}
