import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  configHash,
  type Hash,
  openCommitmentScheme,
  seededRandom,
  sha256Hex,
} from "@chorus/aggregation";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { ClientError } from "../error.ts";
import { ModelStore } from "../models/model-store.ts";
import type { RoundOffer } from "../session/instruction.ts";
import { FakeSleep } from "../testing/fake-sleep.ts";
import { configFor } from "../testing/masked-round.ts";
import { LAYOUT, MODEL, MODEL_HASH, PLAN, PLAN_HASH } from "../testing/tiny-round.ts";
import { Uplink } from "../uplink.ts";
import { Auditor } from "./auditor.ts";
import { Evidence } from "./evidence.ts";

const { signal } = new AbortController();

/** Counts calls, and each of them fails. */
class FailingUplink extends Uplink {
  calls = 0;

  override call(): Promise<never> {
    this.calls++;
    return Promise.reject(new ClientError("protocol", "got nothing, wanted a transcript"));
  }
}

function offerOf(runId: Hash): RoundOffer {
  const roundId = sha256Hex(`round of ${runId}`);
  const hashes = { planHash: PLAN_HASH, modelHash: MODEL_HASH, stateHash: "" };
  return { roundId, runId, round: 1, plan: "", ...hashes };
}

/** Signs the first round of a run. */
function sign(auditor: Auditor, runId: Hash): void {
  const offer = offerOf(runId);
  const cohort = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
  const config = configFor(
    cohort.map((key) => ({ identityKey: key, graphNonceCommitment: key })),
    { runId, roundId: offer.roundId },
  );
  const ack = { participantId: "0".repeat(32), signature: new Uint8Array(64) };
  const facts = { offer, plan: PLAN, layout: LAYOUT };
  auditor.signed({ facts, config, configHash: configHash(config), ack, parent: MODEL });
}

test("rounds of sixteen runs wait to be verified: before there is another the oldest has to be", async () => {
  const directory = await mkdtemp(join(tmpdir(), "pending-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const sleep = new FakeSleep().sleep;
  const uplink = new FailingUplink({ random: seededRandom("pending"), sleep });
  const verifier = openCommitmentScheme();
  const evidence = await Evidence.open(directory);
  const log = pino({ level: "silent" });
  const models = await ModelStore.open(directory, log);
  const auditor = new Auditor({ uplink, verifier, evidence, models, log });
  const runs = Array.from({ length: 17 }, (_, run) => sha256Hex(`run ${run}`));
  for (const runId of runs.slice(0, 16)) {
    await auditor.admit(offerOf(runId), signal);
    sign(auditor, runId);
  }
  expect(uplink.calls).toBe(0);
  const [next, oldest] = [offerOf(runs[16] ?? ""), offerOf(runs[0] ?? "")];
  await expect(auditor.admit(next, signal)).rejects.toMatchObject({ code: "no-transcript" });
  expect(uplink.calls).toBe(1);
  // Control: it is the oldest that is in the way.
  auditor.ended({ kind: "round-ended", roundId: oldest.roundId, abandoned: "x", modelHash: "" });
  await auditor.admit(next, signal);
});
