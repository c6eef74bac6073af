import { expect, test } from "vitest";
import { configHash, type EncryptedRoundConfig, type MaskedRoundConfig } from "./config.ts";
import { checkRoundConfig, checkSoundConfig, type RoundExpectation } from "./config-check.ts";
import { heConfigFor } from "./encryption.ts";
import type { MaskingErrorCode } from "./error.ts";
import { neighbourhoodFor } from "./neighbourhood.ts";
import { makeEncryptedConfig } from "./testing/encrypted-round.ts";
import { itemAt, makeConfig, makeIdentities } from "./testing/round.ts";

const CONFIG = makeConfig(makeIdentities(20));
const OWN = itemAt(CONFIG.cohort, 7);
const OTHER_HASH = "12".repeat(32);

const EXPECTED: RoundExpectation = {
  federationId: CONFIG.federationId,
  runId: CONFIG.runId,
  round: CONFIG.round,
  roundId: CONFIG.roundId,
  planHash: CONFIG.planHash,
  parentModelHash: CONFIG.parentModelHash,
  dimension: CONFIG.dimension,
  clippingNorm: CONFIG.clippingNorm,
  maxExamples: CONFIG.maxExamples,
  valueBits: undefined,
  parentStateHash: "",
  minSurvivors: 2,
  minSurvivorsFloor: 2,
};

function expectRefusal(
  code: MaskingErrorCode,
  changes: Partial<MaskedRoundConfig>,
  expected: RoundExpectation = EXPECTED,
  own = OWN,
): void {
  const config = { ...CONFIG, ...changes };
  expect(() => checkRoundConfig(config, expected, own)).toThrow(expect.objectContaining({ code }));
}

test("the configuration that everybody expects is accepted", () => {
  expect(() => checkRoundConfig(CONFIG, EXPECTED, OWN)).not.toThrow();
});

test("a round other than the expected one is refused with a code for each difference", () => {
  expectRefusal("wrong-federation", { federationId: OTHER_HASH });
  expectRefusal("wrong-run", { runId: OTHER_HASH });
  expectRefusal("wrong-round", { round: 2 });
  expectRefusal("wrong-round-id", { roundId: OTHER_HASH });
  expectRefusal("wrong-plan", { planHash: OTHER_HASH });
  expectRefusal("wrong-parent-model", { parentModelHash: OTHER_HASH });
  expectRefusal("wrong-dimension", { dimension: 6 });
  expectRefusal("wrong-clipping-norm", { clippingNorm: 21 });
  expectRefusal("wrong-max-examples", { maxExamples: 999 });
});

test("a cohort that is unsorted, repeats somebody, or names a key's owner wrongly is refused", () => {
  const [first, second] = [itemAt(CONFIG.cohort, 0), itemAt(CONFIG.cohort, 1)];
  const rest = CONFIG.cohort.slice(2);
  expectRefusal("unsorted-cohort", { cohort: [second, first, ...rest] });
  expectRefusal("duplicate-id", { cohort: [first, first, ...rest] });
  const stolenKey = { ...second, identityKey: first.identityKey };
  expectRefusal("duplicate-key", { cohort: [first, stolenKey, ...rest] });
  const stolenId = { ...first, identityKey: OTHER_HASH };
  expectRefusal("wrong-id", { cohort: [stolenId, second, ...rest] });
});

test("a participant that is not in the cohort under its own key refuses", () => {
  const others = CONFIG.cohort.filter((member) => member !== OWN);
  expectRefusal("not-in-cohort", { cohort: others, ...neighbourhoodFor(others.length) });
  expectRefusal("not-in-cohort", {}, EXPECTED, { ...OWN, identityKey: OTHER_HASH });
  expectRefusal("wrong-nonce-commitment", {}, EXPECTED, { ...OWN, nonceCommitment: OTHER_HASH });
});

test("the server can neither lower the threshold nor raise it, by one or beyond reach", () => {
  expect(CONFIG.threshold).toBe(12);
  expectRefusal("low-threshold", { threshold: 11 });
  expectRefusal("high-threshold", { threshold: 13 });
  expectRefusal("high-threshold", { threshold: 21 });
});

