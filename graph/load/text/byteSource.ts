/**
 * Where bytes come from: a file, opened wherever it is read, or memory that all threads share.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { inputError } from "../inputError.ts";

/** Bytes that can be read from any position, by any thread. Plain data. */
export type ByteSource =
  | {
      readonly kind: "file";
      readonly path: string;
      /** As the user named it. */
      readonly name: string;
      readonly size: number;
      readonly modifiedMs: number;
    }
  | {
      readonly kind: "memory";
      readonly name: string;
      readonly size: number;
      /** In shared memory; together `size` bytes. */
      readonly segments: readonly Uint8Array[];
    };

/** An open source. */
export interface OpenSource {
  readonly size: number;
  /** Copies up to `length` bytes from `position` on into `target` at `offset`; fewer only at the end of the source. */
  read(position: number, target: Uint8Array, offset: number, length: number): number;
  /** @throws SuperstepError INVALID_INPUT if a file is not the one that was found first. */
  verify(): void;
  close(): void;
}

/**
 * Opens a source.
 *
 * @throws SuperstepError INVALID_INPUT if a file cannot be opened, or changed since it was found.
 */
export function openSource(source: ByteSource): OpenSource {
  return source.kind === "file" ? openFile(source) : openMemory(source);
}

/** A source over bytes at hand, copied into shared memory if they are not there. */
export function memorySource(name: string, pieces: readonly Uint8Array[]): ByteSource {
  const segments = pieces.map((piece) => {
    if (piece.buffer instanceof SharedArrayBuffer) return piece;
    const shared = new Uint8Array(new SharedArrayBuffer(piece.length));
    shared.set(piece);
    return shared;
  });
  return { kind: "memory", name, size: segments.reduce((sum, { length }) => sum + length, 0), segments };
}

/** What to say of a file that cannot be read. */
export function unreadable(name: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  const got = reasons[code] ?? `error ${code}`;
  return inputError({ file: name, reason: got, expected: "a readable file", got, hint: "" }, error);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  EISDIR: "a directory",
  ELOOP: "a loop of symbolic links",
  ENAMETOOLONG: "a name that is too long",
  ENOTDIR: "a path through something that is no directory",
  EMFILE: "too many open files",
  EIO: "a failing disk",
};

function openFile(source: ByteSource & { kind: "file" }): OpenSource {
  const { name, path, size, modifiedMs } = source;
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw unreadable(name, error);
  }
  const verify = (): void => {
    const now = fstatSync(fd);
    if (now.size === size && now.mtimeMs === modifiedMs) return;
    throw inputError({
      file: name,
      reason: "changed while it was read",
      expected: `the file of ${size} bytes that was found first`,
      got: now.size === size ? "one written to since" : `one of ${now.size} bytes`,
      hint: "load it when nothing writes to it",
    });
  };
  try {
    verify();
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    size,
    verify,
    read(position, target, offset, length) {
      let done = 0;
      try {
        while (done < length) {
          const count = readSync(fd, target, offset + done, length - done, position + done);
          if (count === 0) break;
          done += count;
        }
      } catch (error) {
        throw unreadable(name, error);
      }
      return done;
    },
    close: () => closeSync(fd),
  };
}

function openMemory({ size, segments }: ByteSource & { kind: "memory" }): OpenSource {
  return {
    size,
    verify: () => undefined,
    read(position, target, offset, length) {
      let done = 0;
      let start = 0;
      for (const segment of segments) {
        const from = position + done - start;
        if (from < segment.length && done < length) {
          const part = segment.subarray(from, from + length - done);
          target.set(part, offset + done);
          done += part.length;
        }
        start += segment.length;
      }
      return done;
    },
    close: () => undefined,
  };
}
