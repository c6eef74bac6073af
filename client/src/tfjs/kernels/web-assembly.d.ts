/** The part of WebAssembly that is used here: TypeScript declares it with the browser's types only. */
declare namespace WebAssembly {
  function validate(binary: Uint8Array): boolean;

  class Module {
    /** Compiles at once, which is for small modules. Throws where {@link validate} is false. */
    constructor(binary: Uint8Array);
  }

  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: unknown;
  }

  class Memory {
    /** `initial`: pages of 64 KiB. */
    constructor(sizes: { readonly initial: number });
    /** Another buffer each time that the memory has grown. */
    readonly buffer: ArrayBuffer;
  }
}
