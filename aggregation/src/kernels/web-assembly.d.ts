/** The part of WebAssembly that is used here: TypeScript declares it with the browser's types only. */
declare namespace WebAssembly {
  function validate(binary: Uint8Array): boolean;

  class Module {
    /** Compiles at once, which is for small modules. Throws where {@link validate} is false. */
    constructor(binary: Uint8Array);
  }

  class Instance {
    constructor(module: Module);
    readonly exports: unknown;
  }
}
