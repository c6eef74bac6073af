/** Compiles what is in the folder `assembly`. A test compares what the repository keeps with what the compiler makes. */
import { writeFile } from "node:fs/promises";
import { compiledModules, textOfModule } from "./compiled-module.ts";

for (const module of compiledModules) await writeFile(module.file, await textOfModule(module));