test("the server can neither thin out the graph nor thicken it under an unchanged threshold", () => {
  expect(CONFIG.degree).toBe(19);
  expectRefusal("wrong-degree", { degree: 2 });
  expectRefusal("wrong-degree", { degree: 18 });
  expectRefusal("wrong-degree", { degree: 20 });
});

test("minSurvivors is at least two, the plan's, and the site's own floor", () => {
  const lenient = { ...EXPECTED, minSurvivors: 1, minSurvivorsFloor: 1 };
  expectRefusal("low-min-survivors", { minSurvivors: 1 }, lenient);
  expectRefusal("low-min-survivors", { minSurvivors: 4 }, { ...EXPECTED, minSurvivors: 5 });
  expectRefusal("low-min-survivors", { minSurvivors: 4 }, { ...EXPECTED, minSurvivorsFloor: 5 });
});

test("a scale at which the cohort's sum could wrap is refused", () => {
  expect(CONFIG.scaleBits).toBe(22);
  expectRefusal("no-headroom", { scaleBits: 23 });
});

test("a scale coarser than the cohort needs is refused, by one bit or down to whole numbers", () => {
  expectRefusal("wrong-scale", { scaleBits: 21 });
  expectRefusal("wrong-scale", { scaleBits: 0 });
});

test("a round is encrypted where it was planned so, with the planned bits, and only there", () => {
  const encrypted = makeEncryptedConfig(makeIdentities(20));
  const planned = { ...EXPECTED, valueBits: 8 } as const;
  expect(() => checkRoundConfig(encrypted, planned, OWN)).not.toThrow();
  const refused = [
    [encrypted, EXPECTED],
    [CONFIG, planned],
    [encrypted, { ...planned, valueBits: 15 }],
  ] as const;
  for (const [config, expected] of refused) {
    expect(() => checkRoundConfig(config, expected, OWN)).toThrow(
      expect.objectContaining({ code: "wrong-protection" }),
    );
  }
});

test("an encrypted round goes on with the state that the participant has, and with no other", () => {
  const state = "5a".repeat(32);
  const identities = makeIdentities(20);
  const [fresh, later] = ["", state].map((hash) =>
    makeEncryptedConfig(identities, { he: heConfigFor(8, 20, hash) }),
  ) as [EncryptedRoundConfig, EncryptedRoundConfig];
  const planned = { ...EXPECTED, valueBits: 8 } as const;
  expect(() => checkRoundConfig(fresh, planned, OWN)).not.toThrow();
  expect(() => checkRoundConfig(later, { ...planned, parentStateHash: state }, OWN)).not.toThrow();
  for (const [config, parentStateHash] of [
    [later, ""],
    [fresh, state],
    [later, "5b".repeat(32)],
  ] as const) {
    expect(() => checkRoundConfig(config, { ...planned, parentStateHash }, OWN)).toThrow(
      expect.objectContaining({ code: "wrong-parent-state" }),
    );
  }
  expect(configHash(fresh)).not.toBe(configHash(later));
});

test("encryption of other parameters than follow from the bits is refused", () => {
  const he = { ...heConfigFor(8, 20, ""), parametersHash: heConfigFor(15, 20, "").parametersHash };
  const config = makeEncryptedConfig(makeIdentities(20), { he });
  expect(() => checkSoundConfig(config)).toThrow(
    expect.objectContaining({ code: "wrong-parameters" }),
  );
});

test("more participants than a sum of encrypted values has room for are refused", () => {
  const he = heConfigFor(16, 64, "");
  const identities = makeIdentities(65);
  expect(() => checkSoundConfig(makeEncryptedConfig(identities.slice(1), { he }))).not.toThrow();
  expect(() => checkSoundConfig(makeEncryptedConfig(identities, { he }))).toThrow(
    expect.objectContaining({ code: "too-many-participants" }),
  );
});
