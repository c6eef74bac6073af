import { canonicalPlan, hexToBytes } from "@chorus/aggregation";
import type { FollowResponse } from "@chorus/proto/v1/participant";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { FakeTrainer, GatedTrainer, KeptTrainer } from "../testing/fake-trainer.ts";
import { askForKeys } from "../testing/masked-round.ts";
import { type RunningOptions, RunningParticipant } from "../testing/running-participant.ts";
import { ScriptedCoordinator } from "../testing/scripted-coordinator.ts";
import {
  ended,
  invitation,
  LAYOUT,
  offer,
  PLAN,
  ROUND_ID,
  serve,
  TRAINING_MS,
  train,
  UNHANDED,
} from "../testing/tiny-round.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

/** A coordinator and a participant that follows it. */
interface Pair extends AsyncDisposable {
  readonly coordinator: ScriptedCoordinator;
  readonly participant: RunningParticipant;
}

async function connect(options: Partial<RunningOptions> = {}): Promise<Pair> {
  const stack = new AsyncDisposableStack();
  const coordinator = stack.use(await ScriptedCoordinator.start());
  coordinator.download = serve();
  const start = RunningParticipant.start({ coordinator: coordinator.address, ...options });
  const participant = stack.use(await start);
  await coordinator.nextFollower();
  return { coordinator, participant, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Why the participant leaves its round. */
async function leaveReason({ coordinator }: Pair): Promise<string> {
  return (await coordinator.answers.next("leaveRound")).request.reason;
}

const roundId = hexToBytes(ROUND_ID, 32);
const otherRoundId = "02".repeat(32);

test.each<[string, Instruction]>([
  ["advertising keys", { $case: "advertiseKeys", value: { roundId, roundConfig: "{}" } }],
  ["sharing keys", { $case: "shareKeys", value: { roundId, keyBook: [] } }],
  ["the upload", { $case: "upload", value: { roundId, sharers: [], sealedShares: [] } }],
  ["the survivors", { $case: "confirmSurvivors", value: { roundId, survivors: [] } }],
  ["revealing", { $case: "reveal", value: { roundId, acks: [] } }],
])("a participant that knows nothing of a round leaves it when asked for %s", async (_, asked) => {
  await using pair = await connect();
  pair.coordinator.tell(asked);
  expect(await leaveReason(pair)).toBe("no-state");
});

test("a participant that was restarted during training trains afresh", async () => {
  await using pair = await connect();
  pair.coordinator.tell(train());
  const { request } = await pair.coordinator.answers.next("reportTrained");
  expect(Buffer.from(request.roundId).toString("hex")).toBe(ROUND_ID);
});

test.each<[string, Instruction]>([
  ["wrong-model", train({ modelHash: new Uint8Array(32) })],
  ["protocol", invitation({ planHash: new Uint8Array(32) })],
  ["protocol", invitation({ runId: new Uint8Array(31) })],
  ["bad-json", invitation({ plan: "{" })],
  ["bad-plan", invitation({ plan: JSON.stringify({ ...PLAN, extra: 1 }) })],
])("a participant leaves with the code %s, whatever is wrong", async (code, instruction) => {
  await using pair = await connect();
  pair.coordinator.tell(instruction);
  expect(await leaveReason(pair)).toBe(code);
});

test("a plan that is larger than any model may be is refused before data are read", async () => {
  let reads = 0;
  const createTrainer = async () => {
    reads++;
    return new FakeTrainer(new Float32Array());
  };
  await using pair = await connect({ createTrainer });
  const [layer] = PLAN.model.config.layers;
  const layers = [layer, { class_name: "Dense", config: { units: 50_000_000 } }];
  const plan = canonicalPlan({
    ...PLAN,
    model: { ...PLAN.model, config: { name: "huge", layers } },
  } as typeof PLAN);
  pair.coordinator.tell(invitation({ plan }));
  expect(await leaveReason(pair)).toBe("too-large");
  expect(reads).toBe(0);
});

test("what is wrong with the data stays at the site: the coordinator hears the code only", async () => {
  const createTrainer = () =>
    Promise.reject(new ClientError("bad-data", "patients.csv row 7: got Mrs Smith"));
  await using pair = await connect({ createTrainer });
  pair.coordinator.tell(invitation());
  const { bytes, request } = await pair.coordinator.answers.next("leaveRound");
  expect(request.reason).toBe("bad-data");
  expect(Buffer.from(bytes).toString("latin1")).not.toContain("Smith");
  expect(JSON.stringify(pair.participant.log)).toContain("patients.csv row 7: got Mrs Smith");
});

test("a bug leaves the round as an internal error, is logged with its stack, and the next round goes on", async () => {
  let tries = 0;
  const createTrainer = async () => {
    tries++;
    if (tries === 1) throw new TypeError("undefined is not a function");
    return new FakeTrainer(new Float32Array(LAYOUT.parameters));
  };
  await using pair = await connect({ createTrainer });
  pair.coordinator.tell(invitation());
  expect(await leaveReason(pair)).toBe("internal-error");
  const bug = pair.participant.log.find(({ level }) => level === 50);
  expect(bug).toMatchObject({ err: { stack: expect.stringContaining("round-session.test.ts") } });
  pair.coordinator.tell(ended("too few"));
  pair.coordinator.tell(invitation({ roundId: hexToBytes(otherRoundId, 32) }));
  await pair.coordinator.answers.next("acceptRound");
});

test("the end of a round stops its training, and the next round begins", async () => {
  const trainer = new GatedTrainer(new Float32Array());
  await using pair = await connect({ trainer });
  pair.coordinator.tell(train());
  await trainer.begun.promise;
  pair.coordinator.tell(ended("too few trained"));
  await trainer.aborted.promise;
  pair.coordinator.tell(invitation({ roundId: hexToBytes(otherRoundId, 32) }));
  await pair.coordinator.answers.next("acceptRound");
  expect(pair.coordinator.answers.heard("leaveRound")).toEqual([]);
});

test("another round's invitation stops the training of the one before", async () => {
  const trainer = new GatedTrainer(new Float32Array());
  await using pair = await connect({ trainer });
  pair.coordinator.tell(train());
  await trainer.begun.promise;
  pair.coordinator.tell(invitation({ roundId: hexToBytes(otherRoundId, 32) }));
  await trainer.aborted.promise;
  const { request } = await pair.coordinator.answers.next("acceptRound");
  expect(Buffer.from(request.roundId).toString("hex")).toBe(otherRoundId);
});

test("training that does not end in the coordinator's time is given up", async () => {
  const trainer = new GatedTrainer(new Float32Array());
  await using pair = await connect({ trainer });
  pair.coordinator.tell(train());
  await trainer.begun.promise;
  pair.participant.time.elapse(TRAINING_MS);
  expect(await leaveReason(pair)).toBe("too-late");
});

test("an instruction that comes again while it is carried out starts nothing twice", async () => {
  const trainer = new GatedTrainer(new Float32Array(LAYOUT.parameters));
  await using pair = await connect({ trainer });
  const { answers } = pair.coordinator;
  pair.coordinator.tell(train());
  await trainer.begun.promise;
  pair.coordinator.hangUp();
  await pair.coordinator.nextFollower();
  const value = { ...UNHANDED, round: offer(), remainingMs: TRAINING_MS / 2 };
  pair.coordinator.tell({ $case: "train", value });
  trainer.gate.resolve();
  await answers.next("reportTrained");
  pair.coordinator.tell(askForKeys(pair.coordinator));
  await answers.next("advertiseKeys");
  expect(answers.heard("reportTrained")).toHaveLength(1);
  expect(trainer.batchSeeds).toHaveLength(1);
});

test("a coordinator that asks for ever more is not listened to for ever", async () => {
  const trainer = new GatedTrainer(new Float32Array());
  await using pair = await connect({ trainer });
  pair.coordinator.tell(train());
  await trainer.begun.promise;
  for (let round = 2; round < 20; round++) pair.coordinator.tell(invitation({ round }));
  await pair.participant.says("dropped an instruction, too many wait");
});

test("a participant that cannot get the model says so at once", async () => {
  await using pair = await connect();
  pair.coordinator.download = (call) =>
    call.emit("error", { code: status.NOT_FOUND, details: "no such model" });
  pair.coordinator.tell(train());
  expect(await leaveReason(pair)).toBe("refused");
});

test("a participant that comes too late drops the round without a word and goes on", async () => {
  await using pair = await connect();
  const tooLate = { code: status.FAILED_PRECONDITION, details: "the round is training" };
  pair.coordinator.answers.refuseNext("acceptRound", tooLate);
  pair.coordinator.tell(invitation());
  await pair.participant.says("too late, the round goes on without us");
  pair.coordinator.tell(invitation({ roundId: hexToBytes(otherRoundId, 32) }));
  await pair.coordinator.answers.next("acceptRound");
  await pair.coordinator.answers.next("acceptRound");
  expect(pair.coordinator.answers.heard("leaveRound")).toEqual([]);
});

test("an answer whose receipt was lost is sent again with the same bytes", async () => {
  await using pair = await connect();
  const lost = { code: status.UNAVAILABLE, details: "connection reset" };
  const { answers } = pair.coordinator;
  for (const call of ["reportTrained", "advertiseKeys"] as const) answers.refuseNext(call, lost);
  pair.coordinator.tell(train());
  const trained = [await answers.next("reportTrained"), await answers.next("reportTrained")];
  pair.coordinator.tell(askForKeys(pair.coordinator));
  const keys = [await answers.next("advertiseKeys"), await answers.next("advertiseKeys")];
  for (const [first, second] of [trained, keys]) expect(second?.bytes).toEqual(first?.bytes);
});

test("a participant signs nothing for a cohort whose sum may be of fewer than its own floor", async () => {
  await using pair = await connect({ minSurvivors: 5 });
  pair.coordinator.tell(train());
  await pair.coordinator.answers.next("reportTrained");
  pair.coordinator.tell(askForKeys(pair.coordinator));
  expect(await leaveReason(pair)).toBe("low-min-survivors");
  expect(pair.coordinator.answers.heard("advertiseKeys")).toEqual([]);
});

test("a participant that is told two different things for one step leaves the round", async () => {
  await using pair = await connect();
  pair.coordinator.tell(invitation());
  await pair.participant.says("accepted the round");
  pair.coordinator.tell(invitation({ round: 2 }));
  expect(await leaveReason(pair)).toBe("protocol");
});

test("a participant trains in no other round than the one that it accepted", async () => {
  await using pair = await connect();
  pair.coordinator.tell(invitation());
  await pair.coordinator.answers.next("acceptRound");
  pair.coordinator.tell(train({ round: 2 }));
  expect(await leaveReason(pair)).toBe("protocol");
});

test("a participant that leaves a round has wiped its update before it says so", async () => {
  const trainer = new KeptTrainer(new Float32Array(LAYOUT.parameters).fill(1));
  await using pair = await connect({ trainer });
  pair.coordinator.tell(train());
  await pair.coordinator.answers.next("reportTrained");
  expect(trainer.delta).toEqual(new Float32Array(LAYOUT.parameters).fill(1));
  pair.coordinator.tell({ $case: "shareKeys", value: { roundId, keyBook: [] } });
  expect(await leaveReason(pair)).toBe("protocol");
  expect(trainer.delta).toEqual(new Float32Array(LAYOUT.parameters));
});

test("a participant that left a round says so again whatever it is asked", async () => {
  await using pair = await connect();
  pair.coordinator.tell(invitation({ plan: "{" }));
  expect(await leaveReason(pair)).toBe("bad-json");
  await pair.participant.says("left the round");
  for (const asked of [train(), train({ round: 2 }), invitation()]) {
    pair.coordinator.tell(asked);
    expect(await leaveReason(pair)).toBe("bad-json");
  }
});

test("an instruction of an earlier step is not carried out again", async () => {
  await using pair = await connect();
  pair.coordinator.tell(train());
  await pair.participant.says("trained");
  pair.coordinator.tell(invitation());
  await pair.participant.says("ignored an instruction of an earlier step");
  expect(pair.coordinator.answers.heard("acceptRound")).toEqual([]);
});

test("a round is trained on an order of examples that depends on plan, run, round and participant", async () => {
  const trainer = new FakeTrainer(new Float32Array(LAYOUT.parameters));
  await using pair = await connect({ trainer });
  pair.coordinator.tell(train());
  await pair.coordinator.answers.next("reportTrained");
  pair.coordinator.tell(train({ roundId: hexToBytes(otherRoundId, 32) }));
  await pair.coordinator.answers.next("reportTrained");
  pair.coordinator.tell(train({ roundId: hexToBytes("03".repeat(32), 32), round: 2 }));
  await pair.coordinator.answers.next("reportTrained");
  const [first, again, next] = trainer.batchSeeds;
  expect(again).toBe(first);
  expect(next).not.toBe(first);
});
