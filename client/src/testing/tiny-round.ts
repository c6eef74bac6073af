import {
  canonicalPlan,
  hexToBytes,
  initialModel,
  layoutOf,
  type ModelLayout,
  modelHash,
  modelToBytes,
  type Plan,
  parsePlan,
  planHash,
  sha256,
} from "@chorus/aggregation";
import type { FollowResponse, Invitation, Train } from "@chorus/proto/v1/participant";
import type { Downloading } from "./scripted-coordinator.ts";

/** A softmax over four numbers: 15 parameters. */
export const PLAN: Plan = parsePlan({
  name: "tiny",
  model: {
    class_name: "Sequential",
    config: {
      name: "tiny",
      layers: [
        {
          class_name: "Dense",
          config: { units: 3, activation: "softmax", batch_input_shape: [null, 4] },
        },
      ],
    },
  },
  data: {
    format: "csv",
    features: ["a", "b", "c", "d"].map((column) => ({ column, kind: "number", mean: 0, scale: 1 })),
    label: { column: "kind", kind: "category", values: ["x", "y", "z"] },
    missing: "refuse",
  },
  holdOut: 0.1,
  training: {
    loss: "categoricalCrossentropy",
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 },
    batchSize: 2,
    localSteps: 2,
  },
  strategy: { kind: "fedavg" },
  protection: { kind: "masking", clippingNorm: 4, maxExamples: 100 },
  rounds: 2,
  seed: 42,
  roundPolicy: {
    select: 3,
    overSelect: 1,
    quorum: 3,
    minSurvivors: 3,
    softDeadlineMs: { training: 60_000, exchange: 20_000 },
    hardDeadlineMs: { training: 600_000, exchange: 60_000 },
  },
});

export const LAYOUT: ModelLayout = layoutOf(PLAN.model);
export const MODEL: Float32Array = initialModel(LAYOUT, PLAN.seed);
export const MODEL_BYTES: Uint8Array = modelToBytes(MODEL);
export const MODEL_HASH: string = modelHash(LAYOUT, MODEL);
export const PLAN_HASH: string = planHash(PLAN);
export const RUN_ID: string = "aa".repeat(32);
export const ROUND_ID: string = "01".repeat(32);
/** What a Train instruction of {@link train} leaves, in milliseconds. */
export const TRAINING_MS = 600_000;

type Instruction = NonNullable<FollowResponse["instruction"]>;

export function offer(changes: Partial<Invitation> = {}): Invitation {
  return {
    roundId: hexToBytes(ROUND_ID, 32),
    runId: hexToBytes(RUN_ID, 32),
    round: 1,
    plan: canonicalPlan(PLAN),
    planHash: hexToBytes(PLAN_HASH, 32),
    modelHash: hexToBytes(MODEL_HASH, 32),
    stateHash: new Uint8Array(),
    ...changes,
  };
}

export function invitation(changes: Partial<Invitation> = {}): Instruction {
  return { $case: "invitation", value: offer(changes) };
}

/** What a Train instruction has beside its round, where nobody lacks the model. */
export const UNHANDED: Omit<Train, "round"> = { remainingMs: TRAINING_MS, modelRequests: [] };

export function train(changes: Partial<Invitation> = {}): Instruction {
  return { $case: "train", value: { ...UNHANDED, round: offer(changes) } };
}

/** The end of a round: why it was abandoned, or, where that is empty, the model that it made. */
export function ended(
  abandoned = "",
  roundId: string = ROUND_ID,
  modelHash: string = "09".repeat(32),
): Instruction {
  const value = {
    roundId: hexToBytes(roundId, 32),
    abandoned,
    modelHash: abandoned === "" ? hexToBytes(modelHash, 32) : new Uint8Array(),
  };
  return { $case: "roundEnded", value };
}

/** Serves a model from the offset that is asked for, in chunks of this many bytes. */
export function serve(
  bytes: Uint8Array = MODEL_BYTES,
  chunkBytes = 16,
): (call: Downloading) => void {
  return (call) => {
    for (const message of piecesOf(bytes, call.request.offset, chunkBytes)) call.write(message);
    call.end();
  };
}

/** A model's pieces from an offset on, as a coordinator sends them. */
export function piecesOf(
  bytes: Uint8Array,
  offset: number,
  chunkBytes: number,
): { totalBytes: number; chunk: { offset: number; data: Uint8Array; sha256: Uint8Array } }[] {
  const pieces = [];
  for (let start = offset; start < bytes.length; start += chunkBytes) {
    const data = bytes.subarray(start, start + chunkBytes);
    pieces.push({ totalBytes: bytes.length, chunk: { offset: start, data, sha256: sha256(data) } });
  }
  return pieces;
}
