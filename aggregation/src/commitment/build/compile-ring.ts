/** Compiles the ring's arithmetic into src/commitment/generated. A test compares what is there with what the compiler makes. */
import { writeFile } from "node:fs/promises";
import { moduleFile, ringModule } from "./ring-module.ts";

await writeFile(moduleFile, await ringModule());
