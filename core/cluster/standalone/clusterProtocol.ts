/**
 * What happens to a master, and what it wants done: the two sides of `manageCluster`.
 */
import type { Request } from "../../net/messages.ts";

/** Something that happened. */
export type ClusterEvent =
  | { readonly type: "workerRegistered"; readonly request: Request<"master.registerWorker"> }
  | { readonly type: "workerHeard"; readonly worker: string }
  /** It said so, or cannot be reached. */
  | { readonly type: "workerGone"; readonly worker: string; readonly text: string; readonly isLoss: boolean }
  | { readonly type: "applicationRegistered"; readonly request: Request<"master.registerApplication"> }
  | { readonly type: "applicationHeard"; readonly request: Request<"master.applicationHeartbeat"> }
  | { readonly type: "applicationEnded"; readonly application: string }
  | { readonly type: "executorKilled"; readonly application: string; readonly executor: string }
  | { readonly type: "executorLaunched"; readonly executor: string }
  | {
      readonly type: "executorEnded";
      readonly worker: string;
      readonly executor: string;
      readonly text: string;
      /** It was told to end. */
      readonly drained: boolean;
    }
  | { readonly type: "driverSubmitted"; readonly request: Request<"master.submitDriver"> }
  | {
      readonly type: "driverEnded";
      readonly worker: string;
      readonly submission: string;
      readonly exitCode: number;
      readonly text: string;
    }
  | { readonly type: "driverKilled"; readonly submission: string }
  | { readonly type: "timer" };

/** Something to do. */
export type ClusterCommand =
  | ({ readonly type: "launchExecutor"; readonly worker: string } & Request<"worker.launchExecutor">)
  | ({ readonly type: "stopExecutor"; readonly worker: string } & Request<"worker.stopExecutor">)
  | ({ readonly type: "launchDriver"; readonly worker: string } & Request<"worker.launchDriver">)
  | ({ readonly type: "stopDriver"; readonly worker: string } & Request<"worker.stopDriver">)
  /** What is to outlive the master has changed. */
  | { readonly type: "save" }
  /** A line for whoever watches. */
  | { readonly type: "note"; readonly text: string }
  /** A `timer` event is wanted at this time; it replaces an earlier one. Infinity: none. */
  | { readonly type: "wakeAt"; readonly time: number };

/** One step: the commands gathered so far. */
export interface ClusterStep {
  readonly now: number;
  readonly commands: ClusterCommand[];
  /** What is to outlive the master has changed. */
  isChanged: boolean;
}
