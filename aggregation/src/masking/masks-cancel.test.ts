import fc from "fast-check";
import { expect, test } from "vitest";
import { addRing } from "../vector.ts";
import type { RoundConfig } from "./config.ts";
import { MaskingError } from "./error.ts";
import type { ParticipantId } from "./messages.ts";
import { neighbourhoodFor } from "./neighbourhood.ts";
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
  share,
  upload,
} from "./testing/round.ts";
import { contentOf, vectorLength } from "./update-vector.ts";

const STEPS = ["advertising", "sharing", "uploading", "confirming", "revealing"] as const;

type Step = (typeof STEPS)[number];

/** One participant for each entry: the index of the step before which it is lost, or 5. */
type Fates = readonly number[];

interface Graph {
  readonly degree: number;
  readonly threshold: number;
}

/** Rounds of few participants have graphs here that only large ones have elsewhere. */
const GUARD = permissiveGuard("wrong-degree", "low-threshold");

/** The ids that take part in a step. */
function presentIn(config: RoundConfig, fates: Fates, step: Step): ParticipantId[] {
  const ids = config.cohort.map(({ participantId }) => participantId);
  return ids.filter((_, place) => (fates[place] ?? 0) > STEPS.indexOf(step));
}

/** Where the protocol has to give a round up, from who is there and the graph alone; undefined for nowhere. */
function expectedEnd(config: RoundConfig, fates: Fates): Step | undefined {
  const present = (step: Step) => presentIn(config, fates, step);
  const { length: size } = config.cohort;
  const isComplete = config.degree === size - 1;
  const fewest = isComplete ? config.threshold : size - Math.floor(size / 10);
  if (present("advertising").length < fewest) return "advertising";
  const [advertisers, sharers, survivors] = [
    new Set(present("advertising")),
    present("sharing"),
    present("uploading"),
  ];
  const book = makeIdentities(size).filter(({ participantId }) => advertisers.has(participantId));
  const exchange = makeExchange(config, book, GUARD);
  const holdersOf = (owner: ParticipantId, ids: readonly ParticipantId[]) =>
    ids.filter((id) => id === owner || exchange.neighboursOf(owner).includes(id)).length;
  // A dropout with which no survivor has a mask is nobody's loss.
  const owners = sharers.filter((id) => survivors.includes(id) || holdersOf(id, survivors) > 0);
  const isShort = (ids: readonly ParticipantId[], of: readonly ParticipantId[]) =>
    ids.length < 2 || of.some((owner) => holdersOf(owner, ids) < config.threshold);
  if (isShort(sharers, sharers)) return "sharing";
  return (["uploading", "confirming", "revealing"] as const).find((step) =>
    isShort(present(step), owners),
  );
}

/** How a round ended. */
interface Ending {
  /** Where the server gave up, with `too-few`. */
  readonly end: Step | undefined;
  readonly sum?: Uint32Array;
  /** The step that was not taken, by each participant that is left: what a server gets that asks for it all the same. */
  readonly attempts: readonly (() => unknown)[];
}

function play(config: RoundConfig, fates: Fates): Ending {
  const ids = (step: Step) => presentIn(config, fates, step);
  const who = new Set(ids("advertising"));
  const identities = makeIdentities(fates.length).filter(({ participantId: id }) => who.has(id));
  const advertised = advertise(config, identities, GUARD);
  const shared = orTooFew(() => share(advertised, ids("sharing")));
  if (shared === undefined) {
    const stages = [...advertised.stages.values()];
    const book = stages.map(({ advertisement }) => advertisement);
    return { end: "advertising", attempts: stages.map((stage) => () => stage.openKeyBook(book)) };
  }
  const vectorOf = (id: ParticipantId) => makeVector(config, id);
  const uploaded = orTooFew(() => upload(shared, vectorOf, ids("uploading")));
  if (uploaded === undefined) {
    const sealed = [...shared.stages.values()].flatMap(({ sealedShares }) => sealedShares);
    const sealedFor = (id: ParticipantId) => sealed.filter(({ to }) => to === id);
    const attempts = [...shared.stages].map(
      ([id, stage]) =>
        () =>
          stage.openShares(ids("sharing"), sealedFor(id)),
    );
    return { end: "sharing", attempts };
  }
  const confirmed = orTooFew(() => confirm(uploaded, ids("confirming")));
  if (confirmed === undefined) {
    const stages = [...uploaded.stages.values()];
    const survivors = stages.map((stage) => stage.upload);
    return { end: "uploading", attempts: stages.map((stage) => () => stage.confirm(survivors)) };
  }
  const unmasking = orTooFew(() => reveal(confirmed, ids("revealing")));
  if (unmasking === undefined) {
    const stages = [...confirmed.stages.values()];
    const acks = stages.map(({ ack }) => ack);
    return { end: "confirming", attempts: stages.map((stage) => () => stage.reveal(acks)) };
  }
  const sum = orTooFew(() => unmasking.close());
  if (sum === undefined) return { end: "revealing", attempts: [] };
  return { end: undefined, sum, attempts: [] };
}

