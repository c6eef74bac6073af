/** Compiles the training kernels into src/tfjs/kernels/generated. A test compares what is there with what the compiler makes. */
import { writeFile } from "node:fs/promises";
import { kernelModules, modulesFile } from "./kernel-modules.ts";

await writeFile(modulesFile, await kernelModules());
