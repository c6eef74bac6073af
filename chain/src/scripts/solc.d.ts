/** The part of npm `solc` that is used here; the package ships no types. */
declare module "solc" {
  interface Solc {
    /** For example "0.8.37+commit.1a2b3c4d.Emscripten.clang". */
    version(): string;
    /** Takes and returns Solidity's standard JSON. */
    compile(standardJsonInput: string): string;
  }
  const solc: Solc;
  export = solc;
}
