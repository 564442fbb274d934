/**
 * What a shipped function is, in 64 characters: to tell whether a program that starts again is the one that ran before.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { encodeValues } from "../column/codec.ts";
import type { Heap, HeapNode } from "./heap.ts";

/** Contents of an object that a factory makes again, where its recipe is only a name for them, as of a broadcast. */
export type MadeContents = (factory: string, data: Heap) => Promise<Uint8Array | undefined>;

/**
 * SHA-256, in hex, of a function's source and of all that it captures. Equal for the same function in another process;
 * where its file lies does not count, nor the line it stands on. Of a module that it imports, the text of that file
 * counts, not that of files imported there.
 */
export async function functionDigest(
  { nodes }: { readonly nodes: readonly HeapNode[] },
  contentsOf: MadeContents,
): Promise<string> {
  return sha256(encodeValues([await plainNodes(nodes, contentsOf)]));
}

/** SHA-256 of bytes or text, in hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Nodes without what differs between two processes, as values that can be encoded. */
async function plainNodes(nodes: readonly HeapNode[], contentsOf: MadeContents): Promise<unknown[]> {
  const plain: unknown[] = [];
  for (const node of nodes) plain.push(await plainNode(node, contentsOf));
  return plain;
}

async function plainNode(node: HeapNode, contentsOf: MadeContents): Promise<unknown> {
  switch (node.kind) {
    case "function": {
      const { file: _file, line: _line, column: _column, ...own } = node;
      return own;
    }
    case "buffer":
      return { kind: node.kind, byteLength: node.bytes.byteLength, digest: sha256(new Uint8Array(node.bytes)) };
    case "module":
      return { kind: node.kind, name: node.name, module: moduleText(node.url) };
    case "importer":
      return { kind: node.kind };
    case "made": {
      const { kind, factory, data } = node;
      const contents = await contentsOf(factory, data);
      if (contents !== undefined) return { kind, factory, digest: sha256(contents) };
      return { kind, factory, root: data.root, nodes: await plainNodes(data.nodes, contentsOf) };
    }
    default:
      return node;
  }
}

/** A digest of a module's file, or the name of one that is part of Node. */
function moduleText(url: string): string {
  if (!url.startsWith("file:")) return url;
  try {
    return sha256(readFileSync(new URL(url)));
  } catch {
    return url; // it has gone since it was loaded: its name must do
  }
}
