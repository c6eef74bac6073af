import { expect, test } from "vitest";
import type { Store } from "../store/store.ts";
import { sampleRun } from "../store/testing/sample-records.ts";
import { PuppetFederation } from "../testing/puppet-federation.ts";
import { unitPlan } from "../testing/unit-plan.ts";

const plan = JSON.stringify(unitPlan({ rounds: 2 }));

/** Starts a run whose first round waits for everybody to train. */
async function startHeld(federation: PuppetFederation): Promise<string> {
  federation.steer = (_place, kind) => (kind === "train" ? "ignore" : "answer");
  const { runId } = await federation.runs.start(plan);
  await federation.untilWhy(runId, /is training/);
  return runId;
}

async function kindsOf(store: Store): Promise<readonly string[]> {
  return (await Array.fromAsync(store.events())).map(({ kind }) => kind);
}

test("a run that is stopped twice at once is stopped once, and the second is told so", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs } = federation;
  const runId = await startHeld(federation);
  const stops = await Promise.allSettled([runs.stop(runId), runs.stop(runId)]);
  const refused = {
    code: "not-running",
    message: `run ${runId} is stopped, only a running one stops`,
  };
  expect(stops.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(stops.find(({ status }) => status === "rejected")).toMatchObject({ reason: refused });
  await expect(runs.stop(runId)).rejects.toMatchObject(refused);
  expect(await runs.explain(runId)).toMatchObject({
    summary: "the run is stopped: it waits for nobody",
    quorum: 0,
  });
});

test("a run whose rounds are all completed is completed when it is stopped, whatever the store refused before", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, faulty } = federation;
  faulty.fill("endRun");
  const { runId } = await runs.start(plan);
  await federation.untilWhy(runId, /next attempt/);
  faulty.empty();
  expect(await runs.stop(runId)).toMatchObject({ status: "completed", completedRounds: 2 });
});

test("a run whose stop the store did not take can be stopped again", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, faulty } = federation;
  const runId = await startHeld(federation);
  faulty.fill("endRun");
  await expect(runs.stop(runId)).rejects.toMatchObject({ code: "unwritable" });
  expect((await runs.explain(runId)).summary).toBe(
    "the run does not go on by itself: stop it, or start the coordinator again",
  );
  faulty.empty();
  expect(await runs.stop(runId)).toMatchObject({ status: "stopped" });
});

test("a run whose plan is not understood says so after a restart, and can be stopped", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, store } = federation;
  const { runId } = sampleRun("from the future");
  await store.createRun(sampleRun("from the future"));
  await runs.resume();
  const { summary, quorum } = await runs.explain(runId);
  expect(summary).toMatch(/^the run cannot go on: its plan is not understood \(.+\); stop it, or/);
  expect(quorum).toBe(0);
  expect(await runs.stop(runId)).toMatchObject({ status: "stopped" });
});

test("runs are resumed once: again is refused, and the running rounds go on", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs } = federation;
  const runId = await startHeld(federation);
  await expect(runs.resume()).rejects.toThrow(`run ${runId} is driven already`);
  expect((await runs.explain(runId)).summary).toMatch(/^round 1, attempt 1, is training/);
});

test("a start that is under way when the runs close is stored, not driven, and resumed by the next coordinator", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, sessions, store } = federation;
  let closing: Promise<void> | undefined;
  federation.stored = (method) => {
    if (method === "createRun") closing = runs.close();
  };
  const { runId } = await runs.start(plan);
  await closing;
  expect(closing).toBeDefined();
  expect(sessions.free).toHaveLength(3);
  expect(await kindsOf(store)).toEqual(["federation-created", "run-created"]);
  await expect(runs.start(plan)).rejects.toMatchObject({ code: "not-running" });
  await expect(runs.stop(runId)).rejects.toMatchObject({ code: "not-running" });
  expect(await store.runs()).toMatchObject([{ runId, status: "running" }]);
  await federation.restart();
  await federation.untilEnded(runId);
  expect(await store.run(runId)).toMatchObject({ status: "completed", completedRounds: 2 });
});

test("closing abandons a running round with the reason, frees its participants and leaves the run running", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs, sessions, told } = federation;
  const runId = await startHeld(federation);
  await runs.close();
  await federation.until(() => told.length === 3);
  const abandoned = "the coordinator is shutting down";
  expect(told).toMatchObject(Array(3).fill({ abandoned }));
  expect(sessions.free).toHaveLength(3);
  expect(runs.roundOf(federation.puppets[0]?.id ?? "")).toBeUndefined();
  expect(await runs.record(runId)).toMatchObject({ status: "running" });
  expect(await federation.store.attempts(runId, 1)).toEqual({ count: 1, lastReason: abandoned });
});

test("with over-selection a round takes more than it needs, and one that leaves costs no attempt", async () => {
  await using federation = await PuppetFederation.open(4);
  const { runs, store } = federation;
  federation.steer = (place, kind) => (place === 0 && kind === "train" ? "diverged" : "answer");
  const { runId } = await runs.start(JSON.stringify(unitPlan({ select: 3, overSelect: 1.3 })));
  await federation.untilEnded(runId);
  expect(await store.rounds(runId)).toMatchObject([{ attempts: 1, cohort: 3, survivors: 3 }]);
});
