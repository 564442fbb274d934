import type { Driver } from "../../core/cluster/driver.ts";
import { nameScriptOf } from "../../core/function/inspectFunction.ts";
import type { OperatorRef } from "../../core/host/task.ts";
import { sharedSuperstepRef } from "../superstep/sharedSuperstep.ts";
import { probeRef } from "./mapRows.ts";

const operators: readonly OperatorRef[] = [probeRef, sharedSuperstepRef];

let isNamed = false;

/**
 * Has threads load what runs functions. Call before one is taken apart: that takes the driver as long. Those of algorithms,
 * bundled, are in one script with this one, whose name is then known without asking for all scripts: some 40 ms.
 */
export function expectFunctions(driver: Pick<Driver, "loadOperators">): void {
  driver.loadOperators(operators);
  if (!isNamed) nameScriptOf(expectFunctions, import.meta.url);
  isNamed = true;
}
