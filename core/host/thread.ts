/**
 * Entry of a worker thread: runs tasks one at a time, as the main thread sends them.
 *
 * Nothing that a task does ends the thread but exit and an exhausted heap: what it throws, also later and from a
 * callback, is reported. What a task leaves behind and fails within the turn of its end, fails that task.
 */
import { collectGarbage } from "./collectGarbage.ts";
import { AsyncLocalStorage } from "node:async_hooks";
import { register } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { Arena } from "../column/arena.ts";
import { assert, SuperstepError } from "../errors.ts";
import { SegmentRing } from "../net/segmentRing.ts";
import { encodeError } from "../remoteError.ts";
import { kindOfThrown } from "../schedule/failure.ts";
import type { FromThread, Forget, ThreadData, ToThread } from "./messages.ts";
import { loadOperator } from "./operators.ts";
import type { OperatorRef } from "./task.ts";
import { type CurrentTask, ThreadState } from "./taskEnvironment.ts";
import { ThreadBlocks } from "./threadBlocks.ts";
import { ThreadDeliveries } from "./threadDeliveries.ts";

type RunMessage = ToThread & { type: "run" };

/** The end of a task, until it is reported: strays can still turn it into a failure. */
type Outcome = { readonly result: unknown } | { readonly thrown: unknown };

assert(parentPort, "thread.ts is the entry of a worker thread");
const port = parentPort;
const { memory, cancelFlag, moduleHooks, ring } = workerData as ThreadData;
const arena = Arena.over(memory);
const blocks = new ThreadBlocks(port, memory.buffer);
const deliveries = new ThreadDeliveries(port, arena, ring && new SegmentRing(ring));
const state = new ThreadState(arena, blocks, deliveries, cancelFlag);
const stages = new Map<number, { readonly operator: OperatorRef; readonly shared: unknown }>();
/** Which task a callback belongs to. */
const taskOfCallback = new AsyncLocalStorage<CurrentTask & { readonly label: string }>();
let outcome: Outcome | undefined;

registerHooks(moduleHooks); // before anything catches errors: a hook that cannot be loaded is a thread that cannot start
port.on("message", receive);
port.on("messageerror", (error) => {
  // the main thread waits for the launch that it sent last, and knows which one that was
  post({ type: "failed", launch: 0, kind: "permanent", error: encodeError(undelivered(error)), isStuck: false });
});
process.on("uncaughtException", (error) => onStray(error));
process.on("unhandledRejection", (error) => onStray(error));
post({ type: "ready" });

function receive(message: ToThread): void {
  switch (message.type) {
    case "run":
      if (message.forget !== undefined) forget(message.forget);
      if (message.stage !== undefined) stages.set(message.stageId, message.stage);
      return run(message);
    case "forget":
      return forget(message.forget);
    case "collectGarbage":
      return collectGarbage();
    case "loadOperators":
      return loadOperators(message.operators);
    case "moduleHooks":
      return registerHooks(message.urls);
    case "replies":
      return blocks.settle(message.replies);
  }
}

/** Loads operators ahead of their tasks, which tell if it fails. */
function loadOperators(operators: readonly OperatorRef[]): void {
  for (const operator of operators) void Promise.resolve(loadOperator(operator)).catch(() => undefined);
}

function run(message: RunMessage): void {
  const { launch, jobId, stageId, partition, attempt } = message;
  const task: CurrentTask = { launch, jobId, stageId, partition, attempt };
  const label = `job ${jobId}, stage ${stageId}, partition ${partition}, attempt ${attempt}`;
  state.current = task;
  outcome = undefined;
  taskOfCallback.run({ ...task, label }, () => {
    compute(message, task).then(
      (result) => end(task, { result }),
      (thrown: unknown) => end(task, { thrown }),
    );
  });
}

async function compute(message: RunMessage, task: CurrentTask): Promise<unknown> {
  const stage = stages.get(message.stageId);
  assert(stage, `stage ${message.stageId} was never sent to this thread`);
  const loading = loadOperator(stage.operator);
  const operator = loading instanceof Promise ? await loading : loading;
  return operator(stage.shared, message.params, state.contextOf(task));
}

/** Waits out the turn: rejections that nobody handles are known only then. */
function end(task: CurrentTask, ended: Outcome): void {
  outcome = ended;
  setImmediate(() => {
    if (state.current !== task || outcome === undefined) return;
    const final = outcome;
    state.current = undefined;
    const contributions = state.takeContributions();
    if ("thrown" in final) {
      deliveries.clear();
      return postFailure(task, final.thrown, false);
    }
    deliveries.flush();
    try {
      post({ type: "done", launch: task.launch, result: final.result, contributions });
    } catch (error) {
      postFailure(task, unsendable(error), false);
    }
  });
}

/** Blames an error that nobody caught on its task; if it cannot be told which, on the one that runs or ended last. */
function onStray(error: unknown): void {
  const running = state.current;
  const owner = taskOfCallback.getStore();
  if (running === undefined || (owner !== undefined && owner.launch !== running.launch)) {
    return post({ type: "stray", task: owner?.label, error: encodeError(error) });
  }
  if (outcome === undefined) {
    state.current = undefined;
    postFailure(running, error, true);
  } else if (!("thrown" in outcome)) outcome = { thrown: error };
}

function postFailure(task: CurrentTask, thrown: unknown, isStuck: boolean): void {
  const error = encodeError(thrown);
  post({ type: "failed", launch: task.launch, kind: kindOfThrown(error), error, isStuck });
}

function forget({ stages: ids, broadcasts }: Forget): void {
  for (const id of ids) stages.delete(id);
  for (const id of broadcasts) state.forgetBroadcast(id);
}

function registerHooks(urls: readonly string[]): void {
  for (const url of urls) register(url);
}

function unsendable(cause: unknown): SuperstepError {
  const message =
    "task result: must be plain data that can be cloned. Return numbers, strings, records or typed arrays";
  return new SuperstepError("NOT_SHIPPABLE", message, { cause });
}

function undelivered(cause: unknown): SuperstepError {
  const message =
    "task: what was sent to the thread did not arrive, such as a view over the whole arena. Send a ColumnRef";
  return new SuperstepError("NOT_SHIPPABLE", message, { cause });
}

function post(message: FromThread): void {
  port.postMessage(message);
}
