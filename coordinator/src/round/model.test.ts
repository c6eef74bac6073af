import type { Plan } from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UnreliableRound } from "../testing/unreliable-round.ts";

/**
 * To search further, raise `numRuns` and take `seed` away; a failure prints the seed and the path to it. The limit, in
 * milliseconds, is for the search of a smaller failure.
 */
const SEARCH = { numRuns: 80, seed: 20_261, interruptAfterTimeLimit: 90_000 };

/** How often each thing happens. A wave takes most of a cohort one phase on; all else is what goes wrong. */
const WEIGHTS = {
  wave: 14,
  hear: 5,
  hearAll: 4,
  arrive: 6,
  arriveAll: 3,
  duplicate: 3,
  replay: 3,
  lose: 2,
  forget: 1,
  ask: 2,
  announce: 3,
  breakOff: 1,
  forge: 5,
  contradict: 2,
  elapse: 4,
  leave: 1,
  unmask: 1,
} as const;

type Kind = keyof typeof WEIGHTS;

const kinds = Object.entries(WEIGHTS).map(([kind, weight]) => ({
  weight,
  arbitrary: fc.constant(kind as Kind),
}));

const operation = fc.record({
  kind: fc.oneof(...kinds),
  who: fc.nat(5),
  pick: fc.nat(60),
  /** Whom a wave reaches: about nine of ten. */
  reached: fc.array(
    fc.nat(9).map((digit) => digit > 0),
    { minLength: 6, maxLength: 6 },
  ),
});

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const deadlines = {
  softDeadlineMs: { training: 2_000, exchange: 1_000 },
  hardDeadlineMs: { training: 8_000, exchange: 5_000 },
};

/** How many are invited, and to what. */
const settings: readonly (readonly [number, Partial<Plan["roundPolicy"]>])[] = [
  [3, {}],
  [4, {}],
  [5, {}],
  [6, { quorum: 4 }],
  [5, { quorum: 4, minSurvivors: 4 }],
  [5, { select: 3, overSelect: 2 }],
];

/** What a search must have come across: every phase as the last one, every way to refuse, every kind of evidence. */
const worthSeeing = [
  "completed",
  "completed without a sharer",
  "abandoned in selecting",
  "abandoned in training",
  "abandoned in advertising-keys",
  "abandoned in sharing-keys",
  "abandoned in collecting",
  "abandoned in confirming-survivors",
  "abandoned in unmasking",
  "contradictory-message",
  "wrong-phase",
  "not-in-cohort",
  "wrong-plan",
  "wrong-model",
  "bad-signature",
  "wrong-shares",
  "wrong-commitment",
  "contradiction",
  "late-upload",
];

async function perform(round: UnreliableRound, { kind, ...operation }: Operation): Promise<void> {
  const { who, pick, reached } = operation;
  if (kind === "wave") await round.wave(who, reached);
  else if (kind === "hearAll") round.hearAll(reached);
  else if (kind === "arriveAll") await round.arriveAll(pick);
  else if (kind === "hear") round.hear(who, pick);
  else if (kind === "forget" || kind === "ask" || kind === "leave") round[kind](who);
  else if (kind === "unmask") round.unmask();
  else round[kind](pick);
}

test("a round does exactly what the model does, whatever is lost, repeated, late, reordered or contradictory", async () => {
  const seen = new Map<string, number>();
  const see = (what: string) => seen.set(what, 1 + (seen.get(what) ?? 0));
  const property = fc.asyncProperty(
    fc.nat().map(String),
    fc.constantFrom(...settings),
    fc.array(operation, { minLength: 20, maxLength: 90, size: "max" }),
    async (seed, [size, policy], operations) => {
      const round = new UnreliableRound(seed, size, { ...deadlines, ...policy });
      await round.check();
      for (const step of operations) {
        await perform(round, step);
        await round.check();
      }
      const ended = await round.finish();
      const { reached, sharers, survivors } = round.model;
      see(ended.phase === "committing" ? "completed" : `abandoned in ${reached}`);
      if (ended.phase === "committing" && survivors.size < sharers.size)
        see("completed without a sharer");
      for (const code of round.refusals) see(code);
      for (const { kind } of round.model.evidence.values()) see(kind);
    },
  );
  await fc.assert(property, SEARCH);
  // Otherwise the search would say little.
  for (const what of worthSeeing) expect([...seen.keys()]).toContain(what);
});
