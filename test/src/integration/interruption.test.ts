import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathsIn } from "@chorus/coordinator";
import { expect, test } from "vitest";
import { violationsIn } from "../chaos/offline-check.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { startParticipants, unitParticipants } from "../support/participants.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";
import { Relay } from "../support/relay.ts";
import { ServedCoordinator } from "../support/served-coordinator.ts";

const rounds = 8;

/** Files that are being written, by name. */
async function halfWritten(directory: string): Promise<readonly string[]> {
  const files = await readdir(directory, { recursive: true });
  return files.filter((name) => /\.(new|tmp|part)$/.test(name));
}

/** Watches a run; calls `reached` when its third round collects updates. */
async function untilItEnds(
  operator: TestOperator,
  runId: Uint8Array,
  reached: () => void,
): Promise<void> {
  for await (const { $case, value } of operator.watchRun(runId))
    if ($case === "progress" && value.round === 3 && value.phase === "collecting") reached();
}

test("Ctrl-C in the middle of a round ends the coordinator with nothing running or half-written, and the run goes on later", {
  timeout: patienceMs,
}, async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, "coordinator");
  const { invitation: invitationFile, announcement } = pathsIn(directory);
  await using relay = await Relay.open();

  await using first = new ServedCoordinator(directory, "chaos");
  const address = await first.serving();
  relay.target = address.grpcPort;
  const sites = { grpcPort: relay.port, invitationFile };
  await using participants = startParticipants(sites, folder.path, unitParticipants(4));
  using operator = await TestOperator.connect(address);
  const { runId } = await operator.startRun(testPlan({ rounds, participants: 4 }));
  const reached = Promise.withResolvers<void>();
  const watched = untilItEnds(operator, runId, reached.resolve);
  const told = expect(watched).rejects.toMatchObject({
    details: "shutting-down: the coordinator is shutting down: try again later",
  });
  await reached.promise;
  expect(await first.interrupt()).toBe("exit code 0");
  expect(first.isLeft).toBe(false);
  await told;
  expect(existsSync(announcement)).toBe(false);
  expect(await halfWritten(directory)).toEqual([]);
  expect(first.log.entries.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  await participants.log.entry("the coordinator is away, trying again until it is back");

  await using second = new ServedCoordinator(directory, "chaos");
  const again = await second.serving();
  relay.target = again.grpcPort;
  using later = await TestOperator.connect(again);
  await later.ended(runId);
  await second.log.entry("round committed to the chain", { round: rounds });
  expect(await second.interrupt()).toBe("exit code 0");
  expect(await violationsIn(directory, runId)).toEqual([]);
});
