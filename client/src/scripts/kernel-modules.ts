import { readdir, readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";
import { sectionsOf } from "./sections.ts";

/** Where the kernels' sources are; index.ts says what is exported. */
const sourceFolder = new URL("../../assembly/", import.meta.url);

/** Where the compiled kernels are kept in the repository. */
export const modulesFile: URL = new URL(
  "../tfjs/kernels/generated/kernel-modules.ts",
  import.meta.url,
);

/** The compiled modules depend on these, on the sources and on the compiler's version, which the lock file holds. */
const COMPILER_OPTIONS = [
  ...["-O3", "--noAssert", "--runtime", "stub", "--importMemory", "--noExportMemory"],
  // The compiler warns of functions that exchange vectors, though only the module's own functions call them.
  ...["--disableWarning", "112"],
  ...["--enable", "simd"],
];

/** Sections of a module that put something into memory or run on their own. The memory belongs to TensorFlow.js. */
const FORBIDDEN_SECTIONS = ["start", "element", "data"];

/** Compiles the kernels twice and returns the text of {@link modulesFile}. Throws when the compiler has anything to say. */
export async function kernelModules(): Promise<string> {
  const sources = await readSources();
  const simd = await compile(sources, []);
  const relaxed = await compile(sources, ["--enable", "relaxed-simd"]);
  return [
    "// Made from assembly/ by src/scripts/compile-kernels.ts. Do not edit.",
    `// Compiler: AssemblyScript ${asc.version}.`,
    "/** A WebAssembly module, base64: with SIMD. */",
    `export const simdModuleBase64 =\n  "${Buffer.from(simd).toString("base64")}";`,
    "/** A WebAssembly module, base64: with relaxed SIMD, which multiplies and adds in one instruction. */",
    `export const relaxedSimdModuleBase64 =\n  "${Buffer.from(relaxed).toString("base64")}";`,
    "",
  ].join("\n");
}

/** Text by file name. */
async function readSources(): Promise<Map<string, string>> {
  const names = (await readdir(sourceFolder)).filter((name) => name.endsWith(".ts"));
  const texts = names.map((name) => readFile(new URL(name, sourceFolder), "utf8"));
  const contents = await Promise.all(texts);
  return new Map(names.map((name, index) => [name, contents[index] ?? ""]));
}

async function compile(sources: Map<string, string>, options: string[]): Promise<Uint8Array> {
  const written = new Map<string, string | Uint8Array>();
  const messages: string[] = [];
  const say = { write: (text: string | Uint8Array) => messages.push(String(text)) > 0 };
  const { error } = await asc.main(
    ["index.ts", ...COMPILER_OPTIONS, ...options, "--outFile", "kernels.wasm"],
    {
      readFile: (name) => sources.get(name) ?? null,
      writeFile: (name, contents) => void written.set(name, contents),
      listFiles: () => [],
      stdout: say,
      stderr: say,
    },
  );
  const binary = written.get("kernels.wasm");
  if (error !== null || messages.length > 0 || !(binary instanceof Uint8Array)) {
    throw new Error(`the kernels do not compile: ${messages.join("")}`, { cause: error });
  }
  requireBare(binary);
  return binary;
}

function requireBare(binary: Uint8Array): void {
  const found = sectionsOf(binary).filter((name) => FORBIDDEN_SECTIONS.includes(name));
  if (found.length > 0) throw new Error(`the module has sections ${found}, wanted none of these`);
}
