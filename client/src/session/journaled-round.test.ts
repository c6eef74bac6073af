import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex, systemRandom } from "@chorus/aggregation";
import { expect, onTestFinished, test } from "vitest";
import { loadIdentity } from "../identity-file.ts";
import type { AnswerCall } from "../testing/answer-desk.ts";
import { askForKeys, MaskedRound } from "../testing/masked-round.ts";
import { RunningParticipant } from "../testing/running-participant.ts";
import { ScriptedCoordinator } from "../testing/scripted-coordinator.ts";
import { invitation, ROUND_ID, serve, train } from "../testing/tiny-round.ts";

interface Line {
  readonly roundId: string;
  readonly step: string;
  readonly digest: string;
}

/** What is on disk of a participant's journal. */
async function journalIn(directory: string): Promise<Line[]> {
  const lines = (await readFile(join(directory, "journal"), "utf8")).trimEnd().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

async function startCoordinator(): Promise<ScriptedCoordinator> {
  const coordinator = await ScriptedCoordinator.start();
  coordinator.download = serve();
  return coordinator;
}

async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "journaled-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** Leads the only participant through its training to its keys, which are returned as they arrived. */
async function leadToKeys(coordinator: ScriptedCoordinator) {
  coordinator.tell(train());
  await coordinator.answers.next("reportTrained");
  coordinator.tell(askForKeys(coordinator));
  return await coordinator.answers.next("advertiseKeys");
}

test("after a round, each participant's journal holds the answers of the exchange that it sent, and no others", async () => {
  await using coordinator = await startCoordinator();
  await using stack = new AsyncDisposableStack();
  const directories = new Map<string, string>();
  for (const name of ["a", "b", "c"]) {
    const participant = await RunningParticipant.start({ coordinator: coordinator.address, name });
    directories.set(await coordinator.nextFollower(), stack.use(participant).directory);
  }
  await new MaskedRound(coordinator).run();
  const sentBy = (id: string, call: AnswerCall) =>
    coordinator.answers.heard(call).filter(({ participantId }) => participantId === id);
  for (const [id, directory] of directories) {
    const journal = await journalIn(directory);
    const steps = ["advertise-keys", "share-keys", "upload", "confirm-survivors", "reveal"];
    expect(journal.map(({ step }) => step)).toEqual(steps);
    expect(new Set(journal.map(({ roundId }) => roundId))).toEqual(new Set([ROUND_ID]));
    const calls = ["advertiseKeys", "shareKeys", "confirmSurvivors", "revealShares"] as const;
    const digests = calls.flatMap((call) => sentBy(id, call).map(({ bytes }) => sha256Hex(bytes)));
    expect(journal.filter(({ step }) => step !== "upload").map(({ digest }) => digest)).toEqual(
      digests,
    );
  }
});

test("keys that arrive are in the journal on disk already", async () => {
  await using coordinator = await startCoordinator();
  await using participant = await RunningParticipant.start({ coordinator: coordinator.address });
  await coordinator.nextFollower();
  const { bytes } = await leadToKeys(coordinator);
  const { directory } = participant;
  expect(await journalIn(directory)).toMatchObject([{ digest: sha256Hex(bytes) }]);
});

test("a participant that was restarted in mid-round leaves it and never makes other keys for it, whatever it is asked", async () => {
  const directory = await temporaryFolder();
  await using coordinator = await startCoordinator();
  const options = { coordinator: coordinator.address, directory };
  {
    await using _first = await RunningParticipant.start(options);
    await coordinator.nextFollower();
    await leadToKeys(coordinator);
  }
  await using second = await RunningParticipant.start(options);
  await coordinator.nextFollower();
  for (const asked of [invitation(), train(), askForKeys(coordinator)]) {
    coordinator.tell(asked);
    const { request } = await coordinator.answers.next("leaveRound");
    expect(request.reason).toBe("restarted");
  }
  expect(coordinator.answers.heard("advertiseKeys")).toHaveLength(1);
  // Control: another round goes on as ever.
  coordinator.tell(invitation({ roundId: new Uint8Array(32).fill(2) }));
  await coordinator.answers.next("acceptRound");
  await second.says("accepted the round");
});

test("a round that was given up for another and is begun again gets no other keys either", async () => {
  await using coordinator = await startCoordinator();
  await using _participant = await RunningParticipant.start({ coordinator: coordinator.address });
  await coordinator.nextFollower();
  await leadToKeys(coordinator);
  coordinator.tell(invitation({ roundId: new Uint8Array(32).fill(2) }));
  await coordinator.answers.next("acceptRound");
  coordinator.tell(train());
  const { request } = await coordinator.answers.next("leaveRound");
  expect(request.reason).toBe("restarted");
  expect(coordinator.answers.heard("advertiseKeys")).toHaveLength(1);
});

test("a participant whose disk is full leaves the round before its keys do, and says why", async () => {
  const directory = await temporaryFolder();
  await loadIdentity(directory, systemRandom);
  await using coordinator = await startCoordinator();
  const program = fileURLToPath(new URL("../testing/participant-process.ts", import.meta.url));
  // No file can grow from here on.
  const script = 'ulimit -S -f 0; exec "$0" "$@"';
  const values = [process.execPath, program, coordinator.address, directory];
  const child = spawn("sh", ["-c", script, ...values], { stdio: ["ignore", "inherit", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await coordinator.nextFollower();
  coordinator.tell(train());
  await coordinator.answers.next("reportTrained");
  coordinator.tell(askForKeys(coordinator));
  const { request } = await coordinator.answers.next("leaveRound");
  expect(request.reason).toBe("unwritable");
  expect(coordinator.answers.heard("advertiseKeys")).toEqual([]);
  expect(await journalIn(directory)).toEqual([]);
  child.kill("SIGKILL");
});

test("a participant whose journal is damaged does not even dial", async () => {
  const directory = await temporaryFolder();
  await loadIdentity(directory, systemRandom);
  await writeFile(join(directory, "journal"), "not a journal\n");
  const participant = await RunningParticipant.start({ coordinator: "127.0.0.1:1", directory });
  await expect(participant.stopped).rejects.toMatchObject({ code: "bad-journal" });
  expect(participant.log).toEqual([]);
});