/** undefined when `advance` ends with too-few. */
function orTooFew<T>(advance: () => T): T | undefined {
  try {
    return advance();
  } catch (error) {
    if (!(error instanceof MaskingError) || error.code !== "too-few") throw error;
    return undefined;
  }
}

/** What there is to see: the survivors' plain sum, or nothing. */
function expectSum(config: RoundConfig, fates: Fates, sum: Uint32Array | undefined): void {
  const plain = new Uint32Array(vectorLength(config.dimension));
  for (const id of presentIn(config, fates, "uploading")) addRing(plain, makeVector(config, id));
  expect(sum && contentOf(sum)).toEqual(contentOf(plain));
}

/** One step at which many of `size` are lost, and others at which few are. */
function fatesOf(size: number): fc.Arbitrary<Fates> {
  return fc.nat({ max: STEPS.length - 1 }).chain((step) => {
    const fate = fc.oneof(
      { weight: 5, arbitrary: fc.constant(STEPS.length) },
      { weight: 4, arbitrary: fc.constant(step) },
      { weight: 1, arbitrary: fc.nat({ max: STEPS.length - 1 }) },
    );
    return fc.array(fate, { minLength: size, maxLength: size });
  });
}

/** Tells a test that saw one ending only from one that saw them all. */
function counter() {
  const seen = new Map<Step | undefined, number>();
  return {
    count: (end: Step | undefined) => seen.set(end, (seen.get(end) ?? 0) + 1),
    fewest: (ends: readonly (Step | undefined)[]) =>
      Math.min(...ends.map((end) => seen.get(end) ?? 0)),
  };
}

test("in a complete graph of 3 to 8, wherever anybody is lost, masks cancel exactly or, below the threshold, the round ends there with nothing revealed, by whomever it is asked", () => {
  const seen = counter();
  const fates = fc.integer({ min: 3, max: 8 }).chain(fatesOf);
  fc.assert(
    fc.property(fates, (lost) => {
      const config = makeConfig(makeIdentities(lost.length), neighbourhoodFor(lost.length));
      const { end, sum, attempts } = play(config, lost);
      expect(end).toBe(expectedEnd(config, lost));
      seen.count(end);
      if (end === undefined) expectSum(config, lost, sum);
      for (const attempt of attempts) {
        expect(attempt).toThrow(expect.objectContaining({ code: "too-few" }));
      }
    }),
    { numRuns: 50, seed: 5 },
  );
  expect(seen.fewest([undefined, ...STEPS])).toBeGreaterThan(0);
});

test("in a graph of four or six neighbours, wherever anybody is lost, masks cancel exactly or the round ends where somebody's neighbourhood falls below the threshold", () => {
  const seen = counter();
  const graphs: Graph[] = [
    { degree: 4, threshold: 3 },
    { degree: 4, threshold: 4 },
    { degree: 6, threshold: 4 },
  ];
  const cases = fc.integer({ min: 8, max: 11 }).chain((size) =>
    fc.record({
      graph: fc.constantFrom(...graphs),
      lost: fc.uniqueArray(fc.nat({ max: size - 1 }), { minLength: 1, maxLength: 3 }),
      fates: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
      size: fc.constant(size),
    }),
  );
  fc.assert(
    fc.property(cases, ({ graph, lost, fates, size }) => {
      const config = makeConfig(makeIdentities(size), graph);
      const all = Array.from({ length: size }, (_, place) => {
        const found = lost.indexOf(place);
        return found < 0 ? STEPS.length : itemAt(fates, found);
      });
      const { end, sum } = play(config, all);
      expect(end).toBe(expectedEnd(config, all));
      seen.count(end);
      if (end === undefined) expectSum(config, all, sum);
    }),
    { numRuns: 14, seed: 6 },
  );
  expect(seen.fewest([undefined, "sharing", "uploading", "confirming"])).toBeGreaterThan(0);
});
