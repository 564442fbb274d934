/**
 * Entry of an executor's process. It is told by its parent, through standard input, whom to serve, and ends with it.
 */
import { createInterface } from "node:readline";
import { systemClock } from "../../net/clock.ts";
import { grpcTransport } from "../../net/grpcTransport.ts";
import { ownVersions } from "../../net/grpcOptions.ts";
import { Secret } from "../../net/secret.ts";
import { readTls } from "../../net/tls.ts";
import { faultPoints } from "../../host/faultPoint.ts";
import { encodeError } from "../../remoteError.ts";
import { lineOf } from "../../schedule/failure.ts";
import { Executor } from "./executor.ts";
import type { ExecutorSettings } from "./executorProcess.ts";

// Ctrl-C reaches all processes of a terminal: when this one ends is up to its parent
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => process.exit(0));

try {
  const secret = await Secret.receive(process.stdin);
  const settings = await readSettings();
  const { executor: name, driver, numThreads, startMs, listenOn, tls, insecureNoTls } = settings;
  const { spillDirectory, maxBlockMemoryBytes, segmentDirectory } = settings;
  const executor = await Executor.start({
    executor: name,
    numThreads,
    driver,
    startMs,
    transport: grpcTransport({
      role: "executor",
      secret,
      segmentDirectory,
      ...(tls === undefined ? {} : { tls: readTls(tls) }),
      ...(insecureNoTls === undefined ? {} : { insecureNoTls }),
    }),
    clock: systemClock,
    versions: ownVersions(),
    faultPoints: faultPoints(),
    spillDirectory,
    maxBlockMemoryBytes,
    segmentDirectory,
    ...(listenOn === undefined ? {} : { listenOn }),
  });
  await executor.ended;
  process.exit(0); // threads that do not stop end with the process
} catch (error) {
  process.stderr.write(`executor: ${lineOf(encodeError(error))}\n`);
  process.exit(1);
}

/** The line after the secret. From then on the process ends when its standard input does. */
function readSettings(): Promise<ExecutorSettings> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.once("line", (line) => resolve(JSON.parse(line) as ExecutorSettings));
    lines.once("close", () => process.exit(0));
  });
}
