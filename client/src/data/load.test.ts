import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DataSchema, type Plan, parsePlan } from "@chorus/aggregation";
import { describe, expect, test } from "vitest";
import { folderWith, idxBytes } from "./files.test-support.ts";
import { loadDataset } from "./load.ts";
import { planFor } from "./plans.test-support.ts";

const NEVER = new AbortController().signal;
const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const HOSPITALS =
  process.env["CHORUS_HEART_DISEASE_DIR"] ?? join(REPOSITORY, "../shared/data/heart-disease");

async function heartDisease(): Promise<Plan> {
  return parsePlan(await readFile(join(REPOSITORY, "cli/plans/heart-disease.json"), "utf8"));
}

const HEADER = "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,num\n";
const PATIENT = "63,1,1,145,233,1,2,150,0,2.3,0\n";

// Counts: Ogier du Terrail et al. 2022, "FLamby", Fed-Heart-Disease, 740 patients after dropping missing values.
describe.skipIf(!existsSync(HOSPITALS))(
  "the UCI heart disease files in CHORUS_HEART_DISEASE_DIR",
  () => {
    test.each([
      ["cleveland", 303, 0],
      ["hungarian", 261, 33],
      ["switzerland", 46, 77],
      ["va", 130, 70],
    ])(
      "%s has %i patients without missing values and %i with",
      async (name, examples, droppedRows) => {
        const plan = await heartDisease();
        const loaded = await loadDataset(join(HOSPITALS, `${name}.csv`), plan, {}, NEVER);
        expect([loaded.dataset.examples, loaded.droppedRows]).toEqual([examples, droppedRows]);
      },
    );
  },
);

test("a site whose rows are nearly all dropped is refused with how many were", async () => {
  const plan = await heartDisease();
  await using folder = await folderWith({
    "site.csv": HEADER + PATIENT + "63,1,1,,233,1,2,150,0,2.3,0\n".repeat(4),
  });
  await expect(loadDataset(join(folder.path, "site.csv"), plan, {}, NEVER)).rejects.toMatchObject({
    code: "bad-data",
    message: expect.stringContaining("site.csv (4 rows left out for missing values) has 1 usable"),
  });
});

test("a site too small for the plan's hold-out is refused", async () => {
  const plan = await heartDisease();
  await using folder = await folderWith({ "site.csv": HEADER + PATIENT + PATIENT });
  await expect(loadDataset(join(folder.path, "site.csv"), plan, {}, NEVER)).rejects.toMatchObject({
    code: "bad-data",
    message: expect.stringContaining("hold out"),
  });
});

test("no reader gets a number that is not finite past the door, whatever the plan's scale", async () => {
  const data: DataSchema = { format: "idx", classes: 2, scale: 1 };
  const plan = planFor(data, [1, 1]);
  await using folder = await folderWith({
    "images.idx3-ubyte": idxBytes([2, 1, 1], [0, 9]),
    "labels.idx1-ubyte": idxBytes([2], [0, 1]),
  });
  // No plan with such a scale is read: see its schema.
  const tiny = { ...plan, data: { ...data, scale: 1e-300 } };
  await expect(loadDataset(folder.path, tiny, {}, NEVER)).rejects.toMatchObject({
    code: "bad-data",
    message: expect.stringContaining("example 2 becomes a number that is not finite"),
  });
});
