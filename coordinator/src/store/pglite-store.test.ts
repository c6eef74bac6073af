import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@chorus/aggregation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore, type PgliteStore } from "./pglite-store.ts";
import { describeStore } from "./testing/store-conformance.ts";
import type { UseStore } from "./testing/use-store.ts";

const { signal } = new AbortController();
const clock = { now: () => 1_700_000_000_000 };
const federationName = "three hospitals";

function open(directory: string | undefined, name = federationName): Promise<PgliteStore> {
  const random = seededRandom("pglite-store.test");
  return openStore({ directory, federationName: name, clock, random }, signal);
}

let memory: PgliteStore;
let folder: string;

beforeAll(async () => {
  memory = await open(undefined);
  folder = await mkdtemp(join(tmpdir(), "chorus-store-"));
}, 120_000);

afterAll(async () => {
  await memory[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const onDisk: UseStore = async (work) => {
  await using store = await open(join(folder, "store"));
  return await work(store);
};

describeStore("a store in memory", (work) => work(memory));
describeStore("a store on disk that is closed and opened again between uses", onDisk);

test("a store keeps its federation, and refuses another federation's name", async () => {
  const { federationId } = await onDisk(async ({ federation }) => federation);
  expect(federationId).toMatch(/^[0-9a-f]{64}$/);
  expect(await onDisk(async ({ federation }) => federation)).toEqual({
    federationId,
    name: federationName,
  });
  await expect(open(join(folder, "store"), "somebody else")).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining(federationName),
  });
});

test("an aborted signal opens nothing", async () => {
  const reason = new Error("changed my mind");
  const options = { directory: join(folder, "never"), federationName, clock };
  const random = seededRandom("never");
  await expect(openStore({ ...options, random }, AbortSignal.abort(reason))).rejects.toBe(reason);
});
