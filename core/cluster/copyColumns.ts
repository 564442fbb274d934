/**
 * Columns from the driver's arena to an executor's and back: the same places in both.
 */
import type { Arena } from "../column/arena.ts";
import { bytesPerElement, type ColumnRef } from "../column/types.ts";
import type { ArenaRange } from "../net/messages.ts";
import type { RemoteHost } from "./remoteHost.ts";

/** They must not change meanwhile. @throws SuperstepError HOST_LOST */
export async function copyColumnsTo(host: RemoteHost, arena: Arena, columns: readonly ColumnRef[]): Promise<void> {
  const ranges = columns.map(rangeOf);
  await host.writeArena(
    ranges,
    ranges.map((range) => bytesOf(arena, range)),
  );
}

/** What is there is undefined if it fails. @throws SuperstepError HOST_LOST */
export async function copyColumnsFrom(host: RemoteHost, arena: Arena, columns: readonly ColumnRef[]): Promise<void> {
  const ranges = columns.map(rangeOf);
  await host.readArena(
    ranges,
    ranges.map((range) => bytesOf(arena, range)),
  );
}

function rangeOf({ type, offset, length }: ColumnRef): ArenaRange {
  return { offset, length: length * bytesPerElement[type] };
}

function bytesOf({ memory }: Arena, { offset, length }: ArenaRange): Uint8Array {
  return new Uint8Array(memory.buffer, offset, length);
}
