/**
 * The secret of a cluster or a run. Who holds it can run code as the user of every process that holds it too.
 */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { inspect } from "node:util";
import { excerpt, SuperstepError } from "../errors.ts";

/** The variable of the environment that can hold a secret. */
export const secretVariable = "SUPERSTEP_SECRET";

/** Fewest and most bytes of a secret. */
const minBytes = 16;
const maxBytes = 4096;

/** A secret that shows itself nowhere: not as text, not inspected, not as JSON, not structured-cloned. */
export class Secret {
  readonly #text: Buffer;
  readonly #key: Buffer;

  private constructor(text: Buffer, where: string) {
    if (text.length < minBytes || text.length > maxBytes) {
      const rule = `must have ${minBytes} to ${maxBytes} bytes, got ${text.length}`;
      throw new SuperstepError(
        "INVALID_ARGUMENT",
        `secret: ${where} ${rule}; \`openssl rand -hex 32\` makes a good one`,
      );
    }
    Object.defineProperty(this, inspect.custom, { value: () => "[secret]" });
    this.#text = text;
    this.#key = createHash("sha256").update(text).digest();
  }

  /** A new one: 32 random bytes. */
  static generate(): Secret {
    return new Secret(Buffer.from(randomBytes(32).toString("hex")), "a new one");
  }

  /**
   * The content of a file, without white space around it. Only its owner may have rights on it.
   *
   * @throws SuperstepError INVALID_ARGUMENT if it cannot be read, others have rights, or it is too short or too long.
   */
  static fromFile(path: string): Secret {
    return new Secret(trimmed(readPrivateFile(path, "secret")), `the file ${excerpt(path)}`);
  }

  /**
   * What SUPERSTEP_SECRET holds, or undefined if it is not set. The variable is removed, so that no child inherits it.
   *
   * @throws SuperstepError INVALID_ARGUMENT if it is too short or too long.
   */
  static fromEnvironment(environment: NodeJS.ProcessEnv = process.env): Secret | undefined {
    const value = environment[secretVariable];
    if (value === undefined) return undefined;
    delete environment[secretVariable];
    return new Secret(trimmed(Buffer.from(value)), secretVariable);
  }

  /**
   * What the parent process wrote by `passTo`: the first line of `stream`, which is left readable for what follows.
   * `deadlineMs`: default 10,000.
   *
   * @throws SuperstepError UNAUTHENTICATED if the stream ends or stays silent before.
   */
  static async receive(stream: Readable, deadlineMs = 10_000): Promise<Secret> {
    return new Secret(await firstLine(stream, deadlineMs), "the first line from the parent");
  }

  /** Writes it to a child's standard input or another inherited descriptor: as one line. */
  passTo(stream: Writable): void {
    stream.write(Buffer.concat([this.#text, Buffer.from("\n")]));
  }

  /** HMAC-SHA-256 over parts, each with its length before it. */
  hmac(...parts: readonly (string | Uint8Array)[]): Buffer {
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) {
      const bytes = typeof part === "string" ? Buffer.from(part) : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      hmac.update(length).update(bytes);
    }
    return hmac.digest();
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }
}

/**
 * The content of a file on which only its owner, this user, has rights.
 *
 * @throws SuperstepError INVALID_ARGUMENT if that is not so, or it cannot be read.
 */
export function readPrivateFile(path: string, where: string): Buffer {
  const refuse = (text: string, cause?: unknown): SuperstepError =>
    new SuperstepError("INVALID_ARGUMENT", `${where}: ${excerpt(path)} ${text}`, cause === undefined ? {} : { cause });
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw refuse(`cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  try {
    const { mode, uid, size } = fstatSync(file);
    if ((mode & 0o170000) !== 0o100000) throw refuse("must be a plain file");
    if (process.platform !== "win32") {
      const rights = `must be readable by its owner alone, has mode ${(mode & 0o777).toString(8).padStart(4, "0")}`;
      if ((mode & 0o077) !== 0) throw refuse(`${rights}; run: chmod 600 ${path}`);
      const user = process.getuid?.();
      if (uid !== user && user !== 0) throw refuse(`must belong to the user who runs this, user ${user}`);
    }
    if (size > 2 ** 20) throw refuse(`must have at most 1 MiB, has ${size} bytes`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function trimmed(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").trim(), "latin1");
}

function firstLine(stream: Readable, deadlineMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let line = Buffer.alloc(0);
    const finish = (text?: string): void => {
      clearTimeout(timer);
      stream.off("readable", read).off("end", ended).off("error", ended).off("close", ended);
      if (text === undefined) resolve(line);
      else reject(new SuperstepError("UNAUTHENTICATED", `secret: the parent process ${text}`));
    };
    const ended = (): void => finish("closed the channel before it sent one");
    const read = (): void => {
      for (let chunk = take(stream); chunk !== undefined; chunk = take(stream)) {
        const end = chunk.indexOf(10);
        line = Buffer.concat([line, end < 0 ? chunk : chunk.subarray(0, end)]);
        if (line.length > maxBytes) return finish(`sent more than ${maxBytes} bytes`);
        if (end < 0) continue;
        if (end + 1 < chunk.length) stream.unshift(chunk.subarray(end + 1));
        return finish();
      }
    };
    const timer = setTimeout(() => finish(`sent none within ${deadlineMs} ms`), deadlineMs);
    stream.on("readable", read).on("end", ended).on("error", ended).on("close", ended);
    read();
  });
}

function take(stream: Readable): Buffer | undefined {
  const chunk = stream.read() as Buffer | string | null;
  if (chunk === null) return undefined;
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
