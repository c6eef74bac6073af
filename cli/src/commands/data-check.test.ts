import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChorus } from "../testing/run-chorus.ts";

const planPath = fileURLToPath(new URL("../../plans/heart-disease.json", import.meta.url));
const header = "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,num\n";
const ill = "63,1,1,145,233,1,2,150,0,2.3,2\n";
const healthy = "41,0,2,130,204,0,2,172,0,1.4,0\n52,0,2,130,204,0,2,172,0,1.4,0\n";

async function check(text: string, ...args: readonly string[]) {
  await using folder = await mkdtempDisposable(join(tmpdir(), "chorus-data-check-"));
  const path = join(folder.path, "site.csv");
  await writeFile(path, header + text);
  return await runChorus("data", "check", "--plan", planPath, "--data", path, ...args);
}

test("data that can be trained on are described, and the command ends with 0", async () => {
  const { code, stdout, stderr } = await check(
    ill + healthy + ",1,1,145,233,1,2,150,0,2.3,2\n".repeat(2),
  );
  expect(stderr).toBe("");
  expect(stdout).toContain("Nothing has left this machine.");
  expect(stdout).toMatch(/^examples +3$/m);
  expect(stdout).toMatch(/^left out +2 rows for missing values$/m);
  expect(stdout).toMatch(/^classes +num <= 0: 2 \(66\.67 %\), num > 0: 1 \(33\.33 %\)$/m);
  expect(stdout).toMatch(/^age +2 +0 +41 +52 +63$/m);
  expect(stdout).toMatch(/^cp +0 +0 +1: 1, 2: 2$/m);
  expect(stdout).toContain("- column restecg: every value is 2");
  expect(stdout).toContain("A participant would train on these data.");
  expect(code).toBe(0);
});

test("data that a participant would refuse end the command with 2, with line and column of each problem", async () => {
  const wrong = `${ill + healthy}x,1,9,145,233,1,2,150,0,2.3,2\n`;
  const { code, stdout, stderr } = await check(wrong, "--json");
  const { survey, plan } = JSON.parse(stdout);
  expect(plan).toBe("heart-disease");
  expect(survey.problems).toEqual([
    expect.stringContaining('site.csv, line 5, column "age": got "x"'),
    expect.stringContaining('site.csv, line 5, column "cp": got "9", wanted one of "1", "2"'),
  ]);
  expect(survey).toMatchObject({ examples: 3, isComplete: true });
  expect(JSON.parse(stderr).error).toMatchObject({
    code: "bad-data",
    message: expect.stringContaining("a participant would refuse"),
  });
  expect(code).toBe(2);
});

test("a plan that is none ends the command with 2 before data are read", async () => {
  const { code, stderr } = await runChorus(
    ...["data", "check", "--plan", mainData, "--data", "nowhere.csv"],
  );
  expect(stderr).toContain("the plan is refused: line 1, column 1");
  expect(code).toBe(2);
});

const mainData = fileURLToPath(new URL("./data-check.ts", import.meta.url));
