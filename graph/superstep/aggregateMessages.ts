/**
 * One round of messages: ship, scan, combine. Nothing is applied.
 */
import type { ColumnSet } from "../../core/column/types.ts";
import type { Driver } from "../../core/cluster/driver.ts";
import type { RunOptions } from "../../core/schedule/job.ts";
import { ship } from "../../core/function/ship.ts";
import { tellFunctions } from "../functionLog.ts";
import type { Shape } from "../shape.ts";
import type { EdgeContext } from "../types.ts";
import { scanPartRef, type ScannedPart } from "./combine.ts";
import { messagesToColumns, type VertexTable } from "./messagesToColumns.ts";
import { endsSentTo, fieldsRead, type ScanProgram, type TripletFields } from "./program.ts";
import type { ScanInput } from "./scan.ts";

/** What a round of messages does. */
export interface MessageRound<VD, ED, Msg> {
  /** Called for each edge; sends any number of messages to the edge's two ends. */
  readonly sendMessage: (edge: EdgeContext<VD, ED, Msg>) => void;
  /** Merges two messages to one vertex. Applied left to right, in the order of GRAPHX rule G4. */
  readonly mergeMessage: (a: NoInfer<Msg>, b: NoInfer<Msg>) => NoInfer<Msg>;
  /** What `sendMessage` may read of an edge; the rest is undefined. Default: all. */
  readonly tripletFields?: TripletFields;
}

/**
 * Takes the functions of a round apart.
 *
 * @throws SuperstepError NOT_SHIPPABLE if one captures what cannot travel.
 */
export function shipRound<VD, ED, Msg>(operation: string, round: MessageRound<VD, ED, Msg>): ScanProgram {
  const sendMessage = ship(round.sendMessage, operation, "sendMessage") as unknown as ScanProgram["sendMessage"];
  return {
    operation,
    sendMessage,
    mergeMessage: ship(round.mergeMessage, operation, "mergeMessage") as unknown as ScanProgram["mergeMessage"],
    sendsTo: endsSentTo(sendMessage),
    activeDirection: "either",
    reads: fieldsRead(operation, sendMessage, round.tripletFields),
  };
}

/** The merged message of each vertex that received any. */
export async function aggregateMessages(
  driver: Driver,
  shape: Shape,
  vertices: ColumnSet,
  edges: ColumnSet,
  program: ScanProgram,
  options: RunOptions = {},
): Promise<VertexTable> {
  const { operation } = program;
  const asJavaScript = driver.config.compile === 0;
  const shared: ScanInput = { program, ids: shape.topology.ids, vertices, edges, asJavaScript };
  const tasks = await shape.scanRows(program.sendsTo);
  const spec = { name: `${operation}: scan`, operator: scanPartRef, shared, tasks };
  const parts = await driver.runTasks<ScannedPart>(spec, options);
  if (parts[0]?.functions) tellFunctions(driver, operation, parts[0].functions);
  return messagesToColumns(driver, shape.topology, operation, program.mergeMessage, parts);
}
