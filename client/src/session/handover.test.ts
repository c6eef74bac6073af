import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createIdentity,
  modelHash,
  modelToBytes,
  participantIdOf,
  seededRandom,
} from "@chorus/aggregation";
import {
  checkModelRequest,
  type HandoverBinding,
  type HeldModel,
  type ModelRequest,
  ModelRequestKeys,
  type SealedModel,
  sealModel,
} from "@chorus/aggregation/he";
import type { FollowResponse, Train } from "@chorus/proto/v1/participant";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { ModelStore } from "../models/model-store.ts";
import { ENCRYPTED_PLAN, encryptedOffer, nextOffer } from "../testing/encrypted-round.ts";
import { GatedTrainer } from "../testing/fake-trainer.ts";
import { RunningParticipant } from "../testing/running-participant.ts";
import {
  FEDERATION_ID,
  type HandingOut,
  ScriptedCoordinator,
} from "../testing/scripted-coordinator.ts";
import {
  invitation,
  LAYOUT,
  offer,
  piecesOf,
  RUN_ID,
  train,
  UNHANDED,
} from "../testing/tiny-round.ts";
import { handoverMessage, readHandover, readModelRequest } from "../wire/messages.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

const filled = (value: number) => new Float32Array(LAYOUT.parameters).fill(value);
const HELD: HeldModel = { model: filled(2), state: filled(3) };
const HASH = modelHash(LAYOUT, HELD.model);
const NEXT = nextOffer(2, HASH);
const NEXT_ID = Buffer.from(NEXT.roundId ?? []).toString("hex");
const BINDING: HandoverBinding = {
  ...{ federationId: FEDERATION_ID, runId: RUN_ID, round: 2 },
  ...{ roundId: NEXT_ID, modelHash: HASH },
};
const OTHER = createIdentity(new Uint8Array(32).fill(42));
const random = seededRandom("the other side");
const silent = pino({ level: "silent" });

/** A participant in a round of an encrypted run, alone. */
interface Alone extends AsyncDisposable {
  readonly coordinator: ScriptedCoordinator;
  readonly participant: RunningParticipant;
  readonly directory: string;
}

/** `has`: whether it has the model that the second round begins with. */
async function start(options: {
  readonly has: boolean;
  readonly trainer?: GatedTrainer;
  readonly directory?: string;
}): Promise<Alone> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "handover-")));
  if (options.directory === undefined) onTestFinished(() => rm(directory, { recursive: true }));
  if (options.has) await keepHeld(directory);
  const stack = new AsyncDisposableStack();
  const coordinator = stack.use(await ScriptedCoordinator.start());
  const { trainer } = options;
  const own = { directory, ...(trainer === undefined ? {} : { trainer }) };
  const participant = await RunningParticipant.start({ coordinator: coordinator.address, ...own });
  stack.use(participant);
  await coordinator.nextFollower();
  const dispose = () => stack.disposeAsync();
  return { coordinator, participant, directory, [Symbol.asyncDispose]: dispose };
}

async function keepHeld(directory: string): Promise<string> {
  const store = await ModelStore.open(directory, silent);
  const name = { runId: RUN_ID, round: 1, modelHash: HASH, plan: ENCRYPTED_PLAN };
  return await store.keep(name, { model: HELD.model, state: HELD.state });
}

/** Invites to the second round, and returns what is asked for. */
async function invite({ coordinator }: Alone): Promise<ModelRequest | undefined> {
  coordinator.tell(invitation(NEXT));
  const { request } = await coordinator.answers.next("acceptRound");
  return request.modelRequest && readModelRequest(request.modelRequest);
}

function trainWith(handing: Partial<Train>): Instruction {
  return { $case: "train", value: { ...UNHANDED, round: offer(NEXT), ...handing } };
}

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

async function leaveReason({ coordinator }: Alone): Promise<string> {
  return (await coordinator.answers.next("leaveRound")).request.reason;
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
  const wanted = { runId: RUN_ID, modelHash: HASH, layout: LAYOUT, stateLength: LAYOUT.parameters };
  expect(await store.read(wanted)).toEqual(HELD);
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

test("a first round that begins with another model than the plan's seed makes is left", async () => {
  await using alone = await start({ has: false });
  const changes = encryptedOffer({ modelHash: new Uint8Array(32) });
  for (const instruction of [invitation(changes), train(changes)]) {
    alone.coordinator.tell(instruction);
    expect(await leaveReason(alone)).toBe("wrong-model");
  }
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
