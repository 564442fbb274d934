/**
 * The part of WebAssembly that Superstep uses: without DOM types, nothing else declares it.
 */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    /** In pages of 64 KiB. */
    initial: number;
    /** In pages of 64 KiB; at most 65536. */
    maximum?: number;
    shared?: boolean;
  }

  interface Memory {
    readonly buffer: ArrayBufferLike;
    grow(pages: number): number;
  }
  const Memory: { prototype: Memory; new (descriptor: MemoryDescriptor): Memory };

  type ImportValue = Memory | Global | Table | number | bigint | ((...args: never[]) => unknown);
  type Imports = Record<string, Record<string, ImportValue>>;

  interface Global {
    value: unknown;
  }
  interface Table {
    readonly length: number;
  }

  interface Module {
    readonly __module?: never;
  }
  interface ModuleImport {
    readonly module: string;
    readonly name: string;
    readonly kind: "function" | "table" | "memory" | "global";
  }
  const Module: {
    prototype: Module;
    new (bytes: ArrayBufferView | ArrayBufferLike): Module;
    imports(module: Module): ModuleImport[];
  };

  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  const Instance: { prototype: Instance; new (module: Module, imports?: Imports): Instance };

  function compile(bytes: ArrayBufferView | ArrayBufferLike): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function validate(bytes: ArrayBufferView | ArrayBufferLike): boolean;

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}
}
