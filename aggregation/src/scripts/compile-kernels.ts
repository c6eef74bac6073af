/** Compiles the kernels into src/kernels/generated. A test compares what is there with what the compiler makes. */
import { writeFile } from "node:fs/promises";
import { kernelModule, moduleFile } from "./kernel-module.ts";

await writeFile(moduleFile, await kernelModule());
