import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const SOURCE = "ring-sis.ts";
const BINARY = "ring-sis.wasm";

/** Where the source is. */
const sourceFile = new URL(`../../../assembly/${SOURCE}`, import.meta.url);

/** Where the compiled module is kept in the repository. */
export const moduleFile: URL = new URL("../generated/ring-module.ts", import.meta.url);

/** Pages of 64 KiB: what wasm-ring.ts puts there. */
const MEMORY_PAGES = "4";

/** The compiled module depends on these, on the source and on the compiler's version, which the lock file holds. */
const COMPILER_OPTIONS = [
  ...["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub"],
  ...["--initialMemory", MEMORY_PAGES, "--maximumMemory", MEMORY_PAGES],
];

/** Compiles the ring's arithmetic and returns the text of {@link moduleFile}. Throws when the compiler has anything to say. */
export async function ringModule(): Promise<string> {
  const binary = await compile(await readFile(sourceFile, "utf8"));
  return [
    `// Made from assembly/${SOURCE} by src/commitment/build/compile-ring.ts. Do not edit.`,
    `// Compiler: AssemblyScript ${asc.version}.`,
    "/** A WebAssembly module, base64. */",
    `export const ringModuleBase64 =\n  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

async function compile(source: string): Promise<Uint8Array> {
  const written = new Map<string, string | Uint8Array>();
  const messages: string[] = [];
  const say = { write: (text: string | Uint8Array) => messages.push(String(text)) > 0 };
  const { error } = await asc.main([SOURCE, ...COMPILER_OPTIONS, "--outFile", BINARY], {
    readFile: (name) => (name === SOURCE ? source : null),
    writeFile: (name, contents) => void written.set(name, contents),
    listFiles: () => [],
    stdout: say,
    stderr: say,
  });
  const binary = written.get(BINARY);
  if (error !== null || messages.length > 0 || !(binary instanceof Uint8Array)) {
    throw new Error(`${SOURCE} does not compile: ${messages.join("")}`, { cause: error });
  }
  return binary;
}
