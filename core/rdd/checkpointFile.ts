/**
 * One partition in a file: 8 bytes "SSCKPT1\n"; number of records and CRC-32 of the block, 4 bytes each; length of the
 * block, 8 bytes; the block as `encodeValues` writes it. All numbers little-endian.
 */
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { decodeValues, encodeValues } from "../column/codec.ts";
import { SuperstepError, excerpt } from "../errors.ts";
import { writeWhole } from "../storage/writeWhole.ts";

/** What must be found in a file. */
export interface CheckpointFile {
  readonly path: string;
  readonly count: number;
  readonly crc: number;
  readonly byteLength: number;
}

const magic = Buffer.from("SSCKPT1\n", "latin1");
const headerBytes = 24;

/** Writes `records` under a temporary name, to the disk, and then under `path`. `attempt` keeps tries apart. */
export function writeCheckpointFile(path: string, attempt: number, records: readonly unknown[]): CheckpointFile {
  const block = encodeValues(records);
  const written: CheckpointFile = { path, count: records.length, crc: crc32(block), byteLength: block.byteLength };
  writeWhole(path, attempt, [headerOf(written), block]);
  return written;
}

/** @throws SuperstepError BLOCK_CORRUPT unless the file is there and holds exactly what was written. */
export function readCheckpointFile(expected: CheckpointFile): unknown[] {
  const bytes = readOrFail(expected);
  const block = bytes.subarray(headerBytes);
  if (!bytes.subarray(0, headerBytes).equals(headerOf(expected)))
    throw damagedCheckpoint(expected, "records", "another header");
  if (block.length !== expected.byteLength)
    throw damagedCheckpoint(expected, "records", `${block.length} bytes of records`);
  if (crc32(block) !== expected.crc) throw damagedCheckpoint(expected, "records", "another checksum");
  const records = decodeValues(block);
  if (records.length !== expected.count) throw damagedCheckpoint(expected, "records", `${records.length} records`);
  return records;
}

function headerOf({ count, crc, byteLength }: CheckpointFile): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(count, 8);
  header.writeUInt32LE(crc, 12);
  header.writeBigUInt64LE(BigInt(byteLength), 16);
  return header;
}

function readOrFail(expected: CheckpointFile): Buffer {
  try {
    return readFileSync(expected.path);
  } catch (error) {
    throw damagedCheckpoint(expected, "records", (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
}

/** The error for a file of a checkpoint that is not what was written. `what`: what it holds, in the plural. */
export function damagedCheckpoint(
  { path, count, byteLength }: { readonly path: string; readonly count: number; readonly byteLength: number },
  what: "records" | "columns",
  got: string,
  cause?: unknown,
): SuperstepError {
  return new SuperstepError(
    "BLOCK_CORRUPT",
    `checkpoint ${excerpt(path)}: must hold ${count} ${what} in ${byteLength} bytes as written, got ${got}; ` +
      `its lineage was cut, so start again from the input`,
    { details: { path }, ...(cause === undefined ? {} : { cause }) },
  );
}
