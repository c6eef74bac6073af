import { expect, test } from "vitest";
import { verifyReports } from "../transcript/verify-reports.ts";
import { Opening } from "./aggregator-opening.ts";
import type { MaskingErrorCode } from "./error.ts";
import type { ModelReport } from "./messages.ts";
import { type MadeModel, signModelReport } from "./model-report.ts";
import { makeEncryptedConfig, playUnsealed } from "./testing/encrypted-round.ts";
import { itemAt, makeIdentities } from "./testing/round.ts";

// Five participants, threshold three. The first drops out after sharing, the second after its upload.
const IDENTITIES = makeIdentities(5);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const CONFIG = makeEncryptedConfig(IDENTITIES);
const { transcript } = playUnsealed(CONFIG, IDENTITIES, IDS.slice(1), IDS.slice(2));

const MADE: MadeModel = {
  modelHash: "a1".repeat(32),
  stateHash: "b2".repeat(32),
  counts: {
    trainingExamples: 400,
    evaluationExamples: 280_000,
    evaluationCorrect: 10,
    evaluationLossMillis: 2 ** 34,
  },
};

function reportOf(index: number, made: Partial<MadeModel> = {}): ModelReport {
  return signModelReport(itemAt(IDENTITIES, index), transcript, { ...MADE, ...made });
}

function refusal(code: MaskingErrorCode, details = {}) {
  return expect.objectContaining({ name: "MaskingError", code, ...details });
}

/** An opening to which these reported, and the code with which it ends. */
function openingWith(...reports: readonly ModelReport[]): Opening {
  const opening = new Opening(transcript);
  for (const report of reports) opening.report(report);
  return opening;
}

test("as many equal reports as the threshold agree, and everybody can verify what on", () => {
  const opening = openingWith(reportOf(4), reportOf(2), reportOf(3));
  expect(opening.delivered).toEqual(new Set(IDS.slice(2)));
  const { transcript: agreed, ...made } = opening.close();
  expect(made).toEqual(MADE);
  expect(agreed.reports.map(({ participantId }) => participantId)).toEqual(IDS.slice(2));
  expect(verifyReports(agreed, {})).toMatchObject({ ...MADE, reports: 3 });
});

test("a survivor that did not sign the set may report as well", () => {
  expect(openingWith(reportOf(1), reportOf(2), reportOf(3)).close()).toMatchObject(MADE);
});

test("one report that is unlike the others is left out", () => {
  const [wrong, ...others] = [reportOf(1, { modelHash: "c3".repeat(32) }), 2, 3, 4];
  const rest = others.map((index) => reportOf(index as number));
  const { transcript: agreed } = openingWith(wrong as ModelReport, ...rest).close();
  expect(agreed.reports).toEqual(rest);
});

test.each([
  ["modelHash", { modelHash: "c3".repeat(32) }],
  ["stateHash", { stateHash: "" }],
  ["stateHash", { stateHash: "0".repeat(64) }],
  ["counts", { counts: { ...MADE.counts, evaluationCorrect: 9 } }],
] as const)(
  "reports that differ in their %s alone are not equal: nothing is agreed on, in numbers",
  (_, change) => {
    const opening = openingWith(reportOf(1), reportOf(2), reportOf(3, change), reportOf(4, change));
    expect(() => opening.close()).toThrow(refusal("no-agreement", { got: 2, wanted: 3 }));
    expect(() => opening.close()).toThrow(/2 \+ 2; wanted 3 or more/);
  },
);

test("reports that differ do not count together: the largest group of equal ones does", () => {
  const opening = new Opening(transcript);
  expect(opening.agreed).toBe(0);
  const lie = { stateHash: "" };
  const counted = [reportOf(1, lie), reportOf(2), reportOf(3, lie), reportOf(4, lie)].map(
    (report) => {
      opening.report(report);
      return opening.agreed;
    },
  );
  expect(counted).toEqual([1, 1, 2, 3]);
});

