import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomNumbers, seededRandom } from "../random.ts";
import { addRing } from "../vector.ts";
import { type RoundConfig, thresholdFor } from "./config.ts";
import { MaskingError } from "./error.ts";
import type { ParticipantId } from "./messages.ts";
import { AdvertisingStage } from "./participant-advertising.ts";
import { encodeUpdate } from "./quantiser.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeIdentities,
  makeVector,
  reveal,
  share,
  stageOf,
  upload,
} from "./testing/round.ts";
import { vectorLength } from "./update-vector.ts";

/** How many are lost at each step: advertise, share, upload, confirm, reveal. */
type Losses = readonly [number, number, number, number, number];

interface Case {
  readonly size: number;
  readonly dimension: number;
  readonly losses: Losses;
  readonly seed: string;
}

/** An honest round in which participants go missing: the unmasked sum, and the plain sum of the survivors' vectors. */
function runRound({ size, dimension, losses, seed }: Case) {
  const config = makeConfig(makeIdentities(size), { dimension });
  const numbers = new RandomNumbers(seededRandom(seed));
  let present = shuffled(
    config.cohort.map(({ participantId }) => participantId),
    numbers,
  );
  const lose = (count: number): ParticipantId[] => {
    present = shuffled(present.slice(count), numbers);
    return present;
  };
  const vectors = new Map(present.map((id) => [id, quantisedUpdate(config, `${seed} ${id}`)]));
  const vectorOf = (id: ParticipantId) => vectors.get(id) ?? new Uint32Array();
  const [atAdvertise, atShare, atUpload, atConfirm, atReveal] = losses;
  const advertisers = new Set(lose(atAdvertise));
  const advertised = advertise(
    config,
    makeIdentities(size).filter(({ participantId }) => advertisers.has(participantId)),
  );
  const uploaded = upload(share(advertised, lose(atShare)), vectorOf, lose(atUpload));
  const survivors = present;
  const unmasking = reveal(confirm(uploaded, lose(atConfirm)), lose(atReveal));
  expect(unmasking.canClose).toBe(present.length >= config.threshold);
  const plain = new Uint32Array(vectorLength(dimension));
  for (const id of survivors) addRing(plain, vectorOf(id));
  return { sum: unmasking.close(), plain };
}

function quantisedUpdate(config: RoundConfig, seed: string): Uint32Array {
  const random = seededRandom(seed);
  const numbers = new RandomNumbers(random);
  const delta = Float32Array.from({ length: config.dimension }, () => 4 * numbers.unit() - 2);
  const counts = {
    trainingExamples: numbers.below(1000),
    evaluationExamples: 70_000,
    evaluationCorrect: numbers.below(70_000),
    evaluationLossMillis: numbers.word(),
  };
  return encodeUpdate({ delta, counts }, config, random);
}

function shuffled<T>(items: readonly T[], numbers: RandomNumbers): T[] {
  return items
    .map((item) => ({ item, key: numbers.word() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Losses of `total` participants, spread over the five steps. */
function spread(total: number): fc.Arbitrary<Losses> {
  const step = fc.nat({ max: 4 });
  return fc.array(step, { minLength: total, maxLength: total }).map((steps) => {
    const losses: [number, number, number, number, number] = [0, 0, 0, 0, 0];
    for (const at of steps) losses[at] = (losses[at] ?? 0) + 1;
    return losses;
  });
}

function rounds(lost: (size: number) => { min: number; max: number }): fc.Arbitrary<Case> {
  return fc.integer({ min: 3, max: 12 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      dimension: fc.integer({ min: 1, max: 300 }),
      losses: fc.integer(lost(size)).chain(spread),
      seed: fc.string(),
    }),
  );
}

test("whoever is lost, as long as a threshold remains, the unmasked sum is the survivors' plain sum bit for bit", () => {
  const tolerable = rounds((size) => ({ min: 0, max: size - thresholdFor(size) }));
  fc.assert(
    fc.property(tolerable, (round) => {
      const { sum, plain } = runRound(round);
      expect(sum).toEqual(plain);
    }),
    { numRuns: 40 },
  );
});

test("a round of 50 that loses 22 at five different steps still unmasks to the plain sum", () => {
  const { sum, plain } = runRound({
    size: 50,
    dimension: 100,
    losses: [5, 5, 6, 3, 3],
    seed: "fifty",
  });
  expect(sum).toEqual(plain);
});

test("a vector longer than several mask blocks unmasks to the plain sum", () => {
  const { sum, plain } = runRound({
    size: 4,
    dimension: 100_003,
    losses: [0, 0, 1, 0, 0],
    seed: "long",
  });
  expect(sum).toEqual(plain);
});

test("a cohort that loses more than n - t participants ends with too-few and never with a sum", () => {
  const fatal = rounds((size) => ({ min: size - thresholdFor(size) + 1, max: size }));
  fc.assert(
    fc.property(fatal, (round) => {
      expect(() => runRound(round)).toThrow(expect.objectContaining({ code: "too-few" }));
    }),
    { numRuns: 40 },
  );
});

test("fewer survivors than minSurvivors are not unmasked although the threshold is reached", () => {
  const identities = makeIdentities(5);
  const config = makeConfig(identities, { minSurvivors: 5 });
  const shared = share(advertise(config, identities));
  const four = [...shared.stages.keys()].slice(1);
  const uploaded = upload(shared, (id) => makeVector(config, id), four);
  expect(() => uploaded.server.close()).toThrow(
    expect.objectContaining({ code: "too-few", got: 4, wanted: 5 }),
  );
});

test("participants that were shown different models refuse each other's keys and share nothing", () => {
  const identities = makeIdentities(4);
  const victim = itemAt(identities, 0);
  const others = identities.slice(1);
  const config = makeConfig(identities);
  const other = makeConfig(identities, { parentModelHash: "ef".repeat(32) });
  const advertised = advertise(config, others);
  const deceived = AdvertisingStage.begin(other, victim, seededRandom("victim"));
  expect(() => advertised.server.advertise(deceived.advertisement)).toThrow(MaskingError);
  const honest = others.map(({ participantId }) => stageOf(advertised, participantId));
  const book = [deceived, ...honest].map(({ advertisement }) => advertisement);
  for (const stage of [deceived, ...honest]) {
    expect(() => stage.openKeyBook(book)).toThrow(
      expect.objectContaining({ code: "bad-signature" }),
    );
  }
});
