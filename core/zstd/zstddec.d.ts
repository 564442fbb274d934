/** What is used of zstddec, the reference decoder compiled to WebAssembly. */
declare module "zstddec/stream" {
  export class ZSTDDecoder {
    /** Compiles the module, once a thread. */
    init(): Promise<void>;
    /**
     * The decompressed pieces of frames that follow each other. A piece may be empty. At a fault it gives empty pieces
     * for ever; data that ends within a frame is an error at its end.
     */
    decodeStreaming(pieces: Iterable<Uint8Array>): Generator<Uint8Array<ArrayBuffer>, void, undefined>;
  }
}
