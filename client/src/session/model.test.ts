import { createIdentity } from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Connection } from "../connection.ts";
import { FLAWS } from "../testing/lying-coordinator.ts";
import { MASKED_STEPS } from "../testing/masked-steps.ts";
import { calledAbandoned, ScriptedCoordinator } from "../testing/scripted-coordinator.ts";
import { serve } from "../testing/tiny-round.ts";
import { NO_TROUBLE, TroubledParticipant } from "../testing/troubled-participant.ts";

/**
 * To search further, raise `numRuns` and take `seed` away; a failure prints the seed and the path to it. The limit, in
 * milliseconds, is for the search of a smaller failure.
 */
const SEARCH = { numRuns: 150, seed: 20_262, interruptAfterTimeLimit: 90_000 };

/** How often each thing happens, once something is to go wrong. */
const WEIGHTS = {
  proceed: 10,
  repeat: 4,
  hurry: 2,
  contradict: 1,
  jump: 1,
  confuse: 1,
  giveUp: 1,
  end: 1,
  crash: 1,
} as const;

type Kind = keyof typeof WEIGHTS;

const kinds = Object.entries(WEIGHTS).map(([kind, weight]) => ({
  weight,
  arbitrary: fc.constant(kind as Kind),
}));

const sound = fc.constantFrom("full", "full", "reduced");

const operation = fc.record({
  kind: fc.oneof(...kinds),
  step: fc.nat(6),
  variant: fc.oneof(
    { weight: 2, arbitrary: sound },
    { weight: 1, arbitrary: fc.constant("flawed" as const) },
  ),
  fate: fc.constantFrom("arrives", "arrives", "arrives", "too-late", "crash-after", "crash-before"),
  isLost: fc.boolean(),
  lostBytes: fc.oneof(fc.constant(0), fc.nat(300)),
});

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What a search must have come across: every answer, every reason to leave, crashes with and without a torn journal. */
const worthSeeing = [
  ...MASKED_STEPS,
  ...Object.values(FLAWS),
  "restarted",
  "no-state",
  "too-late",
  "crash-after",
  "crash-before",
  "torn",
];

async function perform(participant: TroubledParticipant, operation: Operation): Promise<void> {
  const { kind, step, variant, ...trouble } = operation;
  if (kind === "proceed") await participant.proceed(variant, trouble);
  else if (kind === "repeat" || kind === "jump") await participant[kind](step);
  else await participant[kind]();
}

test("a participant does exactly what the model does, whatever it is told in whatever order, and wherever it crashes", async () => {
  const seen = new Map<string, number>();
  await using coordinator = await ScriptedCoordinator.start();
  coordinator.download = serve();
  // Whatever attempt was given up, it says so.
  coordinator.publish = calledAbandoned;
  const identity = createIdentity(new Uint8Array(32).fill(1));
  const address = { coordinator: coordinator.address, name: "site", invitation: "" };
  using connection = await Connection.open(
    { ...address, backend: "none", softwareVersion: "0" },
    identity,
    AbortSignal.timeout(60_000),
  );
  const property = fc.asyncProperty(
    fc.nat().map(String),
    fc.array(sound, { maxLength: MASKED_STEPS.length, size: "max" }),
    fc.array(operation, { minLength: 1, maxLength: 8, size: "max" }),
    async (seed, before, operations) => {
      await using participant = await TroubledParticipant.start(seed, identity, connection);
      for (const variant of before) await participant.proceed(variant, NO_TROUBLE);
      for (const step of operations) await perform(participant, step);
      for (const what of participant.events) seen.set(what, 1 + (seen.get(what) ?? 0));
    },
  );
  await fc.assert(property, SEARCH);
  // Otherwise the search would say little.
  for (const what of worthSeeing) expect([...seen.keys()]).toContain(what);
});
