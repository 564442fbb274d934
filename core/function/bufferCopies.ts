/**
 * The buffers behind captured typed arrays. Ordinary ones are copied, each once, and only from the first to the last
 * byte that is captured; shared ones are not copied: both sides see the same bytes.
 */
import type { HeapNode, Ref } from "./heap.ts";
import { refusalOf, type Refusal } from "./refusal.ts";

/** Bytes of one buffer that are captured: `[from, to)`. */
interface Captured {
  readonly ref: Ref;
  from: number;
  to: number;
}

/** The buffers of one capture. */
export class BufferCopies {
  readonly #captured = new Map<ArrayBufferLike, Captured>();

  /** The node of a buffer, which `add` makes at first, with `[from, to)` captured; or why it cannot be captured. */
  capture(buffer: ArrayBufferLike, from: number, to: number, add: (node: HeapNode) => Ref): Ref | Refusal {
    const known = this.#captured.get(buffer);
    if (known !== undefined) {
      known.from = Math.min(known.from, from);
      known.to = Math.max(known.to, to);
      return known.ref;
    }
    const refusal = refusalOfBuffer(buffer);
    if (refusal !== undefined) return refusal;
    const ref = add({ kind: "buffer", bytes: new ArrayBuffer(0) });
    this.#captured.set(buffer, { ref, from, to });
    return ref;
  }

  /** Copies what was captured into the nodes, and moves the views in them to fit. */
  finish(nodes: HeapNode[]): void {
    const shifts = new Map<number, number>();
    for (const [buffer, { ref, from, to }] of this.#captured) {
      if (buffer instanceof SharedArrayBuffer) {
        nodes[ref.ref] = { kind: "buffer", bytes: buffer };
        continue;
      }
      const start = from - (from % 8); // keeps every view aligned
      nodes[ref.ref] = { kind: "buffer", bytes: buffer.slice(start, to) };
      shifts.set(ref.ref, start);
    }
    for (const [index, node] of nodes.entries()) {
      if (node.kind !== "view") continue;
      nodes[index] = { ...node, byteOffset: node.byteOffset - (shifts.get(node.buffer.ref) ?? 0) };
    }
  }
}

/** The constructor's name of a typed array, DataView or Buffer; undefined for subclasses of a program's own. */
export function viewTypeOf(view: ArrayBufferView): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(view);
  if (prototype === Buffer.prototype) return "Buffer";
  const type = Object.prototype.toString.call(view).slice(8, -1);
  const constructor = (globalThis as Record<string, unknown>)[type] as { prototype?: unknown } | undefined;
  return constructor?.prototype === prototype ? type : undefined;
}

function refusalOfBuffer(buffer: ArrayBufferLike): Refusal | undefined {
  const prototype: unknown = Object.getPrototypeOf(buffer);
  if (prototype !== ArrayBuffer.prototype && prototype !== SharedArrayBuffer.prototype) return refusalOf(buffer);
  const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean };
  if (resizable === true || growable === true) {
    return { what: "a buffer whose size may change, which cannot travel", advice: "Capture a copy: x.slice()." };
  }
  try {
    void new Uint8Array(buffer);
  } catch {
    return { what: "a buffer that was given away (detached)", advice: "Capture a copy made before that." };
  }
  if (buffer.byteLength >= 2 ** 32) {
    return { what: "a view of 4 GiB of shared memory, which cannot travel", advice: "Capture a copy: x.slice()." };
  }
  return undefined;
}
