/**
 * Plain data over columns, apart from the columns: so that it can be put together again over others of the same types
 * and lengths.
 */
import type { Arena } from "../../core/column/arena.ts";
import { bytesPerElement, type ColumnRef } from "../../core/column/types.ts";
import { assert } from "../../core/errors.ts";
import type { FileContents } from "./columnFile.ts";

/** Plain data in which columns, slices of them, and encoded blocks are named by their places among the contents. */
export interface Template<T> {
  readonly data: unknown;
  readonly columns: readonly Pick<ColumnRef, "type" | "length">[];
  readonly blockBytes: readonly number[];
  readonly __type?: T;
}

class ColumnPlace {
  readonly column: number;
  readonly type: ColumnRef["type"];
  readonly bytesFrom: number;
  readonly length: number;

  constructor(column: number, { type, offset, length }: ColumnRef, start: number) {
    this.column = column;
    this.type = type;
    this.bytesFrom = offset - start;
    this.length = length;
  }
}

class BlockPlace {
  readonly block: number;

  constructor(block: number) {
    this.block = block;
  }
}

/** Takes `value` apart. `columns`: the whole columns that those in `value` are, or are slices of. */
export function templateOf<T>(
  value: T,
  columns: readonly ColumnRef[],
): { template: Template<T>; contents: FileContents } {
  const blocks: SharedArrayBuffer[] = [];
  const data = mapTree(value, (leaf) => {
    if (leaf instanceof SharedArrayBuffer) return new BlockPlace(blocks.push(leaf) - 1);
    if (!isColumnRef(leaf)) return undefined;
    const at = columns.findIndex(({ type, offset, length }) => {
      return offset <= leaf.offset && endOf(leaf) <= offset + length * bytesPerElement[type];
    });
    assert(at >= 0, `a column at ${leaf.offset} belongs to none of ${columns.length} columns`);
    return new ColumnPlace(at, leaf, columns[at]!.offset);
  });
  const blockBytes = blocks.map(({ byteLength }) => byteLength);
  return {
    template: { data, columns: columns.map(({ type, length }) => ({ type, length })), blockBytes },
    contents: { columns, blocks },
  };
}

/** The value over other contents. */
export function fromTemplate<T>({ data }: Template<T>, { columns, blocks }: FileContents): T {
  return mapTree(data, (leaf) => {
    if (leaf instanceof BlockPlace) return blocks[leaf.block]!;
    if (!(leaf instanceof ColumnPlace)) return undefined;
    return { type: leaf.type, offset: columns[leaf.column]!.offset + leaf.bytesFrom, length: leaf.length };
  }) as T;
}

/** New columns of the types and lengths that a template needs, for `fromTemplate`. Owned by the caller. */
export function allocateContents({ columns }: Template<unknown>, arena: Arena, owner: string): ColumnRef[] {
  const allocated: ColumnRef[] = [];
  try {
    for (const { type, length } of columns) allocated.push(arena.allocate(type, length, owner));
  } catch (error) {
    for (const column of allocated) arena.free(column);
    throw error;
  }
  return allocated;
}

function endOf({ type, offset, length }: ColumnRef): number {
  return offset + length * bytesPerElement[type];
}

function isColumnRef(value: object): value is ColumnRef {
  return (
    "type" in value && "offset" in value && "length" in value && Object.hasOwn(bytesPerElement, String(value.type))
  );
}

/** A copy of plain data in which the objects for which `replace` gives something are replaced. */
function mapTree(value: unknown, replace: (leaf: object) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((item) => mapTree(item, replace));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTree(item, replace)]));
}
