import { expect, test } from "vitest";
import { PuppetFederation } from "../testing/puppet-federation.ts";
import { unitPlan } from "../testing/unit-plan.ts";

const planOf = (select: number) => JSON.stringify(unitPlan({ select }));

test("a run waits while another has the participants, says so, and goes on when that one ends", async () => {
  await using federation = await PuppetFederation.open(3);
  const { runs } = federation;
  federation.steer = (place, kind) => (place === 2 && kind === "train" ? "ignore" : "answer");
  const first = await runs.start(planOf(3));
  await federation.untilWhy(first.runId, /is training: waits for puppet-2 \(2 of 3/);
  const second = await runs.start(planOf(3));
  await federation.untilWhy(second.runId, /waits for participants/);
  expect((await runs.explain(second.runId)).summary).toBe(
    "round 1 waits for participants: 0 of 3 free (3 in rounds of other runs), 3 suffice",
  );
  for (const { id } of federation.puppets) expect(runs.roundOf(id)?.facts.runId).toBe(first.runId);
  federation.steer = () => "answer";
  await runs.stop(first.runId);
  await federation.untilEnded(second.runId);
  expect(await federation.store.rounds(second.runId)).toMatchObject([
    { attempts: 1, survivors: 3 },
  ]);
  for (const { id } of federation.puppets) expect(runs.roundOf(id)).toBeUndefined();
});

test("two runs that begin at once share participants that suffice for both, and none is in both", async () => {
  await using federation = await PuppetFederation.open(6);
  const { runs } = federation;
  federation.steer = (_place, kind) => (kind === "train" ? "ignore" : "answer");
  const both = await Promise.all([runs.start(planOf(3)), runs.start(planOf(3))]);
  for (const { runId } of both) await federation.untilWhy(runId, /is training/);
  const runIds = federation.puppets.map(({ id }) => runs.roundOf(id)?.facts.runId);
  for (const { runId } of both) expect(runIds.filter((id) => id === runId)).toHaveLength(3);
});

test("two runs that begin at once over participants for one take turns until both are complete", async () => {
  await using federation = await PuppetFederation.open(4);
  const { runs } = federation;
  const plan = JSON.stringify(unitPlan({ select: 3, rounds: 2 }));
  const both = await Promise.all([runs.start(plan), runs.start(plan)]);
  for (const { runId } of both) {
    await federation.untilEnded(runId);
    expect(await federation.store.rounds(runId)).toMatchObject([{ attempts: 1 }, { attempts: 1 }]);
  }
});
