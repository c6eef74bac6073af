import { neighbourhoodFor } from "@chorus/aggregation";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { expect, test } from "vitest";
import { startTestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { testPlan } from "../support/plan.ts";
import { RawParticipant } from "../support/raw-participant.ts";
import { Turns } from "../support/turns.ts";

/** The smallest cohort whose graph is not complete. `src/cohort/run.ts` runs such rounds to their end, which takes a minute. */
const cohort = 201;
const sharing = 12;
const softDeadlineMs = 20_000;
const hardDeadlineMs = 40_000;

/** The participant falls silent when its keys are out. */
function vanishAfterKeys(participant: RawParticipant): Promise<void> {
  return participant.after("advertiseKeys", async () => participant[Symbol.dispose]());
}

/** To whom the participant has sealed shares. */
function addressees({ sent, identity }: RawParticipant): ReadonlySet<string> {
  const shared = sent.get("shareKeys");
  if (shared?.step !== "shareKeys")
    throw new Error(`${identity.participantId} has not shared its secrets`);
  return new Set(shared.request.sealedShares.map(({ to }) => to));
}

test("of 201, everybody shares secrets with its neighbours on one graph, and too few sharers end the round before anything is masked", async () => {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder());
  const clock = new FakeClock();
  const coordinator = opened.use(await startTestCoordinator(`${folder.path}/c`, { clock }));
  const operator = opened.use(await TestOperator.connect(coordinator));
  const turns = new Turns();
  const sharers: RawParticipant[] = [];
  const settled: Promise<void>[] = [];
  for (let place = 0; place < cohort; place += 1) {
    const participant = opened.use(await RawParticipant.enrol(coordinator, place, turns));
    if (place < sharing) sharers.push(participant);
    settled.push(
      place < sharing
        ? participant.after("shareKeys", async () => {})
        : vanishAfterKeys(participant),
    );
  }
  const deadlines = { softDeadlineMs, hardDeadlineMs };
  await operator.startRun(
    testPlan({ rounds: 1, participants: cohort, quorum: 150, weights: cohort, ...deadlines }),
  );
  await Promise.all(settled);
  const { degree } = neighbourhoodFor(cohort);
  expect(degree).toBeLessThan(cohort / 3);
  for (const [place, one] of sharers.entries()) {
    expect(addressees(one).size).toBe(degree);
    for (const other of sharers.slice(place + 1))
      expect(addressees(one).has(other.identity.participantId)).toBe(
        addressees(other).has(one.identity.participantId),
      );
  }
  const abandoned = coordinator.log.next("round abandoned");
  clock.advance(hardDeadlineMs);
  expect(await abandoned).toMatchObject({
    reason: expect.stringMatching(`${sharing} of ${cohort}`),
  });
  expect(sharers.filter(({ sent }) => sent.has("submitUpdate"))).toEqual([]);
});
