/** The part of WebAssembly that SEAL is opened with, beside what the kernels use. */
declare namespace WebAssembly {
  class Memory {
    /** Another one each time that the memory has grown. */
    readonly buffer: ArrayBuffer;
  }

  function compile(binary: Uint8Array): Promise<Module>;
  function instantiate(module: Module, imports: unknown): Promise<Instance>;
}