test("no state and a state whose hash is zeros are not the same to a signature", () => {
  const zeros = "0".repeat(64);
  const opening = new Opening(transcript);
  const [none, some] = [reportOf(2, { stateHash: "" }), reportOf(3, { stateHash: zeros })];
  expect(() => opening.report({ ...none, stateHash: zeros })).toThrow(refusal("bad-signature"));
  expect(() => opening.report({ ...some, stateHash: "" })).toThrow(refusal("bad-signature"));
  const liar = reportOf(1, { stateHash: zeros });
  const others = [2, 3, 4].map((index) => reportOf(index, { stateHash: "" }));
  const agreed = openingWith(liar, ...others).close();
  expect(agreed.stateHash).toBe("");
  expect(agreed.transcript.reports).toEqual(others);
});

test("nothing is signed that is no hash", () => {
  expect(() => reportOf(1, { stateHash: "b2" })).toThrow(refusal("wrong-length"));
  expect(() => reportOf(1, { modelHash: "A1".repeat(32) })).toThrow(refusal("wrong-length"));
});

test("fewer reports than the threshold agree on nothing, and the shortage says so before", () => {
  const opening = openingWith(reportOf(2), reportOf(3));
  expect(opening.shortage(opening.delivered)).toMatchObject({ code: "too-few", got: 2, wanted: 3 });
  expect(opening.shortage(new Set(IDS.slice(2)))).toBeUndefined();
  expect(() => opening.close()).toThrow(refusal("no-agreement", { got: 2, wanted: 3 }));
  expect(() => new Opening(transcript).close()).toThrow(/none; wanted 3/);
});

test("a second report, one of a dropout, of a stranger, or that is not signed as it stands is refused and changes nothing", () => {
  const opening = openingWith(reportOf(2));
  const other = playUnsealed(
    { ...CONFIG, roundId: "99".repeat(32) },
    IDENTITIES,
    IDS.slice(1),
    IDS.slice(2),
  );
  const third = itemAt(IDENTITIES, 3);
  const elsewhere = signModelReport(third, other.transcript, MADE);
  const encryptedSum = transcript.encryptedSum.with(5, 8);
  const ofOtherSum = signModelReport(third, { ...transcript, encryptedSum }, MADE);
  const fewer = { ...transcript, survivors: transcript.survivors.slice(1) };
  const ofOtherSet = signModelReport(third, fewer, MADE);
  const report = reportOf(3);
  const refused: readonly (readonly [ModelReport, MaskingErrorCode])[] = [
    [reportOf(2, { modelHash: "c3".repeat(32) }), "already-delivered"],
    [reportOf(0), "unknown-participant"],
    [{ ...report, participantId: "0".repeat(32) }, "unknown-participant"],
    [{ ...report, participantId: itemAt(IDS, 4) }, "bad-signature"],
    [{ ...report, modelHash: "c3".repeat(32) }, "bad-signature"],
    [{ ...report, modelHash: "a1".repeat(31) }, "wrong-length"],
    [{ ...report, stateHash: "" }, "bad-signature"],
    [{ ...report, stateHash: "b2" }, "wrong-length"],
    [{ ...report, stateHash: "B2".repeat(32) }, "wrong-length"],
    [{ ...report, stateHash: "g2".repeat(32) }, "wrong-length"],
    [{ ...report, counts: { ...MADE.counts, trainingExamples: 401 } }, "bad-signature"],
    [{ ...report, counts: { ...MADE.counts, trainingExamples: -1 } }, "bad-counts"],
    [
      { ...report, signature: report.signature.with(0, 1 ^ (report.signature[0] ?? 0)) },
      "bad-signature",
    ],
    [{ ...report, signature: new Uint8Array() }, "bad-signature"],
    [elsewhere, "bad-signature"],
    [ofOtherSum, "bad-signature"],
    [ofOtherSet, "bad-signature"],
  ];
  for (const [lie, code] of refused) expect(() => opening.report(lie)).toThrow(refusal(code));
  expect(opening.delivered).toEqual(new Set([itemAt(IDS, 2)]));
  opening.report(report);
});
