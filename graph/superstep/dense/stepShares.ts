/**
 * What supersteps of a crew counted and brought together, in shared memory: of each member as far as it is, and of each
 * superstep that has ended. So a crew that breaks up leaves what it had done.
 */
import { ExactSum } from "../../../core/exactSum.ts";
import type { Aggregator } from "../program.ts";
import { gatherGlobals, type Shares } from "../globals.ts";

/** What some vertices of a superstep, or all of them, did. */
export interface StepShare {
  readonly messages: number;
  readonly edgesScanned: number;
  readonly received: number;
  readonly aggregates: Shares;
}

/** A superstep that has ended. */
export interface EndedStep extends StepShare {
  readonly ms: number;
}

/** Numbers of an aggregator's share: how many there are, and the partials of an exact sum at most. */
const shareLength = 1 + 2 + 68;
/** Numbers before the shares: the superstep plus 1, or milliseconds; messages, edges, vertices that received. */
const countsLength = 4;

type Aggregators = Readonly<Record<string, Aggregator>>;

function recordLength(aggregators: Aggregators): number {
  return countsLength + shareLength * Object.keys(aggregators).length;
}

/** Length of the column for so many members and supersteps. It starts as zeros. */
export function sharesLength(aggregators: Aggregators, numMembers: number, numSteps: number): number {
  return 2 + (numMembers + numSteps) * recordLength(aggregators);
}

/** The column: how many supersteps have ended, 1 if one met a missing value; a record a member, a record a superstep. */
export class StepShares {
  readonly #column: Float64Array;
  readonly #aggregators: Aggregators;
  readonly #numMembers: number;

  constructor(column: Float64Array, aggregators: Aggregators, numMembers: number) {
    this.#column = column;
    this.#aggregators = aggregators;
    this.#numMembers = numMembers;
  }

  get numEnded(): number {
    return this.#column[0]!;
  }

  /** True if, in the superstep at hand, a value was missing where there is no room for it. */
  get metMissing(): boolean {
    return this.#column[1] !== 0;
  }

  meetMissing(): void {
    this.#column[1] = 1;
  }

  /** Forgets what was written of a superstep that has not ended. */
  clearMembers(): void {
    this.#column.fill(0, 1, 2 + this.#numMembers * recordLength(this.#aggregators));
  }

  /** Writes what a member has done of a superstep so far. */
  writeMember(member: number, step: number, share: StepShare): void {
    this.#write(member, step + 1, share);
  }

  /** Ends a superstep, all of whose members have written what they did. */
  end(step: number, ms: number): void {
    const shares: StepShare[] = [];
    for (let member = 0; member < this.#numMembers; member++) {
      if (this.#record(member)[0] === step + 1) shares.push(this.#read(member));
    }
    const total = (of: (share: StepShare) => number): number => shares.reduce((sum, share) => sum + of(share), 0);
    this.#write(this.#numMembers + step, ms, {
      messages: total(({ messages }) => messages),
      edgesScanned: total(({ edgesScanned }) => edgesScanned),
      received: total(({ received }) => received),
      aggregates: this.#together(shares.map(({ aggregates }) => aggregates)),
    });
    this.#column[0] = step + 1;
  }

  /** A superstep that has ended. */
  ended(step: number): EndedStep {
    const at = this.#numMembers + step;
    return { ...this.#read(at), ms: this.#record(at)[0]! };
  }

  /** Results of the aggregators of a superstep that has ended. */
  globalsAfter(step: number): Readonly<Record<string, number>> {
    return gatherGlobals(this.#aggregators, [this.ended(step).aggregates]);
  }

  #together(shares: readonly Shares[]): Shares {
    const together: Record<string, readonly number[]> = {};
    for (const [name, { kind }] of Object.entries(this.#aggregators)) {
      if (kind === "max") together[name] = [Math.max(...shares.flatMap((share) => share[name]!))];
      else {
        const sum = new ExactSum();
        for (const share of shares) sum.merge(share[name]!);
        together[name] = sum.partials();
      }
    }
    return together;
  }

  #write(at: number, first: number, { messages, edgesScanned, received, aggregates }: StepShare): void {
    const record = this.#record(at);
    record.set([first, messages, edgesScanned, received]);
    Object.keys(this.#aggregators).forEach((name, number) => {
      const share = aggregates[name]!;
      record.set([share.length, ...share], countsLength + number * shareLength);
    });
  }

  #read(at: number): StepShare {
    const record = this.#record(at);
    const aggregates: Record<string, readonly number[]> = {};
    Object.keys(this.#aggregators).forEach((name, number) => {
      const start = countsLength + number * shareLength;
      aggregates[name] = Array.from(record.subarray(start + 1, start + 1 + record[start]!));
    });
    return { messages: record[1]!, edgesScanned: record[2]!, received: record[3]!, aggregates };
  }

  #record(at: number): Float64Array {
    const length = recordLength(this.#aggregators);
    return this.#column.subarray(2 + at * length, 2 + (at + 1) * length);
  }
}
