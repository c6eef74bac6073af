import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { layoutOf, modelFromBytes, modelHash, parsePlan } from "@chorus/aggregation";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DemoResult } from "../report/demo-result.ts";
import { mainPath, runChorus } from "../testing/run-chorus.ts";

const patienceMs = 400_000;
const digitsPlan = fileURLToPath(new URL("../../plans/mnist.json", import.meta.url));
const csvPlan = fileURLToPath(new URL("../../plans/heart-disease.json", import.meta.url));

let runs = "";
beforeEach(async () => {
  runs = await mkdtemp(join(tmpdir(), "chorus-demo-"));
});
afterEach(async () => {
  await rm(runs, { recursive: true });
});

test(
  "the demo's federated model comes within 2 points of a centralised one and beats everybody alone",
  async () => {
    const { code, stdout, stderr } = await runChorus("demo", "--json", "--runs-dir", runs);
    expect(code, stderr).toBe(0);
    const { result, reportPath } = JSON.parse(stdout) as { result: DemoResult; reportPath: string };
    const { accuracy, participants, interruption, verification } = result;
    expect(accuracy.federated).toBeGreaterThan(accuracy.centralised - 0.02);
    expect(participants).toHaveLength(4);
    for (const { name, aloneAccuracy } of participants)
      expect(accuracy.federated, name).toBeGreaterThan(aloneAccuracy);
    expect(interruption).toMatchObject({ survivors: 3, participants: 4 });
    expect(interruption?.returnedInRound).toBeGreaterThan(interruption?.round ?? 0);
    expect(verification.rounds).toBe(24);
    await access(reportPath);
  },
  patienceMs,
);

test(
  "an encrypted demo's killed participant comes back, and its last model, which only participants have, is written beside the report",
  async () => {
    const plan = join(runs, "short.json");
    await writeFile(
      plan,
      JSON.stringify({ ...JSON.parse(await readFile(digitsPlan, "utf8")), rounds: 5 }),
    );
    const args = ["--json", "--runs-dir", runs, "--plan", plan, "--protection", "he"];
    const { code, stdout, stderr } = await runChorus("demo", ...args);
    expect(code, stderr).toBe(0);
    const { result, modelPath } = JSON.parse(stdout) as { result: DemoResult; modelPath: string };
    expect(result.protection).toMatchObject({ kind: "he", valueBits: 8 });
    expect(result.interruption).toMatchObject({ round: 3, survivors: 3, returnedInRound: 4 });
    expect(result.verification).toMatchObject({ rounds: 5, models: 5 });
    // The initial model knows about a tenth.
    expect(result.accuracy.federated).toBeGreaterThan(0.5);
    const layout = layoutOf(parsePlan(result.plan).model);
    const model = modelFromBytes(layout, await readFile(modelPath));
    expect(modelHash(layout, model)).toBe(result.rounds.at(-1)?.modelHash);
  },
  patienceMs,
);

test.each([
  [["--value-bits", "15"], "--value-bits 15 is of encrypted updates"],
  [["--protection", "he", "--value-bits", "12"], "Allowed choices are 8, 15, 16"],
  [["--protection", "dp"], "Allowed choices are masking, he"],
])(
  "a protection that there is not is wrong usage, and leaves nothing: %j",
  async (options, told) => {
    const { code, stderr } = await runChorus("demo", "--runs-dir", runs, ...options);
    expect(stderr).toContain(told);
    expect(code).toBe(2);
    expect(await readdir(runs)).toEqual([]);
  },
);

test("a plan that is not about digits is refused at once, and leaves nothing", async () => {
  const { code, stderr } = await runChorus("demo", "--plan", csvPlan, "--runs-dir", runs);
  expect(stderr).toContain("the plan's data are csv");
  expect(code).toBe(2);
  expect(await readdir(runs)).toEqual([]);
});

test("a demo that is interrupted while it splits the digits leaves nothing", async () => {
  const args = [mainPath, "demo", "--runs-dir", runs];
  const demo = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(demo, "exit");
  await once(demo.stdout, "data");
  demo.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(await readdir(runs)).toEqual([]);
});
