import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex, initialModel, layoutOf, modelToBytes } from "@chorus/aggregation";
import { pathsIn } from "@chorus/coordinator";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { type GetRunResponse, RunStatus } from "@chorus/proto/v1/operator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { filesWith } from "../support/files-with.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { patienceMs } from "../support/patience.ts";
import { encryption, testPlan } from "../support/plan.ts";
import { SteeredTrainer } from "../support/steered-trainer.ts";
import { StoppableSite } from "../support/stoppable-site.ts";
import { verifyByCommand } from "../support/verify-command.ts";

const softDeadlineMs = 30_000;
const momentum = 0.5;
const plan = testPlan({
  rounds: 4,
  participants: 5,
  protection: encryption,
  strategy: { kind: "fedavgm", learningRate: 1, momentum },
  softDeadlineMs,
  hardDeadlineMs: 600_000,
});
const everybody = [0, 1, 2, 3, 4];
/** Whose updates are in each round's model, by place. */
const survivors = [everybody, [0, 1, 2], everybody, everybody];
/** Each round's mean is rounded to about 2^-15, and momentum doubles what it does at most. */
const tolerance = survivors.length * 2 * 2 ** -14;

const opened = new AsyncDisposableStack();
const clock = new FakeClock();
const trainers = everybody.map((place) => new SteeredTrainer(place));
const sites: StoppableSite[] = [];
let folder: TemporaryFolder;
let coordinator: TestCoordinator;
let operator: TestOperator;
let runId: Uint8Array;
let told: GetRunResponse;

/**
 * An encrypted run of four rounds. In the training of the second, site 3 is stopped and site 4 is lost with its disk; both
 * are back for the third, 4 as somebody new. In the training of the last, site 2 is stopped and started again.
 */
beforeAll(async () => {
  folder = await temporaryFolder();
  coordinator = opened.use(await startTestCoordinator(join(folder.path, "coordinator"), { clock }));
  operator = opened.use(await TestOperator.connect(coordinator));
  for (const place of everybody) sites.push(start(`site-${place}`, place));
  await Promise.all(sites.map(({ log }) => log.entry("checked in")));
  await loseTwoInSecondRound();
  await restartOneInLastRound();
  told = await operator.ended(runId);
  const last = { runId: runIdText(), round: 4 };
  await coordinator.log.entry("round committed to the chain", last);
  await Promise.all(sites.map(({ log }) => log.entry("kept the model", last)));
}, patienceMs);

afterAll(async () => {
  await opened.disposeAsync();
  await folder[Symbol.asyncDispose]();
}, patienceMs);

async function loseTwoInSecondRound(): Promise<void> {
  const lost = [at(trainers, 3), at(trainers, 4)];
  const inFirst = lost.map((trainer) => trainer.hold());
  ({ runId } = await operator.startRun(plan));
  await Promise.all(inFirst);
  await Promise.all(lost.map((trainer) => trainer.holdNext()));
  await noticed(at(sites, 3), (site) => site.stop());
  await noticed(at(sites, 4), (site) => site.lose());
  for (const trainer of lost) trainer.release();
  await operator.event(
    runId,
    ({ $case, value }) =>
      $case === "progress" &&
      value.round === 2 &&
      value.phase === "training" &&
      value.delivered === 3,
  );
  const completed = coordinator.log.entry("round completed", { round: 2 });
  clock.advance(softDeadlineMs);
  await completed;
}

/** Time stands still: the coordinator waits for all five before it begins the third round. */
async function restartOneInLastRound(): Promise<void> {
  const trainer = at(trainers, 2);
  const inThird = trainer.hold();
  at(sites, 3).start();
  sites[4] = start("site-5", 4);
  await inThird;
  await trainer.holdNext();
  await noticed(at(sites, 2), (site) => site.stop());
  at(sites, 2).start();
  trainer.release();
}

function start(name: string, place: number): StoppableSite {
  const spec = { name, trainer: at(trainers, place) };
  return opened.use(new StoppableSite(coordinator, folder.path, spec));
}

