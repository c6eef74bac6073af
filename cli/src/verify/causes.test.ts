import { layoutOf, parsePlan } from "@chorus/aggregation";
import { expect, test } from "vitest";
import type { CliError } from "../cli-error.ts";
import { mostTranscriptBytes } from "./file-bounds.ts";
import { describeDifference, type Verification } from "./history.ts";
import { formatVerification } from "./table.ts";
import {
  changeRound,
  differencesOf,
  hideStore,
  keepFile,
  memoryHistory,
  memoryRun,
  republish,
  roundOf,
  verify,
} from "./testing/memory-history.ts";
import { samplePlan } from "./testing/sample-plan.ts";
import { requireThatHolds } from "./verify-run.ts";

const honest = memoryRun();
const fixture = () => memoryHistory(honest);

const restore = "restore the data directory from a backup";
const askParticipants =
  "The coordinator published this; ask the participants for their evidence; do not use this model.";

/** What the command fails with. */
function errorOf(verification: Verification): CliError {
  try {
    requireThatHolds(verification);
  } catch (error) {
    return error as CliError;
  }
  throw new Error("everything holds");
}

test("a round made before transcripts were kept is no damage: it has a verdict and advice of its own", async () => {
  const made = await fixture();
  changeRound(made, 2, { transcriptHash: "" });
  const verification = await verify(made);
  expect(verification.rounds.map(({ sum }) => sum)).toEqual(["holds", "unprovable", "holds"]);
  expect(verification.differences.map(describeDifference)).toEqual([
    "round 2: the sum cannot be proven: no transcript is kept of a round made before transcripts were",
  ]);
  expect(formatVerification(verification)).toContain("CANNOT BE PROVEN: 1 difference");
  expect(errorOf(verification)).toMatchObject({
    exitCode: 4,
    hint: "Made before transcripts were kept: its sum cannot be proven; start the run again to have a provable one.",
  });
});

test("what cannot be made again after such a round cannot be proven either, and is not called damaged", async () => {
  const made = await fixture();
  changeRound(made, 1, { transcriptHash: "" });
  hideStore(made);
  const verification = await verify(made);
  expect(verification.rounds.map(({ sum }) => sum)).toEqual([
    "unprovable",
    "unprovable",
    "unprovable",
  ]);
  expect(errorOf(verification).hint).not.toContain(restore);
  changeRound(made, 2, { updatesRoot: "ab".repeat(32) });
  const differing = await verify(made);
  expect(differing.rounds[1]?.sum).toBe("differs");
  expect(formatVerification(differing)).toContain("DOES NOT HOLD");
});

test("a transcript that is the file it is named after and proves nothing is what the coordinator published", async () => {
  const made = await fixture();
  republish(made, 2, ({ sum, ...rest }) => ({ ...rest, sum: sum.with(1, 12_345) }));
  const told = errorOf(await verify(made));
  expect(told).toMatchObject({ exitCode: 4, hint: askParticipants });
  expect(told.message).toMatch(/^round 2: transcript .* does not hold: unopened-sum: /);
  changeRound(made, 2, { transcriptHash: roundOf(made, 1).transcriptHash });
  expect(errorOf(await verify(made)).hint).toBe(askParticipants);
  changeRound(made, 2, { transcriptHash: keepFile(made, Uint8Array.of(255)) });
  expect(errorOf(await verify(made)).hint).toBe(askParticipants);
});

test("a model that is not what the proven sum makes, and counts that it does not give, are the coordinator's doing", async () => {
  const plan = parsePlan({ ...samplePlan, strategy: { kind: "fedavg" } });
  const made = await memoryHistory(memoryRun({ plan }));
  const [first, second] = [roundOf(made, 1), roundOf(made, 2)];
  changeRound(made, 2, { modelHash: first.modelHash, ledgerEntry: undefined });
  const { differences } = await verify(made);
  const what = "the model from the sum";
  expect(differences.find((found) => found.what === what)).toMatchObject({
    round: 2,
    expected: second.modelHash,
    cause: "published",
  });
  const counted = await fixture();
  changeRound(counted, 2, { trainingExamples: 1 });
  expect(errorOf(await verify(counted)).hint).toBe(askParticipants);
});

test("a file that was changed is damage, and who finds both is told what to do about both", async () => {
  const made = await fixture();
  const { transcriptHash } = roundOf(made, 2);
  made.files.set(transcriptHash, Uint8Array.of(1));
  const damaged = errorOf(await verify(made)).hint;
  expect(damaged).toContain(restore);
  expect(damaged).not.toContain("evidence");
  republish(made, 3, ({ acks, ...rest }) => ({ ...rest, acks: acks.slice(2) }));
  expect(errorOf(await verify(made)).hint).toBe(`${damaged} ${askParticipants}`);
});

test("a transcript, a model or a state with more bytes than it can have is not read", async () => {
  const { parameters } = layoutOf(samplePlan.model);
  const made = await fixture();
  const { transcriptHash, modelHash } = roundOf(made, 2);
  const most = mostTranscriptBytes(4, parameters, samplePlan.protection);
  const bytes = made.files.get(transcriptHash)?.length ?? 0;
  expect(bytes).toBeLessThan(most);
  expect(most).toBeLessThan(1.2 * bytes);
  made.files.set(transcriptHash, new Uint8Array(most + 1));
  expect(await differencesOf(made)).toEqual([
    expect.stringContaining(`got more than the ${most} bytes that it can have`),
  ]);
  const larger = await fixture();
  larger.files.set(modelHash, new Uint8Array(4 * parameters + 1));
  const state = larger.stored.rounds.get(2)?.strategyStateHash ?? "";
  larger.files.set(state, new Uint8Array(4 * parameters + 1));
  expect(await differencesOf(larger)).toEqual([
    expect.stringContaining(`got more than the ${4 * parameters} bytes that it can have`),
    expect.stringContaining(`got more than the ${4 * parameters} bytes that it can have`),
  ]);
});
