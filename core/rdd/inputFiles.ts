/**
 * Finds the files that paths, directories and patterns name. On the driver, at the call.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { SuperstepError, excerpt, invalidArgument } from "../errors.ts";
import { isZstd } from "../zstd/zstdHeader.ts";

/** A file as it was found. */
export interface InputFile {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** By its first bytes; of an empty file by its name. */
  readonly compression: "none" | "gzip" | "zstd";
}

/**
 * The files that `paths` name, in order; those of a directory or a pattern in order of name.
 *
 * @throws SuperstepError INVALID_ARGUMENT if there are no paths; INVALID_INPUT if one names no file.
 */
export function listFiles(where: string, paths: readonly string[]): InputFile[] {
  if (paths.length === 0 || paths.some((one) => typeof one !== "string" || one === "")) {
    throw invalidArgument(where, "paths", "a path or several", paths);
  }
  return paths.flatMap((one) => {
    const found = filesOf(path.resolve(one));
    if (found.length > 0) return found.map((file) => inspectFile(where, file));
    const message = `${where}: paths must name files, directories with files, or patterns that match some; got ${excerpt(one)}`;
    throw new SuperstepError("INVALID_INPUT", message, { details: { path: one } });
  });
}

function filesOf(absolute: string): string[] {
  const kind = statSync(absolute, { throwIfNoEntry: false });
  if (kind?.isDirectory())
    return namesIn(absolute)
      .map((name) => path.join(absolute, name))
      .filter(isFile);
  if (kind !== undefined) return kind.isFile() ? [absolute] : []; // no pipe or device: they are read only once
  return /[*?[{]/.test(absolute) ? matchingFiles(absolute) : [];
}

/** The visible names in a directory, sorted. */
function namesIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => !/^[._]/.test(name));
  return names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function isFile(absolute: string): boolean {
  return statSync(absolute, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The files that a pattern matches, segment by segment; `**` stands for any number of directories. */
function matchingFiles(pattern: string): string[] {
  const { root } = path.parse(pattern);
  let found = [root];
  for (const segment of pattern.slice(root.length).split(path.sep)) {
    if (segment === "**") {
      found = found.flatMap(withSubdirectories);
    } else if (/[*?[{]/.test(segment)) {
      const matches = segmentPattern(segment);
      found = found.filter(isDirectory).flatMap((directory) =>
        namesIn(directory)
          .filter((name) => matches.test(name))
          .map((name) => path.join(directory, name)),
      );
    } else {
      found = found.map((directory) => path.join(directory, segment));
    }
  }
  return [...new Set(found)].filter(isFile);
}

function isDirectory(absolute: string): boolean {
  return statSync(absolute, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function withSubdirectories(directory: string): string[] {
  if (!isDirectory(directory)) return [];
  return [directory, ...namesIn(directory).flatMap((name) => withSubdirectories(path.join(directory, name)))];
}

/** A segment with * ? [abc] [!abc] {one,other} as a regular expression. */
function segmentPattern(segment: string): RegExp {
  const text = segment.replace(/\[!?[^\]]+\]|\{[^}]*\}|[*?]|[^*?[{]+|./g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.startsWith("[") && part.length > 2) return part.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    if (part.startsWith("{") && part.length > 1) return `(?:${part.slice(1, -1).split(",").map(literal).join("|")})`;
    return literal(part);
  });
  return new RegExp(`^${text}$`, "su");
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function inspectFile(where: string, absolute: string): InputFile {
  try {
    const file = openSync(absolute, "r");
    try {
      const { size, mtimeMs } = fstatSync(file);
      const head = new Uint8Array(4);
      const isGzip = readSync(file, head, 0, 4, 0) >= 2 && head[0] === 0x1f && head[1] === 0x8b;
      const isZipped = isGzip || (size === 0 && absolute.endsWith(".gz"));
      const isPacked = isZstd(head) || (size === 0 && absolute.endsWith(".zst"));
      const compression = isZipped ? "gzip" : isPacked ? "zstd" : "none";
      return { path: absolute, size, modifiedMs: mtimeMs, compression };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new SuperstepError("INVALID_INPUT", `${where}: ${excerpt(absolute)} cannot be read: ${reason}`, {
      details: { path: absolute },
      cause: error,
    });
  }
}
