import { expect, test } from "vitest";
import { PuppetFederation } from "../testing/puppet-federation.ts";
import { unitPlan } from "../testing/unit-plan.ts";

const planOf = (select: number, quorum = 3) => JSON.stringify(unitPlan({ select, quorum }));

/** Starts runs of three, each of which holds its three in training until it is stopped; what comes then is answered. */
async function startHeld(federation: PuppetFederation, count: number): Promise<readonly string[]> {
  federation.steer = (_place, kind) => (kind === "train" ? "ignore" : "answer");
  const runIds: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const { runId } = await federation.runs.start(planOf(3));
    await federation.untilWhy(runId, /is training/);
    runIds.push(runId);
  }
  federation.steer = () => "answer";
  return runIds;
}

/** The runs that completed a round, in that order. */
async function completions({ store }: PuppetFederation): Promise<readonly string[]> {
  const events = await Array.fromAsync(store.events());
  const completed = events.filter(({ kind }) => kind === "round-completed");
  return completed.map(({ body }) => (JSON.parse(body) as { readonly runId: string }).runId);
}

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

test("a run that needs more than come free at once gets them before a run that came later and needs fewer", async () => {
  await using federation = await PuppetFederation.open(6);
  const { runs } = federation;
  const held = await startHeld(federation, 2);
  const large = await runs.start(planOf(4));
  await federation.untilWhy(large.runId, /waits for participants/);
  const small = await runs.start(planOf(3));
  await federation.untilWhy(small.runId, /waits for participants/);
  for (const runId of held) await runs.stop(runId);
  await federation.untilEnded(large.runId);
  await federation.untilEnded(small.runId);
  expect(await completions(federation)).toEqual([large.runId, small.runId]);
});

test("a run that waits longer keeps others back no longer than it waits, and they say that it does", async () => {
  await using federation = await PuppetFederation.open(6);
  const { runs } = federation;
  await startHeld(federation, 1);
  const large = await runs.start(planOf(4));
  await federation.untilWhy(large.runId, /waits for participants/);
  const small = await runs.start(planOf(3));
  await federation.untilWhy(
    small.runId,
    /: 3 of 3 free \(3 in rounds of other runs\), 3 suffice, runs that have waited longer come first$/,
  );
  await runs.stop(large.runId);
  await federation.untilEnded(small.runId);
});

test("a run that needs more than are connected keeps nobody back until its soft deadline lets it go on with fewer", async () => {
  await using federation = await PuppetFederation.open(6);
  const { runs, clock } = federation;
  const [held = ""] = await startHeld(federation, 1);
  const large = await runs.start(planOf(7, 4));
  await federation.untilWhy(large.runId, /waits for participants/);
  const small = await runs.start(planOf(3));
  await federation.untilEnded(small.runId);
  clock.advance(1_000);
  const late = await runs.start(planOf(3));
  await federation.untilWhy(late.runId, /runs that have waited longer come first/);
  await runs.stop(held);
  await federation.untilEnded(late.runId);
  expect(await completions(federation)).toEqual([small.runId, large.runId, late.runId]);
});

test("a run whose turn comes leaves to those behind it at once what it does not take", async () => {
  await using federation = await PuppetFederation.open(7);
  const { runs, clock } = federation;
  federation.steer = (_place, kind) => (kind === "train" ? "ignore" : "answer");
  const all = await runs.start(planOf(7));
  await federation.untilWhy(all.runId, /is training/);
  const large = await runs.start(planOf(4, 4));
  await federation.untilWhy(large.runId, /waits for participants/);
  clock.advance(500);
  const small = await runs.start(planOf(3));
  await federation.untilWhy(small.runId, /waits for participants/);
  // The first in line has looked again in vain: it hears of the next change after the second.
  clock.advance(500);
  await federation.untilWhy(large.runId, /waits for participants/);
  await runs.stop(all.runId);
  for (const { runId } of [large, small]) await federation.untilWhy(runId, /is training/);
});
