import { writeSync } from "node:fs";
import { systemRandom } from "@chorus/aggregation";
import { openDataDirectory } from "../data-directory.ts";

// A process that holds the data directory named by its argument until it is killed.

await openDataDirectory(process.argv[2] ?? "", { random: systemRandom });
writeSync(1, "locked\n");
process.stdin.resume();
