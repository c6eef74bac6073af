import { bytesToHex } from "@chorus/aggregation";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { expect, test } from "vitest";
import { startTestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { testPlan } from "../support/plan.ts";
import { RawParticipant } from "../support/raw-participant.ts";
import { Turns } from "../support/turns.ts";
import { survivorsOf } from "../support/unit-rounds.ts";

const cohort = 50;
const survivors = 34;
const softDeadlineMs = 20_000;

/** Makes a participant hang up instead of uploading. By then its masks are in the updates of all others. */
function loseAtUpload(participant: RawParticipant): Promise<void> {
  return participant.before("submitUpdate", async () => {
    participant[Symbol.dispose]();
    return "silent";
  });
}

test("a round of fifty of whom a third is lost before the upload has the exact mean of the others and is on the chain", async () => {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder());
  const clock = new FakeClock();
  const coordinator = opened.use(await startTestCoordinator(`${folder.path}/c`, { clock }));
  const operator = opened.use(await TestOperator.connect(coordinator));
  const participants: RawParticipant[] = [];
  const turns = new Turns();
  for (let place = 0; place < cohort; place += 1)
    participants.push(opened.use(await RawParticipant.enrol(coordinator, place, turns)));
  const uploadsSettled = participants.map((participant, place) =>
    place % 3 === 2 ? loseAtUpload(participant) : participant.after("submitUpdate", async () => {}),
  );
  const { runId } = await operator.startRun(
    testPlan({
      rounds: 1,
      participants: cohort,
      quorum: survivors,
      softDeadlineMs,
      weights: cohort,
    }),
  );
  await Promise.all(uploadsSettled);
  clock.advance(softDeadlineMs);
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([{ round: 1, attempts: 1, cohort, survivors }]);
  const places = [...participants.keys()].filter((place) => place % 3 !== 2);
  expect(survivorsOf(await operator.models(runId))).toEqual([places]);
  const committed = { runId: bytesToHex(runId, 32), round: 1 };
  await coordinator.log.entry("round committed to the chain", committed);
});
