import type { Driver } from "../../core/cluster/driver.ts";
import type { OperatorRef } from "../../core/host/task.ts";
import { sharedSuperstepRef } from "../superstep/sharedSuperstep.ts";
import { probeRef } from "./mapRows.ts";

const operators: readonly OperatorRef[] = [probeRef, sharedSuperstepRef];

/** Has threads load what runs users' functions. Call before one is taken apart: that takes the driver as long. */
export function expectFunctions(driver: Pick<Driver, "loadOperators">): void {
  driver.loadOperators(operators);
}
