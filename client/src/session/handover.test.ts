import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createIdentity, modelToBytes, participantIdOf, seededRandom } from "@chorus/aggregation";
import {
  checkModelRequest,
  type HandoverBinding,
  type ModelRequest,
  ModelRequestKeys,
  type SealedModel,
  sealModel,
} from "@chorus/aggregation/he";
import { expect, onTestFinished, test, vi } from "vitest";
import { ModelStore } from "../models/model-store.ts";
import { encryptedOffer, nextOffer } from "../testing/encrypted-round.ts";
import { GatedTrainer } from "../testing/fake-trainer.ts";
import {
  type Alone,
  BINDING,
  filled,
  HASH,
  HELD,
  invite,
  keepHeld,
  leaveReason,
  readHeld,
  silent,
  start,
  trainWith,
} from "../testing/lone-participant.ts";
import type { HandingOut } from "../testing/scripted-coordinator.ts";
import { invitation, offer, piecesOf, train, UNHANDED } from "../testing/tiny-round.ts";
import { handoverMessage, readHandover } from "../wire/messages.ts";

const OTHER = createIdentity(new Uint8Array(32).fill(42));
const random = seededRandom("the other side");

/** Hands out a sealed model, and tells the participant to train with it. */
function handTo({ coordinator }: Alone, { sealed, handovers }: SealedModel): void {
  coordinator.handOut = (call: HandingOut) => {
    for (const piece of piecesOf(sealed, call.request.offset, 50)) call.write(piece);
    call.end();
  };
  const [first] = handovers;
  if (first === undefined) throw new Error("nobody has asked");
  coordinator.tell(trainWith({ handover: handoverMessage(first.handover) }));
}

test("a participant that lacks a round's model asks for it, trains from what it is handed, and has it from then on", async () => {
  await using alone = await start({ has: false });
  const request = await invite(alone);
  if (request === undefined) throw new Error("it asked for nothing");
  expect(() => checkModelRequest(BINDING, request)).not.toThrow();
  handTo(alone, sealModel(BINDING, OTHER, [request], HELD, random));
  await alone.coordinator.answers.next("reportTrained");
  const store = await ModelStore.open(alone.directory, silent);
  expect(store.kept).toMatchObject([{ round: 1, modelHash: HASH, isCommitted: true }]);
  expect(await readHeld(alone.directory)).toEqual(HELD);
  await alone.participant[Symbol.asyncDispose]();
  await using again = await start({ has: false, directory: alone.directory });
  expect(await invite(again)).toBeUndefined();
});

const binding = (changes: Partial<HandoverBinding>) => ({ ...BINDING, ...changes });

/** The request as it would have been made for something else. */
const requestFor = (other: HandoverBinding) => ModelRequestKeys.make(other, OTHER, random).request;

test.each<[string, string, (request: ModelRequest) => SealedModel]>([
  [
    "another model",
    "wrong-model",
    (request) => sealModel(BINDING, OTHER, [request], { ...HELD, model: filled(9) }, random),
  ],
  [
    "another state than the round goes on with",
    "wrong-model",
    (request) => sealModel(BINDING, OTHER, [request], { ...HELD, state: filled(1e4) }, random),
  ],
  [
    "no state",
    "wrong-length",
    (request) => sealModel(BINDING, OTHER, [request], { ...HELD, state: undefined }, random),
  ],
  [
    "what was sealed for somebody else",
    "bad-signature",
    () => sealModel(BINDING, OTHER, [requestFor(BINDING)], HELD, random),
  ],
  [
    "what was sealed for another attempt",
    "bad-signature",
    () => {
      const other = binding({ roundId: "0".repeat(64) });
      return sealModel(other, OTHER, [requestFor(other)], HELD, random);
    },
  ],
  [
    "other bytes than were signed",
    "wrong-bytes",
    (request) => {
      const made = sealModel(BINDING, OTHER, [request], HELD, random);
      return { ...made, sealed: made.sealed.map((byte, i) => (i === 70 ? byte ^ 1 : byte)) };
    },
  ],
  [
    "more than the plan's model can be",
    "protocol",
    (request) => {
      const model = new Float32Array(10_000);
      return sealModel(BINDING, OTHER, [request], { ...HELD, model }, random);
    },
  ],
])(
  "a participant that is handed %s leaves with the code %s, and keeps nothing",
  async (_, code, made) => {
    await using alone = await start({ has: false });
    const request = await invite(alone);
    if (request === undefined) throw new Error("it asked for nothing");
    handTo(alone, made(request));
    expect(await leaveReason(alone)).toBe(code);
    expect((await ModelStore.open(alone.directory, silent)).kept).toEqual([]);
  },
);

test("what would open a model that was asked for is wiped once the participant trains, and when it leaves", async () => {
  const wiping = vi.spyOn(ModelRequestKeys.prototype, Symbol.dispose);
  onTestFinished(() => wiping.mockRestore());
  await using alone = await start({ has: false });
  const request = await invite(alone);
  if (request === undefined) throw new Error("it asked for nothing");
  expect(wiping).toHaveBeenCalledTimes(0);
  handTo(alone, sealModel(BINDING, OTHER, [request], HELD, random));
  await alone.coordinator.answers.next("reportTrained");
  expect(wiping).toHaveBeenCalledTimes(1);
  await using other = await start({ has: false });
  other.coordinator.tell(trainWith({}));
  expect(await leaveReason(other)).toBe("no-model");
  expect(wiping).toHaveBeenCalledTimes(2);
});

