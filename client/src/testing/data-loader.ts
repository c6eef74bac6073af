import type { IdxSchema } from "@chorus/aggregation";
import { loadDataset } from "../data/load.ts";
import { planFor } from "../data/plans.test-support.ts";

/** Loads the IDX files of a folder and writes how much memory that took at most, in bytes. */
const [folder = "", side = "", limit = ""] = process.argv.slice(2);
const data: IdxSchema = { format: "idx", classes: 2, scale: 255 };
const plan = planFor(data, [Number(side), Number(side)]);
const storage = { limitBytes: Number(limit), directory: folder };
const { dataset } = await loadDataset(folder, plan, { storage }, new AbortController().signal);
dataset[Symbol.dispose]();
// Kibibytes, on every platform: libuv's documentation of uv_rusage_t.
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}`);
