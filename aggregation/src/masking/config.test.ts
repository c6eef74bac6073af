import fc from "fast-check";
import { expect, test } from "vitest";
import {
  configHash,
  hasHeadroom,
  isEncrypted,
  MAX_SCALE_BITS,
  parseRoundConfig,
  type RoundConfig,
  scaleBitsFor,
  serialiseRoundConfig,
} from "./config.ts";
import { makeEncryptedConfig } from "./testing/encrypted-round.ts";
import { makeConfig, makeIdentities } from "./testing/round.ts";

const CONFIG = makeConfig(makeIdentities(3));
const ENCRYPTED = makeEncryptedConfig(makeIdentities(3));

const badConfig = (message: RegExp) =>
  expect.objectContaining({ code: "bad-config", message: expect.stringMatching(message) });

test("a configuration survives the way to JSON and back", () => {
  const json = serialiseRoundConfig(CONFIG);
  expect(parseRoundConfig(json)).toEqual(CONFIG);
  expect(configHash(parseRoundConfig(json))).toBe(configHash(CONFIG));
});

test("the hash of a fixed configuration never changes: participants of two versions agree on it", () => {
  expect(configHash(CONFIG)).toBe(
    "7d5fb05edcf93c7a8186dba750a27c82626a5317a09cb04561b726e3aeff1e52",
  );
});

test("an encrypted round's configuration survives as well, and never changes its hash either", () => {
  const json = serialiseRoundConfig(ENCRYPTED);
  expect(parseRoundConfig(json)).toEqual(ENCRYPTED);
  expect([isEncrypted(parseRoundConfig(json)), isEncrypted(CONFIG)]).toEqual([true, false]);
  // Source: Python 3, as in parse-plan.test.ts.
  expect(configHash(ENCRYPTED)).toBe(
    "7c9c63152245675852e14d4073954d005991f7ca36fcf6aa0c6eb3c4c56b76cd",
  );
});

test("every field is in the hash", () => {
  const changes: Partial<RoundConfig>[] = [
    { federationId: "ab".repeat(32) },
    { runId: "ab".repeat(32) },
    { round: 2 },
    { roundId: "ab".repeat(32) },
    { planHash: "ab".repeat(32) },
    { parentModelHash: "ab".repeat(32) },
    { cohort: CONFIG.cohort.slice(1) },
    { cohort: CONFIG.cohort.map((member) => ({ ...member, nonceCommitment: "ab".repeat(32) })) },
    { degree: 1 },
    { threshold: 3 },
    { minSurvivors: 3 },
    { dimension: 6 },
    { scaleBits: 23 },
    { clippingNorm: 20.5 },
    { maxExamples: 999 },
  ];
  const hashes = changes.map((change) => configHash({ ...CONFIG, ...change }));
  expect(new Set([configHash(CONFIG), ...hashes]).size).toBe(changes.length + 1);
});

test("a field that is missing, unknown, or out of its range is refused by name", () => {
  const { threshold: _, ...lacking } = CONFIG;
  const cases: [unknown, RegExp][] = [
    [lacking, /^threshold: /],
    [{ ...CONFIG, extra: 1 }, /extra/],
    [{ ...CONFIG, protocol: "SA-2" }, /^protocol: /],
    [{ ...CONFIG, prg: "mt19937" }, /^prg: /],
    [{ ...CONFIG, commitment: "none" }, /^commitment: /],
    [{ ...CONFIG, degree: 255 }, /^degree: /],
    [{ ...CONFIG, ringBits: 64 }, /^ringBits: /],
    [{ ...CONFIG, planHash: "DD".repeat(32) }, /^planHash: /],
    [{ ...CONFIG, round: 0 }, /^round: /],
    [{ ...CONFIG, scaleBits: 25 }, /^scaleBits: /],
    [{ ...CONFIG, clippingNorm: 0 }, /^clippingNorm: /],
    [{ ...CONFIG, clippingNorm: "20" }, /^clippingNorm: /],
    [{ ...CONFIG, dimension: 1.5 }, /^dimension: /],
    [{ ...CONFIG, cohort: CONFIG.cohort.slice(2) }, /^cohort: /],
    [{ ...CONFIG, cohort: [...CONFIG.cohort, { participantId: "x" }] }, /^cohort\.3/],
    [[], /^round configuration: /],
    [{ ...CONFIG, he: ENCRYPTED.he }, /ringBits/],
    [{ ...ENCRYPTED, he: { ...ENCRYPTED.he, valueBits: 12 } }, /^he\.valueBits: /],
    [{ ...ENCRYPTED, he: { ...ENCRYPTED.he, rotation: "none" } }, /^he\.rotation: /],
    [{ ...ENCRYPTED, he: { ...ENCRYPTED.he, key: 1 } }, /^he: .*key/],
    [{ ...ENCRYPTED, he: null }, /^he: /],
  ];
  for (const [value, message] of cases) {
    expect(() => parseRoundConfig(JSON.stringify(value))).toThrow(badConfig(message));
  }
});

test("text that is not canonical is refused although it says the same", () => {
  const json = serialiseRoundConfig(CONFIG);
  expect(() => parseRoundConfig(` ${json}`)).toThrow(badConfig(/canonical/));
  expect(() => parseRoundConfig(JSON.stringify(CONFIG))).toThrow(badConfig(/canonical/));
  const twice = json.replace("{", '{"round":7,');
  expect(() => parseRoundConfig(twice)).toThrow(badConfig(/canonical/));
  expect(() => parseRoundConfig("{")).toThrow(badConfig(/not JSON/));
});

test("the scale is the finest that has headroom", () => {
  const norms = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 255 }), norms, (size, norm) => {
      const bits = scaleBitsFor(size, norm);
      expect(size * (Math.ceil(norm * 2 ** bits) + 1)).toBeLessThanOrEqual(2 ** 31 - 1);
      const isFinest = bits === MAX_SCALE_BITS || !hasHeadroom(size, norm, bits + 1);
      expect(isFinest).toBe(true);
    }),
  );
});

test("a norm for which not even whole numbers fit the ring has no scale", () => {
  expect(() => scaleBitsFor(10, 1e9)).toThrow(expect.objectContaining({ code: "no-headroom" }));
  expect(() => scaleBitsFor(10, Number.POSITIVE_INFINITY)).toThrow(
    expect.objectContaining({ code: "no-headroom" }),
  );
});