test("a participant that is to train without the round's model leaves, restarted or not", async () => {
  await using alone = await start({ has: false });
  await invite(alone);
  alone.coordinator.tell(trainWith({}));
  expect(await leaveReason(alone)).toBe("no-model");
  await alone.participant[Symbol.asyncDispose]();
  await using again = await start({ has: false, directory: alone.directory });
  again.coordinator.tell(trainWith({}));
  expect(await leaveReason(again)).toBe("no-model");
});

test("a participant whose model is damaged on disk asks for it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "handover-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = await keepHeld(directory);
  await writeFile(path, (await readFile(path)).fill(1, 3, 4));
  await using alone = await start({ has: false, directory });
  expect(await invite(alone)).toBeDefined();
});

test("a participant that starts sweeps away what a full disk has left beside its models", async () => {
  const directory = await mkdtemp(join(tmpdir(), "handover-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = await keepHeld(directory);
  await writeFile(`${path}.draft`, "the half of a model");
  await using _alone = await start({ has: false, directory });
  expect((await readdir(dirname(path))).join()).not.toContain("draft");
  expect(await readHeld(directory)).toEqual(HELD);
});

test("a first round that begins with another model than the plan's seed makes is left", async () => {
  await using alone = await start({ has: false });
  const changes = [
    { roundId: new Uint8Array(32).fill(1), modelHash: new Uint8Array(32) },
    { roundId: new Uint8Array(32).fill(2), stateHash: new Uint8Array(32) },
  ];
  for (const offered of changes.map(encryptedOffer)) {
    for (const instruction of [invitation(offered), train(offered)]) {
      alone.coordinator.tell(instruction);
      expect(await leaveReason(alone)).toBe("wrong-model");
    }
  }
});

test("a participant whose model is kept with another state than a round goes on with hands nothing over, and has the right one once it is handed both", async () => {
  const directory = await mkdtemp(join(tmpdir(), "handover-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await keepHeld(directory, { ...HELD, state: filled(1e4) });
  await using alone = await start({ has: false, directory });
  const request = await invite(alone);
  if (request === undefined) throw new Error("it asked for nothing");
  handTo(alone, sealModel(BINDING, OTHER, [request], HELD, random));
  await alone.coordinator.answers.next("reportTrained");
  expect(await readHeld(directory)).toEqual(HELD);
  const stateless = offer(nextOffer(2, { modelHash: HASH, stateHash: "" }));
  const modelRequests = [asking(1).keys.request];
  const asked = {
    ...UNHANDED,
    round: { ...stateless, roundId: new Uint8Array(32).fill(3) },
    modelRequests,
  };
  alone.coordinator.tell({ $case: "train", value: asked });
  expect(await leaveReason(alone)).toBe("no-model");
  expect(alone.coordinator.answers.heard("handOverModel")).toEqual([]);
});

/** Somebody who asks for the model of the second round, as what travels. */
function asking(place: number) {
  const identity = createIdentity(new Uint8Array(32).fill(place));
  const keys = ModelRequestKeys.make(BINDING, identity, seededRandom(`asking ${place}`));
  return { id: identity.participantId, keys };
}

/** What the one that asked has of what was handed over. */
async function handedTo({ coordinator }: Alone, { id, keys }: ReturnType<typeof asking>) {
  const { request } = await coordinator.answers.next("handOverModel");
  const { header, chunks } = request;
  const handover = header.handovers.find(({ to }) => to === id)?.handover;
  if (handover === undefined) throw new Error("nothing is for the one that asked");
  return keys.open(readHandover(handover), Buffer.concat(chunks.map(({ data }) => data)));
}

test("a participant that is asked to hands its model and state over before it trains, so that only those who asked can open them", async () => {
  const trainer = new GatedTrainer(filled(0));
  await using alone = await start({ has: true, trainer });
  expect(await invite(alone)).toBeUndefined();
  const [first, second] = [asking(1), asking(2)];
  const modelRequests = [first, second].map(({ keys }) => keys.request);
  alone.coordinator.tell(trainWith({ modelRequests }));
  const opened = await handedTo(alone, second);
  expect(Buffer.from(opened.model)).toEqual(Buffer.from(modelToBytes(HELD.model)));
  expect(Buffer.from(opened.state ?? [])).toEqual(Buffer.from(modelToBytes(filled(3))));
  const [sent] = alone.coordinator.answers.heard("handOverModel");
  expect(Buffer.from(sent?.bytes ?? []).includes(Buffer.from(modelToBytes(HELD.model)))).toBe(
    false,
  );
  await trainer.begun.promise;
  trainer.gate.resolve();
  await alone.coordinator.answers.next("reportTrained");
});

test("a participant hands its model over while it trains, where another was to and has left", async () => {
  const trainer = new GatedTrainer(filled(0));
  await using alone = await start({ has: true, trainer });
  await invite(alone);
  alone.coordinator.tell(trainWith({}));
  await trainer.begun.promise;
  const other = asking(1);
  const asked = trainWith({ modelRequests: [other.keys.request], remainingMs: 1_000 });
  alone.coordinator.tell(asked);
  await handedTo(alone, other);
  trainer.gate.resolve();
  const { answers } = alone.coordinator;
  const { bytes } = await answers.next("reportTrained");
  await alone.participant.says("trained");
  alone.coordinator.tell(asked);
  expect((await answers.next("reportTrained")).bytes).toEqual(bytes);
  expect(trainer.batchSeeds).toHaveLength(1);
});

test("a participant that is to hand its model over for a request that nobody signed leaves", async () => {
  await using alone = await start({ has: true });
  await invite(alone);
  const { request } = asking(1).keys;
  const forged = { ...request, participantId: participantIdOf(OTHER.publicKey) };
  alone.coordinator.tell(trainWith({ modelRequests: [forged] }));
  expect(await leaveReason(alone)).toBe("wrong-participant");
  expect(alone.coordinator.answers.heard("handOverModel")).toEqual([]);
});
