import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ByteReceiver,
  chunkBytes,
  chunkFrame,
  chunksOf,
  endFrame,
  endWire,
  StreamReader,
  totalBytes,
  wholeOf,
} from "../../../core/net/byteStream.ts";
import { messageBytes } from "../../../core/net/protocol.ts";
import { randomFor } from "../../../core/random.ts";
import { fuzz, fuzzTimeoutMs } from "../../support/fuzz.ts";

const part = messageBytes("DownloadPart");

function randomBytes(seed: number, length: number): Uint8Array {
  const random = randomFor(seed);
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random.nextUint32());
  return new Uint8Array(words.buffer, 0, length);
}

/** `bytes` in pieces of the given lengths, which repeat; 0 is a length too. */
function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, piece = 0; at < bytes.length || piece === 0; piece++) {
    const length = piece > 1000 ? bytes.length : lengths[piece % lengths.length]!;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** The frames of a stream without segments: its chunks and its end. */
function framesOf(pieces: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const chunks = [...chunksOf(pieces)];
  const checksum = chunks.reduce((whole, chunk) => wholeOf(whole, chunk.checksum), 0);
  return [...chunks.map((chunk) => chunkFrame(chunk)), endFrame({ numChunks: chunks.length, checksum }, part)];
}

function sent(pieces: readonly Uint8Array[]): Buffer {
  return Buffer.concat(framesOf(pieces).flat());
}

/** Reads frames, as they are cut, into `places`. */
function receive(frames: readonly Uint8Array[], byteLength: number, places: readonly Uint8Array[]): void {
  const receiver = new ByteReceiver("stream", byteLength, places);
  const reader = new StreamReader("stream", {
    message: (bytes) => receiver.end(endWire.read(part.decode(bytes)["end"], "end")),
    chunk: (length, checksum) => receiver.chunk(length, checksum),
    data: (bytes) => receiver.data(bytes),
  });
  for (const frame of frames) reader.push(Buffer.from(frame));
  receiver.close();
}

describe("a stream of bytes", () => {
  it("is what the schema says: chunks of 1 MiB with checksums, then an end", () => {
    const bytes = randomBytes(1, 2 * chunkBytes + 5);
    const frames = framesOf([bytes.subarray(0, 7), bytes.subarray(7)]).map((frame) => Buffer.concat(frame));
    const decoded = frames.map((frame) => {
      expect(frame[0]).toBe(0);
      expect(frame.readUInt32BE(1)).toBe(frame.length - 5);
      return part.decode(frame.subarray(5));
    });
    const chunks = [0, 1, 2].map((at) => Buffer.from(bytes.subarray(at * chunkBytes, (at + 1) * chunkBytes)));
    const sums = chunks.map((chunk) => crc32(chunk));
    const all = Buffer.alloc(12);
    sums.forEach((sum, at) => all.writeUInt32LE(sum, 4 * at));
    expect(decoded).toHaveLength(4);
    chunks.forEach((data, at) => {
      const { chunk, ...rest } = decoded[at] as { chunk: { data: Buffer; checksum: number } };
      expect(rest).toEqual({});
      expect(chunk.checksum).toBe(sums[at]);
      expect(chunk.data.equals(data)).toBe(true);
    });
    expect(decoded[3]).toEqual({ end: { numChunks: 3, checksum: crc32(all) } });
  });

  it("arrives as it was, however both sides and the network cut it", () => {
    const lengths = fc.array(fc.nat({ max: 5000 }), { minLength: 1, maxLength: 5 });
    const length = fc.oneof(
      fc.nat({ max: 200 }),
      fc.constantFrom(127, 128, 16_383, 16_384, chunkBytes, chunkBytes + 1),
    );
    fc.assert(
      fc.property(length, lengths, lengths, lengths, (byteLength, given, taken, network) => {
        const bytes = randomBytes(byteLength, byteLength);
        const target = new Uint8Array(byteLength);
        receive(cut(sent(cut(bytes, given)), network), byteLength, cut(target, taken));
        expect(Buffer.compare(target, bytes)).toBe(0);
      }),
      { numRuns: 60, seed: 25 },
    );
  });

  it("F25: is refused when it ends early, wherever", () => {
    const bytes = randomBytes(3, 300);
    const frames = sent([bytes]);
    for (let length = 0; length < frames.length; length++)
      expect(() => receive([frames.subarray(0, length)], 300, [new Uint8Array(300)]), `${length}`).toThrow(
        expect.objectContaining({ code: "BLOCK_CORRUPT" }) as Error,
      );
    receive([frames], 300, [new Uint8Array(300)]);
  });

  it("F42: never comes out as other bytes, whichever bit of it is turned", () => {
    const bytes = randomBytes(4, 40);
    const frames = sent([bytes]);
    let numRefused = 0;
    for (let bit = 0; bit < 8 * frames.length; bit++) {
      const damaged = Buffer.from(frames);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const target = new Uint8Array(40);
      try {
        receive([damaged], 40, [target]);
        expect(target).toEqual(bytes);
      } catch (error) {
        numRefused++;
        expect(error).toMatchObject({ code: expect.stringMatching(/BLOCK_CORRUPT|INVALID_ARGUMENT/) as string });
      }
    }
    expect(numRefused).toBeGreaterThan(8 * frames.length - 16); // all but some in the wire types of the end's fields
  });

  it("is refused with frames left out, doubled, swapped or of another stream", () => {
    const length = 2 * chunkBytes + 100;
    const bytes = randomBytes(5, length);
    const [a, b, c, end] = framesOf([bytes]).map((frame) => Buffer.concat(frame)) as [Buffer, Buffer, Buffer, Buffer];
    const [other] = framesOf([randomBytes(6, chunkBytes)]).map((frame) => Buffer.concat(frame)) as [Buffer];
    const target = [new Uint8Array(length)];
    receive([a, b, c, end], length, target);
    const bad = [
      [b, a, c, end],
      [a, a, c, end],
      [a, c, end],
      [a, b, end],
      [a, b, c, c, end],
      [a, other, c, end],
      [a, b, c, end, end],
      [a, b, c, end, c],
      [end],
      [],
    ];
    for (const [at, frames] of bad.entries())
      expect(() => receive(frames, length, target), `${at}`).toThrow(
        expect.objectContaining({ code: "BLOCK_CORRUPT" }) as Error,
      );
  });

  it(
    "F83: of garbage is refused",
    () => {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
          try {
            receive([bytes], 10, [new Uint8Array(10)]);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/BLOCK_CORRUPT|INVALID_ARGUMENT/) as string });
            return;
          }
          throw new Error("accepted");
        }),
        fuzz(2000, 83),
      );
    },
    fuzzTimeoutMs(1),
  );

  it("of nothing is an end alone", () => {
    receive([sent([])], 0, []);
    receive([sent([new Uint8Array(0)])], 0, [new Uint8Array(0)]);
    expect(totalBytes([])).toBe(0);
  });
});
