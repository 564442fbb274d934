/**
 * The tables of the operators' tests, run on executors in other processes.
 */
import { useClusterMaster } from "../../support/masters.ts";

useClusterMaster("local-cluster[2,1]");
await import("./transformations.test.ts");
await import("./pairs.test.ts");
await import("./actions.test.ts");
await import("./sortBy.test.ts");
