import { expect, test } from "vitest";
import { PuppetFederation } from "../testing/puppet-federation.ts";
import { unitPlan } from "../testing/unit-plan.ts";
import type { RunEvent } from "./feed.ts";

const oneRound = JSON.stringify(unitPlan({}));

test("a run whose end the store does not take says so, tries again and is completed once it does", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, faulty, clock } = federation;
  faulty.fill("endRun");
  const { runId } = await runs.start(oneRound);
  await federation.untilWhy(runId, /next attempt/);
  const why = "the run's end was not stored (unwritable: the disk is full); next attempt in 1.0 s";
  expect(await runs.explain(runId)).toMatchObject({
    summary: why,
    lastAbandonment: expect.stringMatching(/stored/),
  });
  expect(runs.problems).toEqual(["unwritable: the disk is full"]);
  clock.advance(1_000);
  await federation.untilWhy(runId, /next attempt in 2.0 s/);
  faulty.empty();
  clock.advance(2_000);
  await federation.untilEnded(runId);
  expect(await runs.record(runId)).toMatchObject({ status: "completed", completedRounds: 1 });
  expect(runs.problems).toEqual([]);
});

test("a store that fails right after it took a round makes no participant, ledger or watcher miss that round", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, faulty, feed, clock, told } = federation;
  federation.stored = (method) => {
    if (method === "completeRound" && federation.announced === 0) faulty.fill("run");
  };
  const { runId } = await runs.start(JSON.stringify(unitPlan({ rounds: 2 })));
  const events: RunEvent[] = [];
  const watching = (async () => {
    for await (const event of feed.watch(runId, AbortSignal.timeout(60_000))) {
      events.push(event);
      if (event.kind === "run" && event.run.status !== "running") return;
    }
  })();
  await federation.until(() => runs.problems.length > 0);
  expect(federation.announced).toBe(1);
  expect(told).toMatchObject(
    Array(3).fill({ abandoned: "", modelHash: expect.stringMatching(/^[0-9a-f]{64}$/) }),
  );
  faulty.empty();
  clock.advance(1_000);
  await watching;
  expect(await federation.store.rounds(runId)).toMatchObject([{ attempts: 1 }, { attempts: 1 }]);
  const ends = events.filter(({ kind }) => kind === "completed" || kind === "abandoned");
  expect(ends).toMatchObject([{ row: { round: 1 } }, { row: { round: 2 } }]);
  expect(federation.announced).toBe(2);
});

test("an attempt that fails before its round begins has a reason, and attempts come at most 30 s apart", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, faulty, clock } = federation;
  faulty.fill("startAttempt");
  const { runId } = await runs.start(oneRound);
  const because = "an attempt at round 1 failed (unwritable: the disk is full)";
  for (const seconds of ["1.0", "2.0", "4.0", "8.0", "16", "30", "30"]) {
    await federation.untilWhy(runId, new RegExp(`next attempt in ${seconds} s$`));
    expect(await runs.explain(runId)).toMatchObject({
      summary: `${because}; next attempt in ${seconds} s`,
      lastAbandonment: because,
      quorum: 0,
    });
    clock.advance(Number(seconds) * 1_000);
  }
  expect(federation.sessions.free).toHaveLength(3);
});

test("a bug in an attempt ends the attempt, shows, and does not show what it quotes", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, faulty, clock } = federation;
  faulty.faults.set("completeRound", new TypeError("cannot read secret"));
  const { runId } = await runs.start(oneRound);
  await federation.untilWhy(runId, /next attempt/);
  expect(await runs.explain(runId)).toMatchObject({
    summary:
      "an attempt at round 1 failed (internal error: see the coordinator's log); next attempt in 1.0 s",
    lastAbandonment: "the coordinator failed",
  });
  expect(runs.problems).toEqual(["internal error: see the coordinator's log"]);
  faulty.empty();
  clock.advance(1_000);
  await federation.untilEnded(runId);
  expect(await federation.store.rounds(runId)).toMatchObject([{ round: 1, attempts: 2 }]);
});

test("why tells who left, by name and with the code: in the round, before the next attempt and while it waits again", async () => {
  await using federation = await PuppetFederation.open(4);
  const { runs, clock, sessions } = federation;
  federation.steer = (place, kind) => {
    if (kind !== "train") return "answer";
    return place === 1 ? "bad-data" : "ignore";
  };
  const { runId } = await runs.start(JSON.stringify(unitPlan({ select: 4 })));
  await federation.untilWhy(runId, /is training.*left: puppet-1 \(bad-data\)$/);
  clock.advance(5_000);
  await federation.untilWhy(runId, /next attempt/);
  const reason = "too few trained: 0 of 4, wanted 3";
  const left = "; left the last attempt: puppet-1 (bad-data)";
  expect(await runs.explain(runId)).toMatchObject({
    summary: `round 1 was abandoned (${reason}); next attempt in 1.0 s${left}`,
    lastAbandonment: `${reason}; left: puppet-1 (bad-data)`,
  });
  const [first] = federation.puppets;
  sessions.take("another round", [first?.id ?? ""]);
  clock.advance(1_000);
  await federation.untilWhy(runId, /waits for participants/);
  expect((await runs.explain(runId)).summary).toBe(
    `round 1 waits for participants: 3 of 4 free (1 in rounds of other runs), 3 suffice, goes on without the rest in 1.0 s${left}`,
  );
});
