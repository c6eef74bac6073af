import { ParticipantServiceService } from "@chorus/proto/v1/participant";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomBytes } from "../support/bytes.ts";
import { serverStreamCall } from "../support/call.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { RawFederation } from "../support/raw-federation.ts";
import { refusalOf } from "../support/refusal.ts";

let federation: RawFederation;

beforeAll(async () => {
  federation = await RawFederation.start();
}, patienceMs);

afterAll(() => federation[Symbol.asyncDispose](), patienceMs);

const plan = testPlan({ rounds: 1, participants: 4 });
const { roundPolicy, training } = plan;

describe("a plan", () => {
  test.each([
    [
      "with an unknown key",
      { ...plan, epochs: 3 },
      "bad-plan: epochs: got an unknown key, wanted known keys only",
    ],
    [
      "with an unknown key deep inside",
      { ...plan, training: { ...training, optimizer: { ...training.optimizer, nesterov: true } } },
      "bad-plan: training.optimizer.nesterov: got an unknown key, wanted known keys only",
    ],
    [
      "that contradicts itself",
      { ...plan, roundPolicy: { ...roundPolicy, quorum: 5 } },
      "bad-plan: roundPolicy.quorum: got 5, wanted at most roundPolicy.select, 4",
    ],
    [
      "with a layer that is not supported",
      {
        ...plan,
        model: {
          class_name: "Sequential",
          config: { name: "deep", layers: [{ class_name: "BatchNormalization", config: {} }] },
        },
      },
      "unsupported-layer: model.config.layers.0",
    ],
    [
      "with half a character in a key",
      { ...plan, "\ud800": 1 },
      "bad-plan: \ufffd: got an unknown key, wanted known keys only",
    ],
    ["that is no JSON", "{", "bad-json: "],
    ["that is no object", "[]", "bad-plan: "],
  ])(
    "%s is INVALID_ARGUMENT, saying where, what was got and what wanted",
    async (_what, sent, told) => {
      const refusal = await refusalOf(federation.operator.startRun(sent));
      expect(refusal).toContain(`INVALID_ARGUMENT ${told}`);
    },
  );

  test("with more wrong than fits into a status is INVALID_ARGUMENT too", async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => [`unknown${index}`, index]);
    const refusal = await refusalOf(
      federation.operator.startRun({ ...plan, ...Object.fromEntries(keys) }),
    );
    expect(refusal).toMatch(/^INVALID_ARGUMENT bad-plan: unknown0: got an unknown key, /);
  });

  test("that was refused leaves no run behind", async () => {
    const before = await federation.operator.listRuns();
    await refusalOf(federation.operator.startRun({}));
    expect(await federation.operator.listRuns()).toEqual(before);
  });
});

describe("a run that there is not", () => {
  test.each([
    ["getRun", (runId: Uint8Array) => federation.operator.getRun(runId)],
    ["explainRun", (runId: Uint8Array) => federation.operator.explainRun(runId)],
    ["stopRun", (runId: Uint8Array) => federation.operator.stopRun(runId)],
    ["watchRun", (runId: Uint8Array) => Array.fromAsync(federation.operator.watchRun(runId))],
  ])("is NOT_FOUND for %s, and half an id INVALID_ARGUMENT", async (_method, call) => {
    expect(await refusalOf(call(randomBytes(32)))).toMatch(/^NOT_FOUND unknown-run: /);
    expect(await refusalOf(call(randomBytes(16)))).toBe(
      "INVALID_ARGUMENT wrong-length: run_id has 16 bytes, wanted 32",
    );
  });
});

describe("a model that there is not", () => {
  const fetched = (hash: Uint8Array, offset: number) =>
    federation.operator.fetchModel(hash, offset);
  const downloaded = (modelHash: Uint8Array, offset: number) =>
    serverStreamCall(
      federation.raw.client,
      ParticipantServiceService.downloadModel,
      { modelHash, offset },
      federation.raw.session,
    );

  test.each([
    ["an operator", fetched],
    ["a participant", downloaded],
  ])("is NOT_FOUND for %s, and so is what lies beyond one", async (_who, call) => {
    expect(await federation.round()).toEqual([0, 1, 2, 3]);
    const [run] = await federation.operator.listRuns();
    const hash = run?.modelHash ?? new Uint8Array();
    expect(await refusalOf(call(randomBytes(32), 0))).toMatch(/^NOT_FOUND unknown-model: /);
    expect(await refusalOf(call(hash, 33))).toMatch(/^NOT_FOUND unknown-model: /);
    expect(await refusalOf(call(randomBytes(31), 0))).toMatch(/^INVALID_ARGUMENT wrong-length: /);
    expect(await call(hash, 32)).toHaveLength(0);
  });
});
