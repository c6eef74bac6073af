import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

/** Where the kernels' source is. */
const sourceFile = new URL("../../assembly/kernels.ts", import.meta.url);

/** Where the compiled kernels are kept in the repository. */
export const moduleFile: URL = new URL("../kernels/generated/kernel-module.ts", import.meta.url);

/** Pages of 64 KiB: three blocks of 32,768 words, which is what wasm-kernels.ts puts there. */
const MEMORY_PAGES = "6";

/** The compiled module depends on these, on the source and on the compiler's version, which the lock file holds. */
const COMPILER_OPTIONS = [
  ...["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub"],
  ...["--initialMemory", MEMORY_PAGES, "--maximumMemory", MEMORY_PAGES],
];

/** Compiles the kernels and returns the text of {@link moduleFile}. Throws when the compiler has anything to say. */
export async function kernelModule(): Promise<string> {
  const binary = await compileKernels(await readFile(sourceFile, "utf8"));
  return [
    "// Made from assembly/kernels.ts by src/scripts/compile-kernels.ts. Do not edit.",
    `// Compiler: AssemblyScript ${asc.version}.`,
    "/** A WebAssembly module, base64. */",
    `export const kernelModuleBase64 =\n  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

async function compileKernels(source: string): Promise<Uint8Array> {
  const written = new Map<string, string | Uint8Array>();
  const messages: string[] = [];
  const say = { write: (text: string | Uint8Array) => messages.push(String(text)) > 0 };
  const { error } = await asc.main(
    ["kernels.ts", ...COMPILER_OPTIONS, "--outFile", "kernels.wasm"],
    {
      readFile: (name) => (name === "kernels.ts" ? source : null),
      writeFile: (name, contents) => void written.set(name, contents),
      listFiles: () => [],
      stdout: say,
      stderr: say,
    },
  );
  const binary = written.get("kernels.wasm");
  if (error !== null || messages.length > 0 || !(binary instanceof Uint8Array)) {
    throw new Error(`kernels.ts does not compile: ${messages.join("")}`, { cause: error });
  }
  return binary;
}
