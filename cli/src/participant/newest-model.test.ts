import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initialModel, layoutOf, modelHash, modelToBytes, sha256Hex } from "@chorus/aggregation";
import { ModelStore } from "@chorus/client";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runChorus } from "../testing/run-chorus.ts";
import { encryptedPlan as plan } from "../verify/testing/encrypted-rounds.ts";
import { type ModelChoice, writeNewestModel } from "./newest-model.ts";

const log = pino({ enabled: false });
const layout = layoutOf(plan.model);
const runIds = [sha256Hex("a run"), sha256Hex("another run")] as const;

let folder = "";
let stateDirectory = "";
let output = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-model-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  stateDirectory = await mkdtemp(join(folder, "state-"));
  output = join(stateDirectory, "model.f32");
});

/** The model that rounds of a run make here: another one in each round. */
function modelAfter(round: number): Float32Array {
  return initialModel(layout, 100 + round);
}

/** Keeps models as a participant does whose rounds of a run, up to `completed`, were completed. */
async function keep(runId: string, rounds: readonly number[], completed: number): Promise<void> {
  const store = await ModelStore.open(stateDirectory, log);
  for (const round of rounds) {
    const model = modelAfter(round);
    const name = { runId, round, modelHash: modelHash(layout, model), plan };
    await store.keep(name, { model, state: undefined });
    if (round <= completed) await store.committed(runId, name.modelHash);
  }
}

function write(run?: string, choice: Partial<ModelChoice> = {}) {
  return writeNewestModel({ stateDirectory, run, round: undefined, output, ...choice }, log);
}

test("the newest model of the only run is written as it is, for its owner alone, in the place of what was there", async () => {
  await keep(runIds[0], [1, 2], 2);
  await writeFile(output, "an older and much longer file than the model will be, to the last byte");
  const before = await readdir(stateDirectory);
  const written = await write();
  const bytes = await readFile(output);
  expect(new Uint8Array(bytes)).toEqual(modelToBytes(modelAfter(2)));
  expect(written).toMatchObject({
    runId: runIds[0],
    round: 2,
    modelHash: modelHash(layout, modelAfter(2)),
    planName: "tiny",
    isCommitted: true,
    parameters: 4,
    bytes: 16,
    output,
  });
  expect(await readdir(stateDirectory)).toEqual(before);
});

test.skipIf(process.platform === "win32")("nobody else may read the file", async () => {
  await keep(runIds[0], [1], 1);
  await write();
  expect((await stat(output)).mode & 0o077).toBe(0);
});

test("a model that its round was not completed with comes after one that it was", async () => {
  await keep(runIds[0], [1, 2], 1);
  expect(await write()).toMatchObject({ round: 1, isCommitted: true });
  await keep(runIds[1], [1], 0);
  expect(await write(runIds[1])).toMatchObject({ round: 1, isCommitted: false, laterRound: null });
});

test("a later model that is not known to be completed is told of, and written when its round is chosen", async () => {
  await keep(runIds[0], [1, 2], 1);
  expect(await write()).toMatchObject({ round: 1, laterRound: 2 });
  const chosen = await write(undefined, { round: 2 });
  expect(chosen).toMatchObject({ round: 2, isCommitted: false, laterRound: null });
  expect(new Uint8Array(await readFile(output))).toEqual(modelToBytes(modelAfter(2)));
  await expect(write(undefined, { round: 3 })).rejects.toMatchObject({
    code: "wrong-usage",
    message: "--round: no model of round 3 is kept; models are kept of rounds 1, 2",
  });
  const args = ["participant", "model", "--state-dir", stateDirectory, "--output", output];
  expect((await runChorus(...args)).stdout).toMatch(/^later +a model of round 2 .*--round 2/m);
  expect((await runChorus(...args, "--round", "2")).stdout).not.toContain("--round");
});

test("of several runs one has to be chosen, by the beginning of its id", async () => {
  await keep(runIds[0], [1], 1);
  await keep(runIds[1], [1, 2], 2);
  const several = { code: "wrong-usage", message: expect.stringContaining("models of 2 runs: ") };
  await expect(write()).rejects.toMatchObject(several);
  expect(await write(runIds[1].slice(0, 6))).toMatchObject({ runId: runIds[1], round: 2 });
  await expect(write("zz")).rejects.toMatchObject({ code: "unknown-run" });
});

test("a folder without models, and one that is not there, say where models are", async () => {
  for (const empty of [stateDirectory, join(stateDirectory, "missing")])
    await expect(write(undefined, { stateDirectory: empty })).rejects.toMatchObject({
      code: "unknown-run",
      message: `no model is kept in ${empty}`,
      hint: expect.stringContaining("encrypted run"),
    });
});

test("a damaged model is refused and nothing is written", async () => {
  await keep(runIds[0], [1], 1);
  const [kept] = (await ModelStore.open(stateDirectory, log)).kept;
  await writeFile(kept?.path ?? "", new Uint8Array(16));
  await expect(write()).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining("cannot read the model"),
    hint: "Take the model from another participant.",
  });
  expect(await readdir(stateDirectory)).not.toContain("model.f32");
});

test("an output that cannot be written is wrong usage", async () => {
  await keep(runIds[0], [1], 1);
  await mkdir(output);
  const wrong = { code: "wrong-usage", message: expect.stringContaining("--output: cannot write") };
  for (const place of [output, join(folder, "missing", "model.f32")])
    await expect(write(undefined, { output: place })).rejects.toMatchObject(wrong);
  expect(await readdir(stateDirectory)).not.toContain("model.f32.part");
});

test("the command tells what it wrote, in text and in JSON, and ends with 2 where there is nothing to write", async () => {
  const args = ["participant", "model", "--state-dir", stateDirectory, "--output", output];
  const none = await runChorus(...args);
  expect(none.stderr).toMatch(/^chorus: no model is kept in .*state/);
  expect(none.code).toBe(2);
  await keep(runIds[0], [1], 0);
  const hash = modelHash(layout, modelAfter(1));
  const told = await runChorus(...args);
  expect(told.stdout).toContain(hash);
  expect(told.stdout).toMatch(/^round +1, not known here to be completed$/m);
  const { stdout, code } = await runChorus(...args, "--json");
  expect(JSON.parse(stdout)).toMatchObject({ runId: runIds[0], modelHash: hash, output });
  expect(code).toBe(0);
});
