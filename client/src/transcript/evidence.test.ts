import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex, systemRandom } from "@chorus/aggregation";
import { expect, onTestFinished, test } from "vitest";
import { loadIdentity } from "../identity-file.ts";
import { RunningParticipant } from "../testing/running-participant.ts";
import { Evidence } from "./evidence.ts";

const RUN_ID = sha256Hex("run");
const ROUND_ID = sha256Hex("round");
const FINDING = {
  runId: RUN_ID,
  round: 3,
  roundId: ROUND_ID,
  code: "unopened-sum",
  message: "the commitments of 3 survivors do not open to their sum",
};
const RECORD = {
  ...FINDING,
  when: "2026-01-01T00:00:00.000Z",
  transcriptSha256: "0".repeat(64),
  transcriptKept: true,
};
const KEPT_EVIDENCE =
  "there is evidence that a coordinator published a round that does not hold: this participant stays out of its run";

async function stateDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "evidence-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** A state directory with this file in its evidence. */
async function withFile(name: string, text: string): Promise<string> {
  const directory = await stateDirectory();
  await mkdir(join(directory, "evidence"));
  await writeFile(join(directory, "evidence", name), text);
  return directory;
}

test("what was kept keeps out of that run and of no other, at once and after a restart, and says where to look", async () => {
  const directory = await stateDirectory();
  const kept = await Evidence.open(directory);
  kept.requireNone(RUN_ID);
  await kept.keep(FINDING, new Uint8Array(3));
  for (const evidence of [kept, await Evidence.open(directory)]) {
    evidence.requireNone(sha256Hex("another run"));
    expect(() => evidence.requireNone(RUN_ID)).toThrow(
      expect.objectContaining({
        name: "ClientError",
        code: "wrong-sum",
        message: expect.stringMatching(
          new RegExp(
            `round 3 .*do not open.*${ROUND_ID}.json: keep the folder .*tell the other .*removing`,
          ),
        ),
      }),
    );
  }
});

test.each<[string, (path: string) => Promise<void>, string]>([
  ["is missing", (path) => rm(path), "ENOENT"],
  ["is altered", (path) => writeFile(path, "000"), "SHA-256"],
  ["is cut off", (path) => writeFile(path, new Uint8Array(2)), "SHA-256"],
])("evidence whose transcript %s is bad evidence", async (_, damage, reason) => {
  const directory = await stateDirectory();
  await (await Evidence.open(directory)).keep(FINDING, new Uint8Array(3));
  await Evidence.open(directory);
  const path = join(directory, "evidence", `${ROUND_ID}.transcript`);
  await damage(path);
  const error: unknown = await Evidence.open(directory).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "ClientError", code: "bad-evidence" });
  for (const part of [path, reason, "restore it from a backup, or remove it"])
    expect(String(error)).toContain(part);
});

test("a participant with evidence says so when it starts, as an error with the path and what to do", async () => {
  const directory = await stateDirectory();
  await loadIdentity(directory, systemRandom);
  await (await Evidence.open(directory)).keep(FINDING, new Uint8Array(3));
  await using participant = await RunningParticipant.start({
    coordinator: "127.0.0.1:1",
    directory,
  });
  await participant.says(KEPT_EVIDENCE);
  const path = join(directory, "evidence", `${ROUND_ID}.json`);
  expect(participant.log[0]).toMatchObject({
    ...{ level: 50, msg: KEPT_EVIDENCE, path, runId: RUN_ID, message: FINDING.message },
    advice: expect.stringMatching(/keep the folder .*tell the other organisations .*removing/),
  });
});

test("the transcripts of the first sixteen findings are kept, and what was found of all", async () => {
  const directory = await stateDirectory();
  const runs = Array.from({ length: 18 }, (_, run) => sha256Hex(`run ${run}`));
  const before = await Evidence.open(directory);
  for (const runId of runs.slice(0, 9))
    await before.keep({ ...FINDING, runId, roundId: runId }, new Uint8Array(3));
  const evidence = await Evidence.open(directory);
  for (const runId of runs.slice(9))
    await evidence.keep({ ...FINDING, runId, roundId: runId }, new Uint8Array(3));
  const files = await readdir(join(directory, "evidence"));
  const kept = files.filter((name) => name.endsWith(".transcript"));
  expect(kept.toSorted()).toEqual(
    runs
      .slice(0, 16)
      .map((id) => `${id}.transcript`)
      .toSorted(),
  );
  const last = await readFile(join(directory, "evidence", `${runs.at(-1)}.json`), "utf8");
  expect(JSON.parse(last)).toMatchObject({
    ...{ transcriptKept: false, transcriptSha256: sha256Hex(new Uint8Array(3)) },
  });
  const again = await Evidence.open(directory);
  for (const runId of runs) expect(() => again.requireNone(runId)).toThrow("do not open");
});

test.each<[string, string, string]>([
  ["is cut off", JSON.stringify(RECORD).slice(0, 90), "JSON"],
  ["is empty", "", "JSON"],
  ["lacks its run", JSON.stringify({ ...RECORD, runId: undefined }), "runId"],
  ["has a key too many", JSON.stringify({ ...RECORD, extra: 1 }), "extra"],
  ["is of another round", JSON.stringify({ ...RECORD, roundId: RUN_ID }), RUN_ID],
])(
  "a participant with evidence that %s does not even dial, and names the file and what to do",
  async (_, text, reason) => {
    const directory = await withFile(`${ROUND_ID}.json`, text);
    await loadIdentity(directory, systemRandom);
    const participant = await RunningParticipant.start({ coordinator: "127.0.0.1:1", directory });
    const error: unknown = await participant.stopped.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ClientError", code: "bad-evidence" });
    for (const part of [`${ROUND_ID}.json`, reason, "restore it from a backup, or remove it"])
      expect(String(error)).toContain(part);
    expect(participant.log).toEqual([]);
  },
);

test("something else than a folder in the place of the evidence is bad evidence", async () => {
  const directory = await stateDirectory();
  await writeFile(join(directory, "evidence"), "");
  await expect(Evidence.open(directory)).rejects.toMatchObject({ code: "bad-evidence" });
});

test("what a crash has left of a file that was being kept, and other people's files, are no evidence", async () => {
  const drafts = await withFile(`${ROUND_ID}.json.draft`, "{");
  await writeFile(join(drafts, "evidence", "notes.json"), "ours");
  await writeFile(join(drafts, "evidence", `${ROUND_ID}.transcript`), "half");
  const evidence = await Evidence.open(drafts);
  evidence.requireNone(RUN_ID);
});

test("evidence that cannot be written is an error that says so, and keeps out all the same", async () => {
  const directory = await stateDirectory();
  const evidence = await Evidence.open(directory);
  await writeFile(join(directory, "evidence"), "");
  await expect(evidence.keep(FINDING, new Uint8Array(3))).rejects.toMatchObject({
    code: "unwritable",
    message: expect.stringContaining(`${ROUND_ID}.transcript`),
  });
  expect(() => evidence.requireNone(RUN_ID)).toThrow("do not open");
});
