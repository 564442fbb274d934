/**
 * A crew: the threads that run one kernel together, phase by phase, inside one stage.
 *
 * The first task of the stage that starts is the leader: it runs the algorithm, and opens phases of independent chunks.
 * Whichever threads are there take chunks, and the leader goes on once all are done. A task that starts later joins the
 * phase at hand, one that starts after the end returns at once: the leader waits for nobody who has not begun, so two
 * crews cannot keep each other waiting. Threads meet through words in the arena: a few microseconds a phase.
 */
import type { ColumnRef } from "../../core/column/types.ts";
import type { TaskContext } from "../../core/host/task.ts";

/** Words of the control column; what each task did stands from `joined` on. */
const at = {
  hasLeader: 0,
  isFinished: 1,
  isBroken: 2,
  /** Counts phases opened, and the end: what helpers wait on. */
  epoch: 3,
  /** The open phase plus 1, or 0. */
  phase: 4,
  /** Helpers that may be taking chunks. */
  numInside: 5,
  nextChunk: 6,
  numDone: 7,
  numChunks: 8,
  numMembers: 9,
  /** Numbers for the open phase, two words each. */
  params: 16,
  joined: 32,
} as const;

const maxParams = 8;

/** Length of the control column of a crew of `numTasks` tasks. */
export function controlLength(numTasks: number): number {
  return at.joined + numTasks;
}

/** Works on a chunk of a phase, the same on whichever thread. `params` are what the leader opened the phase with. */
export type Phase = (chunk: number, member: number, params: Float64Array) => void;

/**
 * Runs a phase on the crew, with up to 8 numbers for it; returns when all its chunks are done. A single chunk runs on the
 * leader, at the cost of a call.
 */
export type RunPhase<Step extends string> = (step: Step, numChunks: number, ...params: readonly number[]) => void;

/** Rounds of looking before a thread sleeps: some ten microseconds. */
const spins = 4000;
/** Milliseconds of sleep after which a thread looks whether it was cancelled. */
const sleepMs = 20;

/** True, on the driver, if a task of the crew died while it worked: what the crew did is worth nothing. */
export function isBroken(control: Int32Array): boolean {
  return control[at.isBroken] !== 0;
}

/**
 * Takes part in the crew of this stage, as member 0, the leader, or a further one: each member has a number of its own
 * below the number of tasks. Returns what `lead` returns, on the leader; undefined on the others, and when the crew broke.
 */
export function joinCrew<Step extends string, R>(
  control: ColumnRef<"int32">,
  task: TaskContext,
  phases: Readonly<Record<Step, Phase>>,
  lead: (run: RunPhase<Step>) => R,
): R | undefined {
  const words = task.arena.view(control);
  const params = task.arena.view({ type: "float64", offset: control.offset + 4 * at.params, length: maxParams });
  const crew: Crew = { words, params, task, phases: Object.values(phases) };
  const steps = Object.keys(phases);
  if (Atomics.load(words, at.isFinished) !== 0) return undefined;
  if (Atomics.exchange(words, at.joined + task.partition, 1) !== 0) {
    breakUp(words); // an earlier attempt of this task died at work
    return undefined;
  }
  try {
    if (Atomics.compareExchange(words, at.hasLeader, 0, 1) !== 0) {
      help(crew, Atomics.add(words, at.numMembers, 1) + 1);
      return undefined;
    }
    const result = lead((step, numChunks, ...values) => {
      params.set(values);
      runPhase(crew, steps.indexOf(step), numChunks);
    });
    Atomics.store(words, at.isFinished, 1);
    return result;
  } catch (error) {
    breakUp(words);
    if (error instanceof CrewBroken) return undefined;
    throw error;
  } finally {
    wake(words, at.epoch);
  }
}

interface Crew {
  readonly words: Int32Array;
  readonly params: Float64Array;
  readonly task: TaskContext;
  readonly phases: readonly Phase[];
}

/** Ends the leader's algorithm when a helper has died. */
class CrewBroken extends Error {}

function breakUp(words: Int32Array): void {
  Atomics.store(words, at.isBroken, 1);
  wake(words, at.epoch);
  wake(words, at.numDone);
}

function wake(words: Int32Array, word: number): void {
  if (word === at.epoch) Atomics.add(words, at.epoch, 1);
  Atomics.notify(words, word);
}

function runPhase(crew: Crew, phase: number, numChunks: number): void {
  const { words, params, task } = crew;
  const work = crew.phases[phase]!;
  task.throwIfCancelled();
  if (numChunks <= 1) {
    if (numChunks === 1) work(0, 0, params);
    return;
  }
  words[at.numChunks] = numChunks;
  words[at.nextChunk] = 0;
  words[at.numDone] = 0;
  Atomics.store(words, at.phase, phase + 1);
  wake(words, at.epoch);
  takeChunks(crew, work, 0);
  waitUntil(crew, at.numDone, (done) => done === numChunks);
  Atomics.store(words, at.phase, 0);
  waitUntil(crew, at.numInside, (inside) => inside === 0); // so that none takes a chunk of the next phase for one
}

function takeChunks({ words, params, task }: Crew, work: Phase, member: number): void {
  const numChunks = words[at.numChunks]!;
  for (;;) {
    const chunk = Atomics.add(words, at.nextChunk, 1);
    if (chunk >= numChunks) return;
    task.throwIfCancelled();
    work(chunk, member, params);
    if (Atomics.add(words, at.numDone, 1) + 1 === numChunks) Atomics.notify(words, at.numDone);
  }
}

function help(crew: Crew, member: number): void {
  const { words, phases } = crew;
  let seen = -1;
  while (Atomics.load(words, at.isFinished) === 0 && Atomics.load(words, at.isBroken) === 0) {
    const epoch = Atomics.load(words, at.epoch);
    if (epoch === seen) {
      sleep(crew, at.epoch, epoch);
      continue;
    }
    seen = epoch;
    Atomics.add(words, at.numInside, 1);
    const phase = Atomics.load(words, at.phase);
    if (phase !== 0) takeChunks(crew, phases[phase - 1]!, member);
    if (Atomics.sub(words, at.numInside, 1) === 1) Atomics.notify(words, at.numInside);
  }
}

function waitUntil(crew: Crew, word: number, holds: (value: number) => boolean): void {
  for (;;) {
    const value = Atomics.load(crew.words, word);
    if (holds(value)) return;
    if (Atomics.load(crew.words, at.isBroken) !== 0) throw new CrewBroken();
    sleep(crew, word, value);
  }
}

/** Returns when the word is no longer `value`, or after a while. */
function sleep({ words, task }: Crew, word: number, value: number): void {
  for (let spin = 0; spin < spins; spin++) if (Atomics.load(words, word) !== value) return;
  Atomics.wait(words, word, value, sleepMs);
  task.throwIfCancelled();
}
