import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parsePlan } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { runChorus } from "../testing/run-chorus.ts";
import { samplePlan } from "../verify/testing/sample-plan.ts";
import { requireFree, writePlan } from "./plan-file.ts";
import { formatPreparation } from "./prepared-text.ts";

const template = fileURLToPath(new URL("../../plans/heart-disease.template.json", import.meta.url));

test("a plan is written for people, and never over another file unless that is asked for", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "chorus-prepare-"));
  const path = join(folder.path, "plan.json");
  await requireFree({ path, force: false });
  await writePlan({ path, force: false }, samplePlan);
  expect(parsePlan(await readFile(path, "utf8"))).toEqual(samplePlan);
  await writeFile(path, "mine");
  const occupied = { code: "wrong-usage", hint: expect.stringContaining("--force") };
  await expect(requireFree({ path, force: false })).rejects.toMatchObject(occupied);
  await expect(writePlan({ path, force: false }, samplePlan)).rejects.toMatchObject(occupied);
  expect(await readFile(path, "utf8")).toBe("mine");
  await requireFree({ path, force: true });
  await writePlan({ path, force: true }, samplePlan);
  expect(parsePlan(await readFile(path, "utf8"))).toEqual(samplePlan);
});

test("a plan that cannot be written says that nothing has to be measured again", async () => {
  const path = join(template, "plan.json");
  await expect(writePlan({ path, force: false }, samplePlan)).rejects.toMatchObject({
    code: "wrong-usage",
    hint: expect.stringContaining("--run"),
  });
});

test("people get a table of the columns, and warnings for one that seems constant and for sites that are not in it", () => {
  const text = formatPreparation(
    {
      runId: "3f2a91".padEnd(64, "0"),
      survivors: 4,
      wantedSites: 5,
      rows: 1200,
      plan: samplePlan,
      columns: [
        { column: "age", kind: "number", present: 1, mean: 53.5, scale: 9.4, isConstant: false },
        { column: "site", kind: "number", present: 0.5, mean: 3, scale: 1, isConstant: true },
        { column: "cp", kind: "category", present: 0.9, mostFrequent: "4" },
      ],
    },
    "plan.json",
  );
  expect(text.split("\n")).toEqual([
    "Statistics of 1,200 rows at 4 sites together, from run 3f2a91000000:",
    "",
    "column   present  mean  scale  most frequent",
    "------  --------  ----  -----  -------------",
    "age     100.00 %  53.5    9.4",
    "site     50.00 %     3      1",
    "cp       90.00 %               4",
    "",
    "Only 4 of 5 sites are in these statistics: the logs of the others say why.",
    "",
    'Column "site" seems to have one value only, or a range far too wide for its values: its scale is set to 1.',
    "",
    "Wrote plan.json. Start it with `chorus run start plan.json`.",
  ]);
});

test("a template cannot be started, and says which command makes a plan of it", async () => {
  const { code, stderr } = await runChorus("run", "start", template);
  expect(code).toBe(2);
  expect(stderr).toContain('make a plan of it with "chorus prepare" first');
});
