/**
 * Packed values that a process offers to its peers: small ones go along with a message, others are fetched by number.
 */
import { SuperstepError } from "../errors.ts";
import type { Payload } from "../net/messages.ts";
import { joined, packValue, type Packed, unpackValue } from "./payload.ts";

/** Bytes up to which a value goes along. */
const maxInlineBytes = 2 ** 18;

/** What this process packed and others have not fetched for the last time. */
export class Payloads {
  readonly #arenaBytes: number;
  readonly #kept: Map<number, Packed> = new Map();
  #lastNumber = 0;

  /** `arenaBytes`: see `packValue`. */
  constructor(arenaBytes: number) {
    this.#arenaBytes = arenaBytes;
  }

  /** Packs a value. What does not go along is kept until it is released. @throws SuperstepError NOT_SHIPPABLE */
  put(value: unknown): Payload {
    const packed = packValue(value, this.#arenaBytes);
    if (packed.byteLength <= maxInlineBytes) return { inline: joined(packed) };
    this.#kept.set(++this.#lastNumber, packed);
    return { number: this.#lastNumber, byteLength: packed.byteLength };
  }

  /** The bytes kept under a number. */
  read(number: number): readonly Uint8Array[] | undefined {
    return this.#kept.get(number)?.pieces;
  }

  release(payload: Payload | number): void {
    if (typeof payload === "number") this.#kept.delete(payload);
    else if ("number" in payload) this.#kept.delete(payload.number);
  }

  /** Releases all. */
  clear(): void {
    this.#kept.clear();
  }

  /** Values that are kept. */
  get size(): number {
    return this.#kept.size;
  }
}

/** Bytes of a payload on its way. */
export function payloadBytes(payload: Payload): number {
  return "inline" in payload ? payload.inline.byteLength : payload.byteLength;
}

/**
 * The value of a payload, if need be fetched by `download`.
 *
 * @throws SuperstepError UNREACHABLE if the sender does not have it any more; BLOCK_CORRUPT if it is none.
 */
export async function valueOf(
  payload: Payload,
  download: (number: number) => Promise<Uint8Array | undefined>,
): Promise<unknown> {
  if ("inline" in payload) return unpackValue(payload.inline);
  const bytes = await download(payload.number);
  if (bytes !== undefined) return unpackValue(bytes);
  throw new SuperstepError("UNREACHABLE", `payload ${payload.number}: its sender does not have it any more`);
}
