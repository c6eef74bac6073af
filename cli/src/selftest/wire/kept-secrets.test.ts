import { bytesOfWords, createIdentity, sha256, systemRandom } from "@chorus/aggregation";
import { RoundKeys } from "@chorus/aggregation/primitives";
import { expect, test } from "vitest";
import { soundly } from "./downloads.ts";
import { type Leak, playFederation } from "./federation.ts";
import { KeptSecrets } from "./kept-secrets.ts";
import { Site } from "./site.ts";
import { WEIGHTS } from "./tiny-plan.ts";

const { signal } = new AbortController();
const vector = 4 * WEIGHTS;

test("seeds, and words that stand side by side, are found in what was sent; one word alone is chance", () => {
  const kept = new KeptSecrets(systemRandom);
  const id = createIdentity(new Uint8Array(32)).participantId;
  const words = Uint32Array.from({ length: WEIGHTS }, (_, i) => 0x12345678 + 0x01010101 * i);
  kept.keep(words);
  using keys = new RoundKeys(kept.random);
  const selfMaskSeed = keys.withSelfMaskSeed((seed) => seed.slice());
  expect(kept.releasedBytes(id, [selfMaskSeed.subarray(1)])).toBe(0);
  expect(kept.releasedBytes(id, [new Uint8Array(3), selfMaskSeed])).toBe(32);
  expect(kept.releasedBytes(id, [bytesOfWords(words.slice(3, 4))])).toBe(0);
  expect(kept.releasedBytes(id, [bytesOfWords(words.slice(3, 6))])).toBe(12);
  expect(kept.releasedBytes(id, [new Uint8Array(1), bytesOfWords(words)])).toBe(vector);
});

test("what an honest participant says in the clear at the coordinator's program is measured: its encoded update", async () => {
  const leak: Leak = async ({ step, request }, participant, kept) => {
    if (step !== "submitUpdate") return;
    const data = kept.lastVector;
    const plain = { offset: 0, data, sha256: sha256(data) };
    const [header] = request;
    if (header === undefined) throw new Error("an upload has a header");
    const parts = [header, { part: { $case: "chunk", value: plain } }] as const;
    expect(await participant.attempt({ step, request: parts })).toBe("wrong-length");
  };
  const { releasedBytes } = await playFederation(signal, leak);
  expect(releasedBytes).toBe(2 * vector);
});

test("what the participant's program says to a lying server is measured: seeds that are its opened nonce again", async () => {
  await using site = await Site.open({ fill: (bytes) => bytes.fill(9) });
  const roundId = site.nextRoundId();
  const trained = await site.train(roundId, soundly(site.model.bytes), signal);
  expect(site.releasedBytes()).toBe(0);
  await site.advertise(site.configOf(roundId, trained), signal);
  // The identity's, and three of the round.
  expect(site.releasedBytes()).toBe(4 * 32);
});

test("a refusal for another reason than the one that is wanted is not the refusal that is wanted", async () => {
  await using site = await Site.open();
  const said = await site.train(site.nextRoundId(), () => [], signal);
  expect(said).toMatchObject({ call: "leaveRound", reason: "protocol" });
  expect(site.refusalOf(said, "got the end of the model")).toBe("protocol");
  expect(site.refusalOf(said, "got a chunk of")).toMatch(/^protocol: got the end of the model/);
});
