/**
 * How TypeScript values become protobuf messages and back: one `Wire` a type, put together from few kinds. Reading is
 * strict: what is missing, out of range, unknown or too long is refused, by name.
 */
import { invalidArgument } from "../errors.ts";

/** How values of one type travel. */
export interface Wire<T> {
  /** As the protobuf library takes it. */
  readonly write: (value: T) => unknown;
  /**
   * The value of what the protobuf library decoded; `where` names it in errors.
   *
   * @throws SuperstepError INVALID_ARGUMENT if it is none.
   */
  readonly read: (wire: unknown, where: string) => T;
}

type WireObject = Readonly<Record<string, unknown>>;

/** A safe integer in [min, max]. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Wire<number> {
  return checked((value): value is number => Number.isSafeInteger(value) && value >= min && value <= max, {
    rule: `an integer in [${min}, ${max}]`,
  });
}

/** An integer in [0, 2^53): a number of things, an index, a size in bytes. */
export const natural: Wire<number> = integer(0);

/** A finite number >= 0, not always a whole one: milliseconds. */
export const duration: Wire<number> = checked((value): value is number => Number.isFinite(value) && value >= 0, {
  rule: "a finite number >= 0",
});

export const flag: Wire<boolean> = checked((value): value is boolean => typeof value === "boolean", {
  rule: "true or false",
});

/** A string of at most `maxLength` characters. */
export function text(maxLength: number): Wire<string> {
  return checked((value): value is string => typeof value === "string" && value.length <= maxLength, {
    rule: `a string of at most ${maxLength} characters`,
  });
}

/** As `text`, for people to read: cut where it is too long. */
export function prose(maxLength: number): Wire<string> {
  const whole = text(maxLength);
  return {
    write: (value) => (value.length > maxLength ? `${value.slice(0, maxLength - 1)}…` : value),
    read: whole.read,
  };
}

/** Bytes; exactly `byteLength` if given. Read into memory of their own, so that they travel on without their message. */
export function bytes(byteLength?: number): Wire<Uint8Array> {
  return {
    write: (value) => value,
    read: (wire, where) => {
      if (wire instanceof Uint8Array && (byteLength === undefined || wire.length === byteLength))
        return new Uint8Array(wire);
      const got = wire instanceof Uint8Array ? wire.length : wire;
      throw refused(where, byteLength === undefined ? "bytes" : `${byteLength} bytes`, got);
    },
  };
}

/** At most `maxItems` of one type. Default 262,144. */
export function list<T>(of: Wire<T>, maxItems = 262_144): Wire<readonly T[]> {
  const check = (length: number, where: string): void => {
    if (length > maxItems) throw refused(`${where}: number of items`, `at most ${maxItems}`, length);
  };
  return {
    write: (value) => {
      check(value.length, "a list to send");
      return value.map(of.write);
    },
    read: (wire, where) => {
      if (wire === undefined) return []; // protobuf knows no difference
      if (!Array.isArray(wire)) throw refused(where, "a list", wire);
      check(wire.length, where);
      return wire.map((item, at) => of.read(item, `${where}[${at}]`));
    },
  };
}

/** A value that may be absent. */
export function optional<T>(of: Wire<T>): Wire<T | undefined> {
  return {
    write: (value) => (value === undefined ? undefined : of.write(value)),
    read: (wire, where) => (wire === undefined ? undefined : of.read(wire, where)),
  };
}

/** One of the keys of `all`: `threadDied` is `PREFIX_THREAD_DIED` in the schema. */
export function enumeration<T extends string>(prefix: string, all: Readonly<Record<T, unknown>>): Wire<T> {
  const values = Object.keys(all) as T[];
  const names = new Map(values.map((value) => [value, `${prefix}_${upperSnakeCase(value)}`]));
  const found = new Map([...names].map(([value, name]) => [name, value]));
  const rule = `one of ${values.join(", ")}`;
  return {
    write: (value) => {
      const name = names.get(value);
      if (name === undefined) throw refused("a value to send", rule, value);
      return name;
    },
    read: (wire, where) => {
      const value = found.get(wire as string);
      if (value !== undefined) return value;
      throw refused(where, rule, wire);
    },
  };
}

/** A value that travels as it is, checked on both sides: the library would turn wrong ones into others. */
function checked<T>(holds: (value: T) => value is T, { rule }: { readonly rule: string }): Wire<T> {
  return {
    write: (value) => {
      if (holds(value)) return value;
      throw refused("a value to send", rule, value);
    },
    read: (wire, where) => {
      if (holds(wire as T)) return wire as T;
      throw refused(where, rule, wire);
    },
  };
}

/** A message with a field for each property. */
export function record<T>(fields: { readonly [K in keyof T]-?: Wire<T[K]> }): Wire<T> {
  const entries = Object.entries(fields) as [string, Wire<unknown>][];
  return {
    write: (value) => {
      const wire: Record<string, unknown> = {};
      for (const [name, field] of entries) {
        const written = field.write((value as WireObject)[name]);
        if (written !== undefined) wire[name] = written;
      }
      return wire;
    },
    read: (wire, where) => {
      const from = objectOf(wire, where);
      const value: Record<string, unknown> = {};
      for (const [name, field] of entries) {
        const read = field.read(from[name], `${where}.${name}`);
        if (read !== undefined) value[name] = read;
      }
      return value as T;
    },
  };
}

/** One of several records, told apart by the property `tag`: in the schema a oneof with a member for each. */
export function union<T, Tag extends keyof T & string>(
  tag: Tag,
  variants: { readonly [K in T[Tag] & string]: Wire<Omit<Extract<T, { readonly [_ in Tag]: K }>, Tag>> },
): Wire<T> {
  const wires = variants as unknown as Readonly<Record<string, Wire<unknown>>>;
  return {
    write: (value) => {
      const name = value[tag] as string;
      return { [name]: wires[name]!.write(value) };
    },
    read: (wire, where) => {
      const name = theOneOf(objectOf(wire, where), Object.keys(wires), where);
      const fields = wires[name]!.read((wire as WireObject)[name], `${where}.${name}`);
      return { [tag]: name, ...(fields as object) } as T;
    },
  };
}

/** The one among `names` that `wire` has. */
export function theOneOf(wire: WireObject, names: readonly string[], where: string): string {
  const present = names.filter((name) => wire[name] !== undefined);
  if (present.length === 1) return present[0]!;
  throw refused(where, `one of ${names.join(", ")}`, present.length === 0 ? "none" : present);
}

/** An INVALID_ARGUMENT error about a message of a peer. */
export function refused(where: string, rule: string, got: unknown): Error {
  return invalidArgument("message", where, rule, got);
}

function objectOf(wire: unknown, where: string): WireObject {
  if (typeof wire === "object" && wire !== null) return wire as WireObject;
  throw refused(where, "a message", wire);
}

function upperSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
