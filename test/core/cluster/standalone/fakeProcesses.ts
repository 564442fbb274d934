import type {
  ProcessEnd,
  WorkerProcess,
  WorkerProcesses,
} from "../../../../core/cluster/standalone/workerProcesses.ts";
import { grpcTransport } from "../../../../core/net/grpcTransport.ts";
import type { Secret } from "../../../../core/net/secret.ts";
import type { Role, Transport } from "../../../../core/net/transport.ts";

/** A process that runs until it is told to end. */
export interface FakeProcess {
  readonly name: string;
  readonly directory: string;
  isRunning: boolean;
  wasForced: boolean;
  end(exitCode: number, output?: string): void;
}

/** Processes that are only written down. */
export class FakeProcesses implements WorkerProcesses {
  readonly started: FakeProcess[] = [];

  get running(): FakeProcess[] {
    return this.started.filter(({ isRunning }) => isRunning);
  }

  startExecutor({ executor }: { executor: string }, directory: string): WorkerProcess {
    return this.#start(executor, directory);
  }

  startDriver({ submission }: { submission: string }, directory: string): WorkerProcess {
    return this.#start(submission, directory);
  }

  #start(name: string, directory: string): WorkerProcess {
    let resolve: (end: ProcessEnd) => void;
    const ended = new Promise<ProcessEnd>((settle) => (resolve = settle));
    const fake: FakeProcess = {
      name,
      directory,
      isRunning: true,
      wasForced: false,
      end(exitCode, output = "") {
        fake.isRunning = false;
        resolve({ text: `exited with code ${exitCode}`, exitCode, output });
      },
    };
    this.started.push(fake);
    return {
      ended,
      stop(force) {
        fake.wasForced = force;
        fake.end(143);
      },
    };
  }
}

/** Transports of one test, closed by `close`. */
export class Transports {
  readonly #all: Transport[] = [];
  readonly #secret: Secret;

  constructor(secret: Secret) {
    this.#secret = secret;
  }

  as(role: Role, secret: Secret = this.#secret): Transport {
    const transport = grpcTransport({ role, secret, wrongSecretMs: 20 });
    this.#all.push(transport);
    return transport;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((each) => each.close()));
  }
}

/** Waits until `isTrue`; `what` is said if it takes longer than a minute. */
export async function eventually(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
