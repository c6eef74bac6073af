import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
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
const RECORD = { ...FINDING, when: "2026-01-01T00:00:00.000Z", transcriptSha256: "0".repeat(64) };

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
        message: expect.stringMatching(new RegExp(`round 3 .*do not open.*${ROUND_ID}.json$`)),
      }),
    );
  }
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
