import {
  type EncryptedTranscript,
  encryptedSumBytes,
  heConfigFor,
  type MadeModel,
  parsePlan,
  sha256Hex,
} from "@chorus/aggregation";
import { expect, test } from "vitest";
import { formatVerification } from "./table.ts";
import { encryptedPlan, reported } from "./testing/encrypted-rounds.ts";
import {
  changeRound,
  changeStored,
  differencesOf,
  encryptedRun,
  firstDifference,
  hideStore,
  keepFile,
  type MemoryHistory,
  memoryHistory,
  memoryRun,
  republishEncrypted,
  roundOf,
  runId,
  verify,
} from "./testing/memory-history.ts";
import { requireThatHolds } from "./verify-run.ts";

const honest = encryptedRun();
const fixture = () => memoryHistory(honest);
const elsewhere = sha256Hex("elsewhere");

/** Publishes the second round's transcript with other reports: of what they say, by the members at these places. */
function report(
  history: MemoryHistory,
  places: readonly number[],
  change: (made: MadeModel) => MadeModel = (made) => made,
): void {
  republishEncrypted(history, 2, (transcript) =>
    reported(transcript, change(madeIn(transcript)), places),
  );
}

function madeIn({ reports: [first] }: EncryptedTranscript): MadeModel {
  if (first === undefined) throw new Error("nobody reports");
  return first;
}

test("an untouched encrypted run holds without any model but the first, and says what it does not prove", async () => {
  const made = await fixture();
  expect(made.files.size).toBe(4);
  const verification = await verify(made);
  expect(verification.differences).toEqual([]);
  expect(
    verification.rounds.map(({ model, sum, reports, chain }) => [model, sum, reports, chain]),
  ).toEqual(Array(3).fill(["at-participants", "signed", 4, "holds"]));
  expect(() => requireThatHolds(verification)).not.toThrow();
  const told = formatVerification(verification);
  expect(told).toMatch(/^ +2 +\w+ +at the participants +signed by 4 +\w+ +holds$/m);
  expect(told).toContain("Everything holds: the plan, the initial model and 3 rounds.");
  expect(told).toContain("This run is encrypted, so this proves who signed what");
});

test("a masked run says nothing of encryption", async () => {
  const told = formatVerification(await verify(await memoryHistory(memoryRun())));
  expect(told).not.toMatch(/encrypted|signed|participants/);
});

test("an honest run needs nothing that only the store tells, and no more than a threshold of equal reports", async () => {
  const made = await fixture();
  hideStore(made);
  expect(await differencesOf(made)).toEqual([]);
  report(made, [0, 1, 3]);
  const { differences, rounds } = await verify(made);
  expect(differences).toEqual([]);
  expect(rounds[1]?.reports).toBe(3);
});

test.each([
  ["fewer equal reports than the threshold", [0, 1], "no-agreement"],
  ["no report", [], "no-agreement"],
])("a round with %s is found", async (_what, places, code) => {
  const made = await fixture();
  report(made, places);
  const found = await differencesOf(made);
  expect(found).toEqual([expect.stringMatching(`^round 2: transcript .*: ${code}: `)]);
  expect((await verify(made)).rounds[1]).toMatchObject({ sum: "differs", reports: undefined });
});

test("reports of another model than the one that is kept and on the chain are found, and so is the other way round", async () => {
  const made = await fixture();
  report(made, [0, 1, 2, 3], (said) => ({ ...said, modelHash: elsewhere }));
  const { modelHash } = roundOf(made, 2);
  expect(await differencesOf(made)).toEqual([
    `round 2: the model that participants signed differs: expected ${elsewhere}, got ${modelHash}`,
  ]);
  const other = await fixture();
  changeRound(other, 2, { modelHash: elsewhere });
  expect(await differencesOf(other)).toEqual(
    expect.arrayContaining([
      `round 2: the model that participants signed differs: expected ${modelHash}, got ${elsewhere}`,
      expect.stringMatching(/^round 2: the model on the chain differs: /),
      expect.stringMatching(/^round 3: the parent model differs: /),
    ]),
  );
});

test("one report that was forged, doubled or taken from elsewhere proves nothing, though enough others agree", async () => {
  const lies: Record<string, (transcript: EncryptedTranscript) => EncryptedTranscript> = {
    "bad-signature": ({ reports: [first, ...rest], ...transcript }) => ({
      ...transcript,
      reports: first === undefined ? rest : [{ ...first, stateHash: elsewhere }, ...rest],
    }),
    "duplicate-id": ({ reports, ...transcript }) => ({
      ...transcript,
      reports: [...reports, ...reports.slice(0, 1)],
    }),
    "unknown-participant": (transcript) => ({
      ...transcript,
      reports: transcript.reports.map((said, index) =>
        index === 0 ? { ...said, participantId: "ab".repeat(16) } : said,
      ),
    }),
  };
  for (const [code, lie] of Object.entries(lies)) {
    const made = await fixture();
    republishEncrypted(made, 2, lie);
    expect(await differencesOf(made)).toEqual([
      expect.stringMatching(`^round 2: transcript .*: ${code}: `),
    ]);
  }
});

test("one changed byte of the encrypted sum takes every report with it", async () => {
  const made = await fixture();
  republishEncrypted(made, 2, (transcript) => ({
    ...transcript,
    encryptedSum: transcript.encryptedSum.with(5, (transcript.encryptedSum[5] ?? 0) ^ 1),
  }));
  expect(await firstDifference(made)).toMatch(/^round 2: transcript .*: bad-signature: /);
  republishEncrypted(made, 2, (transcript) => ({
    ...transcript,
    encryptedSum: transcript.encryptedSum.subarray(1),
  }));
  expect(await firstDifference(made)).toMatch(/^round 2: transcript .*: protocol: /);
});

