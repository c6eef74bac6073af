import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DemoResult } from "../report/demo-result.ts";
import { mainPath, runChorus } from "../testing/run-chorus.ts";

const patienceMs = 400_000;
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