/** Ends a site in some way. Resolves when the coordinator knows. */
async function noticed(
  site: StoppableSite,
  end: (site: StoppableSite) => Promise<void>,
): Promise<void> {
  const known = coordinator.log.next("participant disconnected", { participant: site.name });
  await end(site);
  await known;
}

function at<T>(items: readonly T[], place: number): T {
  const item = items[place];
  if (item === undefined) throw new Error(`nothing is at place ${place}`);
  return item;
}

function runIdText(): string {
  return bytesToHex(runId, 32);
}

/** All that sites keep of models and of what the strategy goes on with. */
async function keptFiles(): Promise<readonly Uint8Array[]> {
  const files: Uint8Array[] = [];
  for (const { name } of sites) {
    const models = join(folder.path, name, "models", runIdText());
    for (const file of await readdir(models))
      if (/\.(model|state)$/.test(file)) files.push(await readFile(join(models, file)));
  }
  return files;
}

test("four encrypted rounds complete at the first attempt with those who were there", () => {
  expect(told.run?.status).toBe(RunStatus.COMPLETED);
  expect(told.rounds.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
  expect(told.rounds.map((round) => round.survivors)).toEqual(survivors.map((who) => who.length));
});

test("all five end with one model, that of every survivor's update and of the strategy's state, which went with it", async () => {
  const layout = layoutOf(plan.model);
  const wanted = Float64Array.from(initialModel(layout, plan.seed));
  const velocity = new Float64Array(layout.parameters);
  for (const who of survivors)
    for (const place of wanted.keys()) {
      const mean = who.includes(place) ? 1 / who.length : 0;
      velocity[place] = momentum * (velocity[place] ?? 0) + mean;
      wanted[place] = (wanted[place] ?? 0) + velocity[place];
    }
  for (const site of sites) {
    const kept = await site.newestModel(runIdText());
    expect(kept, site.name).toMatchObject({ round: 4, isCommitted: true });
    expect(kept?.modelHash).toBe(bytesToHex(told.run?.modelHash ?? new Uint8Array(), 32));
    for (const [place, value] of kept?.model.entries() ?? [])
      expect(Math.abs(value - (wanted[place] ?? 0)), `${place}`).toBeLessThan(tolerance);
  }
});

test("who lacks a round's model is handed it by a participant, and who has it on disk goes on with that", () => {
  const handed = sites.map(({ log }) =>
    log.entries.filter(({ msg }) => msg === "was handed the model").map(({ round }) => round),
  );
  expect(handed).toEqual([[], [], [], [3], [3]]);
  const gave = sites.flatMap(({ log }) =>
    log.entries.filter(({ msg }) => msg === "handed the model over").map(({ round }) => round),
  );
  expect(gave).toEqual([3]);
});

test("the coordinator keeps no model but the first, no state and no sum, in whatever file", async () => {
  const { directory } = coordinator;
  const kept = await keptFiles();
  expect(kept).toHaveLength(4 * sites.length);
  const first = modelToBytes(initialModel(layoutOf(plan.model), plan.seed));
  expect(await filesWith([first], directory)).toHaveLength(1);
  const asText = kept.map((bytes) => Buffer.from(bytesToHex(bytes, bytes.length)));
  expect(await filesWith([...kept, ...asText], directory)).toEqual([]);
  const blobs = await readdir(pathsIn(directory).blobs, { recursive: true, withFileTypes: true });
  // The first model, and a transcript of each round.
  expect(blobs.filter((entry) => entry.isFile())).toHaveLength(1 + survivors.length);
});

test("the run verifies from the coordinator, and again from its files when it has ended", async () => {
  const { directory } = coordinator;
  const signed = survivors.map((who) => ({
    model: "at-participants",
    sum: "signed",
    chain: "holds",
    reports: who.length,
  }));
  const online = await verifyByCommand(runIdText(), directory);
  expect(online).toMatchObject({ code: 0, differences: [], rounds: signed });
  expect(online.source).toContain("the coordinator");
  await opened.disposeAsync();
  const offline = await verifyByCommand(runIdText(), directory);
  expect(offline).toMatchObject({ code: 0, differences: [], rounds: signed });
});
