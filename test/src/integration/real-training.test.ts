import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunStatus } from "@chorus/proto/v1/operator";
import { expect, test } from "vitest";
import { startTestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { ParticipantChild } from "../support/participant-child.ts";
import { patienceMs } from "../support/patience.ts";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const data =
  process.env["CHORUS_HEART_DISEASE_DIR"] ?? join(checkout, "../shared/data/heart-disease");
const sites = ["cleveland", "hungarian", "va"];
const hasData = sites.every((site) => existsSync(join(data, `${site}.csv`)));

/** The plan that comes with the command, for three sites and few rounds. */
async function heartDiseasePlan(rounds: number): Promise<object> {
  const text = await readFile(join(checkout, "cli/plans/heart-disease.json"), "utf8");
  const plan = JSON.parse(text) as { roundPolicy: object };
  return { ...plan, rounds, roundPolicy: { ...plan.roundPolicy, select: 3 } };
}

test.skipIf(!hasData)(
  "three hospitals train on the heart-disease data in their own processes, and the model learns",
  async () => {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(await temporaryFolder());
    const coordinator = opened.use(await startTestCoordinator(join(folder.path, "coordinator")));
    const children = sites.map((name) =>
      opened.use(
        new ParticipantChild(coordinator, {
          name,
          dataPath: join(data, `${name}.csv`),
          stateDirectory: join(folder.path, name),
        }),
      ),
    );
    const operator = opened.use(await TestOperator.connect(coordinator));
    const { runId } = await operator.startRun(await heartDiseasePlan(5));
    const { run, rounds } = await operator.ended(runId);
    expect(run?.status).toBe(RunStatus.COMPLETED);
    expect(rounds.map(({ survivors, attempts }) => [survivors, attempts])).toEqual(
      Array(5).fill([3, 1]),
    );
    // Rounds are judged by the model that they began with: the first by the initial one.
    const accuracies = rounds.map((round) => round.evaluationCorrect / round.evaluationExamples);
    const losses = rounds.map(({ evaluationLoss }) => evaluationLoss);
    const [firstAccuracy = 1, firstLoss = 0] = [accuracies[0], losses[0]];
    expect(accuracies.at(-1)).toBeGreaterThan(firstAccuracy + 0.05);
    expect(losses.at(-1)).toBeLessThan(firstLoss - 0.05);
    for (const child of children) expect(await child.stop()).toBe("exit code 0");
  },
  patienceMs,
);
