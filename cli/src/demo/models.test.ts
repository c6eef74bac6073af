import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hash, initialModel, layoutOf, modelHash, sha256Hex } from "@chorus/aggregation";
import { ModelStore } from "@chorus/client";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encryptedPlan as plan } from "../verify/testing/encrypted-rounds.ts";
import { ParticipantModels } from "./models.ts";

const never = new AbortController().signal;
const layout = layoutOf(plan.model);
const model = initialModel(layout, 1);
const hash = modelHash(layout, model);

let folder = "";
let sites: readonly string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-models-"));
  sites = ["alice", "bob", "carol"].map((name) => join(folder, name));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Keeps the model, and a later one, at a site. Returns the file of the first. */
async function keep(site: string | undefined): Promise<string> {
  const store = await ModelStore.open(site ?? "", pino({ enabled: false }));
  const later = initialModel(layout, 2);
  const name = { runId: sha256Hex("a run"), round: 1, modelHash: hash, plan };
  const path = await store.keep(name, { model, state: undefined });
  await store.committed(name.runId, hash);
  const second = { ...name, round: 2, modelHash: modelHash(layout, later) };
  await store.keep(second, { model: later, state: undefined });
  return path;
}

function read(wanted: Hash): Promise<Float32Array> {
  return new ParticipantModels(sites).model(wanted, never);
}

test("a model is that of any participant that has it whole, whatever others have", async () => {
  await writeFile(await keep(sites[0]), new Uint8Array(16));
  await keep(sites[2]);
  expect(await read(hash)).toEqual(model);
});

test("a model that no participant has whole is told to be missing", async () => {
  await writeFile(await keep(sites[1]), new Uint8Array(3));
  const missing = { code: "failed", message: expect.stringMatching(/^none of 3 participants has/) };
  await expect(read(hash)).rejects.toMatchObject(missing);
  await expect(read(sha256Hex("another model"))).rejects.toMatchObject(missing);
});
