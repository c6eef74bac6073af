import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelHash, modelToBytes, sha256Hex } from "@chorus/aggregation";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { ENCRYPTED_PLAN } from "../testing/encrypted-round.ts";
import { LAYOUT, RUN_ID } from "../testing/tiny-round.ts";
import { ModelStore } from "./model-store.ts";

const plan = ENCRYPTED_PLAN;
const stateLength = LAYOUT.parameters;

/** Some model and state, and what they are called after a round. */
function made(round: number, value: number, runId = RUN_ID) {
  const model = new Float32Array(LAYOUT.parameters).fill(value);
  const state = new Float32Array(stateLength).fill(-value);
  return {
    name: { runId, round, modelHash: modelHash(LAYOUT, model), plan },
    held: { model, state },
  };
}

async function openIn(directory: string, lines: string[] = []): Promise<ModelStore> {
  return await ModelStore.open(directory, pino({}, { write: (line) => void lines.push(line) }));
}

async function emptyFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "models-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

function read(store: ModelStore, { name }: ReturnType<typeof made>) {
  return store.read({ ...name, layout: LAYOUT, stateLength });
}

test("a model that was kept is read with its state by the next process, and only its owner may read the files", async () => {
  const directory = await emptyFolder();
  const { name, held } = made(1, 2);
  const path = await (await openIn(directory)).keep(name, held);
  const again = await openIn(directory);
  expect(await read(again, made(1, 2))).toEqual(held);
  expect(await readFile(path)).toEqual(Buffer.from(modelToBytes(held.model)));
  expect(again.kept).toMatchObject([{ runId: RUN_ID, round: 1, planName: "tiny", path }]);
  expect(await again.load(name)).toEqual(held.model);
  for (const kind of ["model", "state", "json"]) {
    const { mode } = await stat(path.replace(/model$/, kind));
    expect(mode & 0o777).toBe(0o600);
  }
});

test("the newest two models of a run are kept, and one of each round", async () => {
  const directory = await emptyFolder();
  const store = await openIn(directory);
  const attempts = [made(1, 1), made(2, 2), made(3, 3), made(3, 4)];
  for (const { name, held } of attempts) await store.keep(name, held);
  for (const one of [store, await openIn(directory)]) {
    const found = await Promise.all(attempts.map((attempt) => read(one, attempt)));
    expect(found.map((model) => model?.model[0])).toEqual([undefined, 2, undefined, 4]);
  }
  const files = await readdir(join(directory, "models", RUN_ID));
  expect(
    files.filter((name) => !name.startsWith("round-2") && !name.startsWith("round-3")),
  ).toEqual([]);
  expect(files).toHaveLength(6);
});

test("the models of the sixteen runs that were written last are kept", async () => {
  const directory = await emptyFolder();
  const store = await openIn(directory);
  const runs = Array.from({ length: 17 }, (_, run) => made(1, run, sha256Hex(`run ${run}`)));
  for (const { name, held } of runs.slice(0, 16)) await store.keep(name, held);
  const [first, second] = runs;
  if (first === undefined || second === undefined) throw new Error("there are runs");
  await store.keep({ ...first.name, round: 2 }, first.held);
  for (const { name, held } of runs.slice(16)) await store.keep(name, held);
  expect(await read(store, first)).toBeDefined();
  expect(await read(store, second)).toBeUndefined();
  expect(await readdir(join(directory, "models"))).toHaveLength(16);
});

test.each<[string, string, (file: Buffer) => Buffer]>([
  [
    "a model with one bit changed",
    "model",
    (file) => Buffer.concat([file.subarray(1), file.subarray(0, 1)]),
  ],
  ["a model that is cut off", "model", (file) => file.subarray(4)],
  [
    "a state with one bit changed",
    "state",
    (file) => Buffer.concat([Buffer.from([1]), file.subarray(1)]),
  ],
  ["a record that is cut off", "json", (file) => file.subarray(9)],
  [
    "a record of another round",
    "json",
    (file) => Buffer.from(file.toString().replace('"round": 1', '"round": 2')),
  ],
])("%s is taken for absent, and the log names the file", async (_, kind, damage) => {
  const directory = await emptyFolder();
  const { name, held } = made(1, 2);
  const path = await (await openIn(directory)).keep(name, held);
  const damaged = path.replace(/model$/, kind);
  await writeFile(damaged, damage(await readFile(damaged)));
  const lines: string[] = [];
  const store = await openIn(directory, lines);
  expect(await read(store, made(1, 2))).toBeUndefined();
  expect(lines.join()).toContain(kind === "json" ? damaged : path);
  // What is damaged can be had again.
  await store.keep(name, held);
  expect(await read(await openIn(directory), made(1, 2))).toEqual(held);
});

test("a model for people is the last that a round was completed with, whatever was made after it", async () => {
  const directory = await emptyFolder();
  const store = await openIn(directory);
  expect(store.latest(RUN_ID)).toBeUndefined();
  const [first, second] = [made(1, 1), made(2, 2)];
  await store.keep(first.name, first.held);
  expect(store.latest(RUN_ID)).toMatchObject({ round: 1, isCommitted: false });
  await store.committed(RUN_ID, first.name.modelHash);
  await store.keep(second.name, second.held);
  for (const one of [store, await openIn(directory)])
    expect(one.latest(RUN_ID)).toMatchObject({ round: 1, isCommitted: true });
  await store.forget(RUN_ID, first.name.modelHash);
  expect((await openIn(directory)).latest(RUN_ID)).toMatchObject({ round: 2 });
  await expect(store.load(first.name)).rejects.toMatchObject({ code: "unreadable" });
});

test("a folder that takes no model is named", async () => {
  const directory = await emptyFolder();
  await writeFile(join(directory, "models"), "no folder");
  const { name, held } = made(1, 2);
  const store = await openIn(directory);
  await expect(store.keep(name, held)).rejects.toMatchObject({ code: "unwritable" });
  expect(store.kept).toEqual([]);
});
