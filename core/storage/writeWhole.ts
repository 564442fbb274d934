import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/**
 * Writes a file under a temporary name, to the disk, and then gives it its name: who finds it finds it whole. `attempt`
 * keeps tries apart. If it fails, for want of room or because `pieces` throws, nothing is left of it.
 */
export function writeWhole(path: string, attempt: number, pieces: Iterable<Uint8Array>): void {
  const temporary = `${path}.temporary-${attempt}`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (const piece of pieces) {
        for (let at = 0; at < piece.length;) at += writeSync(file, piece, at, piece.length - at);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
