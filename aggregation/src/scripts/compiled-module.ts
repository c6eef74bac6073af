import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

/** A WebAssembly module that the repository keeps compiled. */
export interface CompiledModule {
  /** Its source's name in the folder `assembly`. */
  readonly source: string;
  /** Where it is kept in the repository. */
  readonly file: URL;
  /** What the file exports it as. */
  readonly name: string;
  /** Pages of 64 KiB. */
  readonly memoryPages: number;
}

export const compiledModules: readonly CompiledModule[] = [
  {
    source: "kernels.ts",
    file: new URL("../kernels/generated/kernel-module.ts", import.meta.url),
    name: "kernelModuleBase64",
    // Three blocks of 32,768 words, which is what wasm-kernels.ts puts there.
    memoryPages: 6,
  },
  {
    source: "ring-sis.ts",
    file: new URL("../commitment/generated/ring-module.ts", import.meta.url),
    name: "ringModuleBase64",
    // What wasm-ring.ts puts there.
    memoryPages: 4,
  },
];

/** Compiles a module and returns the text of its file. Throws when the compiler has anything to say. */
export async function textOfModule(module: CompiledModule): Promise<string> {
  const { source, name } = module;
  const text = await readFile(new URL(`../../assembly/${source}`, import.meta.url), "utf8");
  const binary = await compile(module, text);
  return [
    `// Made from assembly/${source} by src/scripts/compile-modules.ts. Do not edit.`,
    `// Compiler: AssemblyScript ${asc.version}.`,
    "/** A WebAssembly module, base64. */",
    `export const ${name} =\n  "${Buffer.from(binary).toString("base64")}";`,
    "",
  ].join("\n");
}

/** The binary depends on the options, on the source and on the compiler's version, which the lock file holds. */
async function compile({ source, memoryPages }: CompiledModule, text: string): Promise<Uint8Array> {
  const options = [
    ...["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub"],
    ...["--initialMemory", `${memoryPages}`, "--maximumMemory", `${memoryPages}`],
  ];
  const output = `${source}.wasm`;
  const written = new Map<string, string | Uint8Array>();
  const messages: string[] = [];
  const say = { write: (message: string | Uint8Array) => messages.push(String(message)) > 0 };
  const { error } = await asc.main([source, ...options, "--outFile", output], {
    readFile: (name) => (name === source ? text : null),
    writeFile: (name, contents) => void written.set(name, contents),
    listFiles: () => [],
    stdout: say,
    stderr: say,
  });
  const binary = written.get(output);
  if (error !== null || messages.length > 0 || !(binary instanceof Uint8Array)) {
    throw new Error(`${source} does not compile: ${messages.join("")}`, { cause: error });
  }
  return binary;
}
