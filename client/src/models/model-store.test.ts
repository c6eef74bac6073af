import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
  for (const folder of [dirname(path), join(directory, "models")])
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

/** Keeps a model as a round does that is completed with it. */
async function commit(store: ModelStore, { name, held }: ReturnType<typeof made>): Promise<void> {
  await store.keep(name, held);
  await store.committed(name.runId, name.modelHash);
}

const roundsAndCommitted = (store: ModelStore) =>
  store.kept.map(({ round, isCommitted }) => `${round}${isCommitted ? " committed" : ""}`);

test("of a run the newest committed model and the one that was kept last are there, and nothing else", async () => {
  const directory = await emptyFolder();
  const store = await openIn(directory);
  await store.keep(made(1, 9).name, made(1, 9).held);
  for (const round of [1, 2, 3]) await commit(store, made(round, round));
  for (const value of [4, 5]) await store.keep(made(4, value).name, made(4, value).held);
  for (const one of [store, await openIn(directory)]) {
    expect(roundsAndCommitted(one)).toEqual(["4", "3 committed"]);
    expect((await read(one, made(3, 3)))?.model[0]).toBe(3);
    expect((await read(one, made(4, 5)))?.model[0]).toBe(5);
  }
  expect(await readdir(join(directory, "models", RUN_ID))).toHaveLength(6);
});

test("an attempt at a round that was completed before leaves what was completed, and what it began with", async () => {
  const store = await openIn(await emptyFolder());
  for (const round of [5, 6]) await commit(store, made(round, round));
  for (const value of [7, 8]) await store.keep(made(6, value).name, made(6, value).held);
  expect(roundsAndCommitted(store)).toEqual(["6", "6 committed", "5 committed"]);
  expect(store.latest(RUN_ID)?.modelHash).toBe(made(6, 6).name.modelHash);
  expect(await read(store, made(6, 6))).toEqual(made(6, 6).held);
  // What is the same model stays committed.
  await store.keep(made(6, 6).name, made(6, 6).held);
  expect(roundsAndCommitted(store)).toEqual(["6 committed", "5 committed"]);
});

test("the committed models of any number of runs are kept", async () => {
  const directory = await emptyFolder();
  const store = await openIn(directory);
  const runs = Array.from({ length: 20 }, (_, run) => made(1, run, sha256Hex(`run ${run}`)));
  for (const run of runs) await commit(store, run);
  const again = await openIn(directory);
  for (const run of runs) expect(await read(again, run)).toEqual(run.held);
});

test("drafts and models without a record are swept away, and by nobody who only reads", async () => {
  const directory = await emptyFolder();
  await commit(await openIn(directory), made(1, 1));
  const folder = join(directory, "models", RUN_ID);
  const kept = await readdir(folder);
  const left = ["json.draft", "model", "model.draft", "state"];
  for (const kind of left) await writeFile(join(folder, `round-2-${"0".repeat(16)}.${kind}`), "");
  await writeFile(join(folder, "notes.txt"), "of somebody else");
  const store = await openIn(directory);
  expect(await readdir(folder)).toHaveLength(kept.length + left.length + 1);
  await store.sweep();
  expect((await readdir(folder)).toSorted()).toEqual(["notes.txt", ...kept].toSorted());
  expect(await read(store, made(1, 1))).toEqual(made(1, 1).held);
});

test("a model that cannot be written whole leaves no draft", async () => {
  const directory = await emptyFolder();
  const store = await openIn(directory);
  const { name, held } = made(1, 1);
  const path = await store.keep(name, held);
  await rm(path);
  await mkdir(path);
  await expect(store.keep(name, held)).rejects.toMatchObject({ code: "unwritable" });
  expect((await readdir(join(directory, "models", RUN_ID))).join()).not.toContain("draft");
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
  [
    "a record of another model",
    "json",
    (file) =>
      Buffer.from(
        file
          .toString()
          .replace('"modelHash": "', '"modelHash": "0')
          .replace(/(?<="modelHash": ".{64})./, ""),
      ),
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
