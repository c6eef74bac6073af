import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex } from "@chorus/aggregation";
import { pathsIn } from "@chorus/coordinator";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { startParticipants, unitParticipants } from "../support/participants.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { survivorsOf } from "../support/unit-rounds.ts";
import { UnitTrainer } from "../support/unit-trainer.ts";

/** Trains to an update that is no number. */
class NanTrainer extends UnitTrainer {
  override async train(model: Float32Array, seed: string, signal: AbortSignal) {
    const update = await super.train(model, seed, signal);
    update.delta[7] = Number.NaN;
    return update;
  }
}

const opened = new AsyncDisposableStack();
const clock = new FakeClock();
const plan = testPlan({ rounds: 1, participants: 4 });
let folder: TemporaryFolder;
let coordinator: TestCoordinator;
let operator: TestOperator;

/** One completed run, of the same plan as all others: its files are theirs. */
beforeAll(async () => {
  folder = opened.use(await temporaryFolder());
  const directory = join(folder.path, "coordinator");
  coordinator = opened.use(await startTestCoordinator(directory, { clock }));
  operator = opened.use(await TestOperator.connect(coordinator));
  opened.use(startParticipants(coordinator, folder.path, unitParticipants(4)));
  await operator.ended((await operator.startRun(plan)).runId);
}, patienceMs);

afterAll(() => opened.disposeAsync(), patienceMs);

/** The file of the model before the first round. */
async function initialModelFile(): Promise<string> {
  const [run] = await operator.listRuns();
  const name = bytesToHex(run?.initialModelHash ?? new Uint8Array(), 32);
  return join(pathsIn(coordinator.directory).blobs, name.slice(0, 2), name);
}

async function readiness(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${coordinator.httpPort}/readyz`);
  return `${response.status} ${await response.text()}`;
}

test.each([
  ["cut short", (file: string) => truncate(file, 20), "model has 20 bytes, wanted 32"],
  ["empty", (file: string) => truncate(file, 0), "model has 0 bytes, wanted 32"],
  ["too long", (file: string) => truncate(file, 36), "model has 36 bytes, wanted 32"],
  ["another model", (file: string) => writeFile(file, new Uint8Array(32)), "it holds "],
  ["no numbers", (file: string) => writeFile(file, Buffer.alloc(32, 0xff)), "NaN"],
])(
  "a model file that is %s ends the attempt and says so; restored, the run goes on",
  async (_how, damage, told) => {
    const file = await initialModelFile();
    const whole = await readFile(file);
    await damage(file);
    const { runId } = await operator.startRun(plan);
    await operator.event(runId, ({ $case }) => $case === "abandoned");
    const { lastAbandonment } = await operator.explainRun(runId);
    expect(lastAbandonment).toBe("the coordinator failed: damaged");
    const run = { runId: bytesToHex(runId, 32) };
    expect(await coordinator.log.entry("an attempt at a round failed", run)).toMatchObject({
      level: 50,
      err: { code: "damaged", message: expect.stringContaining(told) },
    });
    expect(await readiness()).toMatch(/^503 damaged: the model file [0-9a-f]{64} is damaged: /);
    const { participants } = await operator.listParticipants();
    expect(participants.map(({ isConnected }) => isConnected)).toEqual([true, true, true, true]);
    await writeFile(file, whole);
    clock.advance(1_000);
    const { rounds } = await operator.ended(runId);
    expect(rounds).toMatchObject([{ attempts: 2, survivors: 4 }]);
    expect(await readiness()).toBe("200 ready\n");
  },
);

test("a participant whose update is no number leaves by name, and the others complete without it", async () => {
  const specs = [{ name: "site-nan", trainer: new NanTrainer(4) }];
  await using broken = startParticipants(coordinator, folder.path, specs);
  const { runId } = await operator.startRun(testPlan({ rounds: 2, participants: 5 }));
  const { rounds } = await operator.ended(runId);
  expect(rounds).toMatchObject([{ survivors: 4 }, { survivors: 4 }]);
  expect(survivorsOf(await operator.models(runId))).toEqual([
    [0, 1, 2, 3],
    [0, 1, 2, 3],
  ]);
  const left = coordinator.log.entries.filter(({ msg }) => msg === "participant left the round");
  expect(left).toMatchObject([
    { participant: "site-nan", round: 1, reason: "non-finite" },
    { participant: "site-nan", round: 2, reason: "non-finite" },
  ]);
  expect(broken.log.find("left the round")).toMatchObject({
    reason: "non-finite",
    detail: expect.stringContaining("NaN"),
  });
});
