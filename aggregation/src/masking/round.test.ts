import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomNumbers, seededRandom } from "../random.ts";
import { requireOpenedSum } from "../transcript/verify-sum.ts";
import { addRing } from "../vector.ts";
import type { MaskedRoundConfig } from "./config.ts";
import { MaskingError } from "./error.ts";
import type { ParticipantId } from "./messages.ts";
import { neighbourhoodFor } from "./neighbourhood.ts";
import { AdvertisingStage } from "./participant-advertising.ts";
import { encodeUpdate } from "./quantiser.ts";
import { permissiveGuard } from "./testing/permissive-guard.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeExchange,
  makeIdentities,
  makeVector,
  reveal,
  SCHEME,
  secretsOf,
  share,
  stageOf,
  upload,
} from "./testing/round.ts";
import { contentOf, vectorLength } from "./update-vector.ts";

/** How many are lost at each step: advertise, share, upload, confirm, reveal. */
type Losses = readonly [number, number, number, number, number];

interface Graph {
  readonly degree: number;
  readonly threshold: number;
}

interface Case {
  readonly size: number;
  readonly dimension: number;
  readonly losses: Losses;
  readonly seed: string;
  /** The cohort's own where it is left out. */
  readonly graph?: Graph;
}

/** Rounds of few participants have graphs here that only large ones have elsewhere. */
const GUARD = permissiveGuard("wrong-degree", "low-threshold");

/** An honest round in which participants go missing: the unmasked sum, and the plain sum of the survivors' vectors. */
function runRound({ size, dimension, losses, seed, graph = neighbourhoodFor(size) }: Case) {
  const config = makeConfig(makeIdentities(size), { dimension, ...graph });
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
    GUARD,
  );
  const uploaded = upload(share(advertised, lose(atShare)), vectorOf, lose(atUpload));
  const survivors = present;
  const unmasking = reveal(confirm(uploaded, lose(atConfirm)), lose(atReveal));
  const plain = new Uint32Array(vectorLength(dimension));
  for (const id of survivors) addRing(plain, vectorOf(id));
  const opened = unmasking.close();
  requireOpenedSum(unmasking.transcriptOf(opened), SCHEME);
  return { sum: contentOf(opened), plain: contentOf(plain) };
}

function quantisedUpdate(config: MaskedRoundConfig, seed: string): Uint32Array {
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

function rounds(
  lost: (size: number) => { min: number; max: number },
  largest = 12,
): fc.Arbitrary<Case> {
  return fc.integer({ min: 3, max: largest }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      dimension: fc.integer({ min: 1, max: 300 }),
      losses: fc.integer(lost(size)).chain(spread),
      seed: fc.string(),
    }),
  );
}

const tolerated = (size: number): number => size - neighbourhoodFor(size).threshold;

test("whoever is lost, as long as a threshold remains, the unmasked sum is the survivors' plain sum bit for bit, and the commitments open to it", () => {
  fc.assert(
    fc.property(
      rounds((size) => ({ min: 0, max: tolerated(size) })),
      (round) => {
        const { sum, plain } = runRound(round);
        expect(sum).toEqual(plain);
      },
    ),
    { numRuns: 40 },
  );
});

test("so it is for 3 to 60 participants", () => {
  fc.assert(
    fc.property(
      rounds((size) => ({ min: 0, max: tolerated(size) }), 60),
      (round) => {
        const { sum, plain } = runRound(round);
        expect(sum).toEqual(plain);
      },
    ),
    { numRuns: 8 },
  );
});

/** Rounds whose graph is not complete, with losses after the key book. */
function sparseRounds(lost: (graph: Graph) => number): fc.Arbitrary<Case> {
  return fc
    .record({ size: fc.integer({ min: 8, max: 60 }), reach: fc.integer({ min: 2, max: 6 }) })
    .chain(({ size, reach }) => {
      const degree = 2 * Math.min(reach, Math.floor((size - 2) / 2));
      const graph = { degree, threshold: Math.floor((degree + 1) / 2) + 1 };
      return fc.record({
        size: fc.constant(size),
        dimension: fc.integer({ min: 1, max: 100 }),
        losses: spread(lost(graph)).map(
          ([first, second, ...rest]): Losses => [0, first + second, ...rest],
        ),
        seed: fc.string(),
        graph: fc.constant(graph),
      });
    });
}

test("in a graph that is not complete, losses that leave a threshold in every neighbourhood cost nothing", () => {
  const tolerable = sparseRounds(({ degree, threshold }) => degree + 1 - threshold);
  fc.assert(
    fc.property(tolerable, (round) => {
      const { sum, plain } = runRound(round);
      expect(sum).toEqual(plain);
    }),
    { numRuns: 7 },
  );
});

test("in a graph that is not complete, whatever is lost, a round ends with the exact sum or with too-few", () => {
  const outcomes = { sums: 0, abandoned: 0 };
  const risky = sparseRounds(({ degree }) => degree + 2);
  fc.assert(
    fc.property(risky, (round) => {
      try {
        const { sum, plain } = runRound(round);
        expect(sum).toEqual(plain);
        outcomes.sums++;
      } catch (error) {
        if (!(error instanceof MaskingError)) throw error;
        expect(error.code).toBe("too-few");
        outcomes.abandoned++;
      }
    }),
    { numRuns: 12, seed: 1 },
  );
  // Otherwise the property would say little.
  expect(Math.min(outcomes.sums, outcomes.abandoned)).toBeGreaterThan(1);
});

test("survivors that are too few around one of them are not even asked to sign, and it is named", () => {
  const identities = makeIdentities(16);
  const graph = { degree: 4, threshold: 4 };
  const config = makeConfig(identities, graph);
  const exchange = makeExchange(config, identities, GUARD);
  const lonely = itemAt(exchange.participants, 3);
  const lost = new Set(exchange.neighboursOf(lonely).slice(0, 2));
  const shared = share(advertise(config, identities, GUARD));
  const present = exchange.participants.filter((id) => !lost.has(id));
  const collection = upload(shared, (id) => makeVector(config, id), present).server;
  expect(collection.shortage(new Set(present))).toMatchObject({ code: "too-few", got: 3 });
  expect(collection.shortage(new Set(exchange.participants))).toBeUndefined();
  expect(() => collection.close()).toThrow(
    expect.objectContaining({ code: "too-few", wanted: 4, participantId: expect.any(String) }),
  );
  const around = exchange.holdersAmong(lonely, new Set(present));
  expect(around).toBe(3);
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
  const fatal = rounds((size) => ({ min: tolerated(size) + 1, max: size }));
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
  const deceived = AdvertisingStage.begin(other, secretsOf(victim));
  expect(() => advertised.server.advertise(deceived.advertisement)).toThrow(MaskingError);
  const honest = others.map(({ participantId }) => stageOf(advertised, participantId));
  const book = [deceived, ...honest].map(({ advertisement }) => advertisement);
  for (const stage of [deceived, ...honest]) {
    expect(() => stage.openKeyBook(book)).toThrow(
      expect.objectContaining({ code: "bad-signature" }),
    );
  }
});