test("the strategy's state that participants signed is the one that is kept, and there is one exactly where the strategy has one", async () => {
  const made = await fixture();
  changeStored(made, 2, { strategyStateHash: elsewhere });
  expect(await differencesOf(made)).toEqual([
    expect.stringMatching(`^round 2: the strategy's state differs: .*, got ${elsewhere}$`),
  ]);
  const without = await fixture();
  hideStore(without);
  report(without, [0, 1, 2], (said) => ({ ...said, stateHash: "" }));
  expect(await firstDifference(without)).toBe(
    "round 2: the strategy's state that participants signed differs: expected one, got none",
  );
  const plan = parsePlan({ ...encryptedPlan, strategy: { kind: "fedavg" } });
  const plain = await memoryHistory(encryptedRun({ plan }));
  expect(await differencesOf(plain)).toEqual([]);
  report(plain, [0, 1, 2], (said) => ({ ...said, stateHash: elsewhere }));
  expect(await firstDifference(plain)).toBe(
    `round 2: the strategy's state that participants signed differs: expected none, got ${elsewhere}`,
  );
});

test.each([
  ["survivors", "the number of survivors"],
  ["trainingExamples", "the training examples"],
  ["evaluationExamples", "the evaluation examples"],
  ["evaluationCorrect", "the correct ones"],
] as const)("%s that are not what participants signed are found", async (field, what) => {
  const made = await fixture();
  const kept = roundOf(made, 1)[field];
  changeRound(made, 1, { [field]: kept + 1 });
  expect(await firstDifference(made)).toBe(
    `round 1: ${what} differs: expected ${kept}, got ${kept + 1}`,
  );
});

test("an encrypted run whose round is masked, encrypted in another way, or of another run is found", async () => {
  const masked = await fixture();
  const bytes = memoryRun().files.get(memoryRun().rounds[1]?.transcriptHash ?? "");
  changeRound(masked, 2, { transcriptHash: keepFile(masked, bytes ?? new Uint8Array()) });
  expect(await differencesOf(masked)).toEqual([
    "round 2: the transcript's protection differs: expected he, got masking",
  ]);
  const finer = await fixture();
  republishEncrypted(finer, 2, (transcript) => {
    const config = {
      ...transcript.config,
      he: heConfigFor(15, 4, transcript.config.he.parentStateHash),
    };
    return { ...transcript, config, encryptedSum: new Uint8Array(encryptedSumBytes(config)) };
  });
  expect(await firstDifference(finer)).toBe(
    "round 2: the transcript's value bits differs: expected 8, got 15",
  );
  const another = await fixture();
  republishEncrypted(another, 2, (transcript) => ({
    ...transcript,
    config: { ...transcript.config, runId: elsewhere },
  }));
  expect(await differencesOf(another)).toEqual([
    `round 2: the transcript's run differs: expected ${runId}, got ${elsewhere}`,
  ]);
  const strange = await fixture();
  republishEncrypted(strange, 2, (transcript) => ({
    ...transcript,
    config: { ...transcript.config, federationId: elsewhere },
  }));
  expect(await firstDifference(strange)).toMatch(/^round 2: the transcript's federation differs: /);
});

test("a round that went on with another strategy's state than participants signed after the one before is found", async () => {
  const made = await fixture();
  for (const [number, parentStateHash, wanted] of [
    [1, elsewhere, "none"],
    [3, elsewhere, made.stored.rounds.get(2)?.strategyStateHash],
    [3, "", made.stored.rounds.get(2)?.strategyStateHash],
  ] as const) {
    const forked = await fixture();
    republishEncrypted(forked, number, ({ config, ...transcript }) => ({
      ...transcript,
      config: { ...config, he: { ...config.he, parentStateHash } },
    }));
    expect(await differencesOf(forked)).toEqual([
      `round ${number}: the transcript's state before the round differs: expected ${wanted}, got ${parentStateHash || "none"}`,
    ]);
  }
});

test("a round after one that proves nothing is checked against the state that is kept, where that is known", async () => {
  const made = await fixture();
  report(made, []);
  const onlySecond = [expect.stringMatching(/^round 2: transcript .*no-agreement/)];
  expect(await differencesOf(made)).toEqual(onlySecond);
  hideStore(made);
  expect(await differencesOf(made)).toEqual(onlySecond);
});

test("a masked run whose round is encrypted is found", async () => {
  const made = await memoryHistory(memoryRun());
  const bytes = honest.files.get(honest.rounds[1]?.transcriptHash ?? "");
  const transcriptHash = keepFile(made, bytes ?? new Uint8Array());
  changeRound(made, 2, { transcriptHash });
  expect(await firstDifference(made)).toMatch(
    /^round 2: transcript .* got more than the \d+ bytes /,
  );
  // Of a cohort that could have made so large a file.
  changeRound(made, 2, { cohort: 8 });
  expect(await firstDifference(made)).toBe(
    "round 2: the transcript's protection differs: expected masking, got he",
  );
});

test("a transcript that is cut short, missing or another file names its round", async () => {
  const made = await fixture();
  const { transcriptHash } = roundOf(made, 2);
  const bytes = made.files.get(transcriptHash) ?? new Uint8Array();
  made.files.set(transcriptHash, bytes.subarray(0, 5000));
  expect(await firstDifference(made)).toMatch(/^round 2: transcript \w+… differs: expected/);
  made.files.delete(transcriptHash);
  expect(await firstDifference(made)).toMatch(/^round 2: transcript .* got no file$/);
});
