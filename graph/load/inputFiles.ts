/**
 * From what a user names (files, directories of part files, globs, `-`) to the files to read, in a fixed order.
 */
import { readdir, stat } from "node:fs/promises";
import type { Stats } from "node:fs";
import path from "node:path";
import { invalidArgument } from "../../core/errors.ts";
import { inputError } from "./inputError.ts";
import { memorySource, unreadable, type ByteSource } from "./text/byteSource.ts";

/**
 * The files that `paths` name, in the order of `paths`; those of a directory or glob by name, in code unit order.
 *
 * A directory stands for the files in it, a pattern (`*`, `?`, `[a-z]`, each within one name) for what it matches; names
 * that start with `_` or `.` are left out of both. A path that exists is never a pattern. `-` is standard input, read to
 * its end into memory.
 *
 * @throws SuperstepError INVALID_INPUT if a path is missing, unreadable, empty as a directory or glob, or neither file
 * nor directory; or if a directory holds another one. INVALID_ARGUMENT if there are no paths.
 */
export async function inputFiles(paths: string | readonly string[]): Promise<ByteSource[]> {
  const names = typeof paths === "string" ? [paths] : paths;
  if (names.length === 0) throw invalidArgument("read", "paths", "one path or more", paths);
  const sources: ByteSource[] = [];
  for (const name of names) {
    if (name === "-") sources.push(await standardInput());
    else sources.push(...(await filesOf(name)));
  }
  return sources;
}

async function filesOf(name: string): Promise<ByteSource[]> {
  try {
    return await filesAt(name);
  } catch (error) {
    const cause = (error as { cause?: { code?: unknown } }).cause;
    if (cause?.code !== "ENOENT" || !/[*?[]/.test(name)) throw error;
  }
  const matches = await glob(name);
  if (matches.length > 0) return (await Promise.all(matches.map(filesAt))).flat();
  throw inputError({
    file: name,
    reason: "a pattern without a match",
    expected: "a pattern that matches a file",
    got: "no match",
    hint: "names that start with _ or . are left out",
  });
}

async function filesAt(name: string): Promise<ByteSource[]> {
  const found = await statOf(name);
  if (found.isDirectory()) return filesIn(name);
  if (!found.isFile()) {
    const got = found.isFIFO() ? "a named pipe" : found.isSocket() ? "a socket" : "a device";
    const hint = "to read from a pipe, name the input -";
    throw inputError({ file: name, reason: got, expected: "a file or a directory", got, hint });
  }
  return [{ kind: "file", path: path.resolve(name), name, size: found.size, modifiedMs: found.mtimeMs }];
}

async function filesIn(directory: string): Promise<ByteSource[]> {
  const names = (await namesIn(directory)).filter(isData).sort(byCodeUnits);
  const sources: ByteSource[] = [];
  for (const name of names) {
    const file = path.join(directory, name);
    if ((await statOf(file)).isDirectory()) {
      const hint = "name the files by a pattern, like DIR/*/part-*";
      const got = `the directory ${JSON.stringify(name)} in it`;
      throw inputError({
        file: directory,
        reason: "a directory in a directory",
        expected: "only part files",
        got,
        hint,
      });
    }
    sources.push(...(await filesAt(file)));
  }
  if (sources.length > 0) return sources;
  throw inputError({
    file: directory,
    reason: "an empty directory",
    expected: "a directory with part files",
    got: "none",
    hint: "names that start with _ or . are left out",
  });
}

/** Paths that match a pattern, in code unit order. */
async function glob(pattern: string): Promise<string[]> {
  const isAbsolute = path.isAbsolute(pattern);
  let found: string[] = [isAbsolute ? path.parse(pattern).root : ""];
  const parts = pattern.split(path.sep === "\\" ? /[\\/]/ : "/").filter((part) => part !== "");
  for (const part of parts) {
    if (!/[*?[]/.test(part)) {
      found = found.map((base) => path.join(base, part));
      continue;
    }
    const matcher = matcherOf(part);
    const next: string[] = [];
    for (const base of found) {
      const names = await namesIn(base === "" ? "." : base).catch(() => []);
      for (const name of names.sort(byCodeUnits)) {
        if (matcher.test(name) && (isData(name) || name[0] === part[0])) next.push(path.join(base, name));
      }
    }
    found = next;
  }
  const exists = await Promise.all(found.map((file) => stat(file).then(Boolean, () => false)));
  return found.filter((_, index) => exists[index]).sort(byCodeUnits);
}

function matcherOf(part: string): RegExp {
  const source = part.replace(/\[(!?)([^\]]+)\]|[\\^$.*+?()[\]{}|]/g, (token, not: string, set: string | undefined) => {
    if (set !== undefined) return `[${not ? "^" : ""}${set.replace(/[\\^[]/g, "\\$&")}]`;
    if (token === "*") return "[^/]*";
    return token === "?" ? "[^/]" : `\\${token}`;
  });
  return new RegExp(`^${source}$`, "u");
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isData(name: string): boolean {
  return !name.startsWith("_") && !name.startsWith(".");
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    throw unreadable(directory, error);
  });
}

async function statOf(name: string): Promise<Stats> {
  return stat(name).catch((error: unknown) => {
    throw unreadable(name, error);
  });
}

async function standardInput(): Promise<ByteSource> {
  const segments: Uint8Array[] = [];
  let used = segmentBytes;
  try {
    for await (const piece of process.stdin as AsyncIterable<Uint8Array>) {
      for (let from = 0; from < piece.length;) {
        if (used === segmentBytes) {
          segments.push(new Uint8Array(new SharedArrayBuffer(segmentBytes)));
          used = 0;
        }
        const part = piece.subarray(from, from + segmentBytes - used);
        segments.at(-1)!.set(part, used);
        used += part.length;
        from += part.length;
      }
    }
  } catch (error) {
    throw unreadable("<stdin>", error);
  }
  const last = segments.pop();
  return memorySource("<stdin>", last === undefined ? [] : [...segments, last.subarray(0, used)]);
}

/** Standard input is kept in segments of this size. */
const segmentBytes = 1 << 24;
