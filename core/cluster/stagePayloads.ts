/**
 * What a driver has packed for its executors: what a stage shares is packed once, whoever gets it.
 */
import type { Payload } from "../net/messages.ts";
import { Payloads } from "./payloads.ts";

export class StagePayloads extends Payloads {
  readonly #stages: Map<number, Payload> = new Map();

  /** What the tasks of a stage share. @throws SuperstepError NOT_SHIPPABLE */
  ofStage(stageId: number, shared: unknown): Payload {
    let payload = this.#stages.get(stageId);
    if (payload === undefined) this.#stages.set(stageId, (payload = this.put(shared)));
    return payload;
  }

  override clear(): void {
    super.clear();
    this.#stages.clear();
  }

  /** No task of these stages will be launched again. */
  forgetStages(stages: readonly number[]): void {
    for (const stage of stages) {
      const payload = this.#stages.get(stage);
      if (payload !== undefined) this.release(payload);
      this.#stages.delete(stage);
    }
  }
}
