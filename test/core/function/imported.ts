import { basename } from "node:path";

const FACTOR = 3;

/** Captures a constant of its module. */
export function triple(x: number): number {
  return x * FACTOR;
}

/** Imports in its turn. */
export const lastPart = (file: string): string => basename(file);

/** Cannot travel: must not matter to who does not use it. */
export const openHandles: WeakMap<object, unknown> = new WeakMap<object, unknown>();

/** A class without state of its own. */
export class Base {
  hello(): string {
    return `hello from ${this.constructor.name}`;
  }
}
