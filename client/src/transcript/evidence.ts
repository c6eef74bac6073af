import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Hash, sha256Hex } from "@chorus/aggregation";
import { z } from "zod";
import { ClientError } from "../error.ts";
import { hasCode, replaceFile, syncDirectory } from "../files.ts";

const digits = z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 lowercase hexadecimal digits");

const recordSchema = z.strictObject({
  runId: digits,
  round: z.int().positive(),
  roundId: digits,
  code: z.string(),
  message: z.string(),
  /** ISO 8601. */
  when: z.iso.datetime(),
  transcriptSha256: digits,
  /** Whether the transcript lies beside it. */
  transcriptKept: z.boolean(),
});

type EvidenceRecord = z.infer<typeof recordSchema>;

/** What does not hold about a round's published sum. */
export interface Finding {
  readonly runId: Hash;
  /** Counts from 1. */
  readonly round: number;
  readonly roundId: Hash;
  /** The code of the check that failed. */
  readonly code: string;
  /** For the people at the site; nothing secret. */
  readonly message: string;
}

/** A finding, and where it lies. */
export interface KeptFinding extends Finding {
  /** Of the JSON file. */
  readonly path: string;
}

/** Transcripts that are kept, the first ones: a coordinator must not fill the disk with them. What was found is always kept. */
const KEPT_TRANSCRIPTS = 16;

/**
 * The folder `evidence` of a state directory: for each round whose published sum did not hold, `<round id>.transcript` as
 * it was downloaded, and `<round id>.json`, which says what was found and keeps this participant out of the run until
 * somebody takes it away. Of findings after the first sixteen the transcript is not kept.
 */
export class Evidence {
  readonly #directory: string;
  readonly #findingsByRun: Map<Hash, Finding>;
  /** Rounds of which the transcript lies in the folder. */
  readonly #transcripts: Set<Hash>;

  private constructor(directory: string, records: readonly EvidenceRecord[]) {
    this.#directory = directory;
    this.#findingsByRun = new Map(records.map((record) => [record.runId, record]));
    const kept = records.filter(({ transcriptKept }) => transcriptKept);
    this.#transcripts = new Set(kept.map(({ roundId }) => roundId));
  }

  /**
   * Reads the evidence of a state directory, which exists; the folder is made when there is something to keep. Rejects
   * with {@link ClientError} `bad-evidence` when it is damaged, or a transcript is missing or not the one that was kept.
   */
  static async open(stateDirectory: string): Promise<Evidence> {
    const directory = join(stateDirectory, "evidence");
    const files = (await listFiles(directory)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
    const records = await Promise.all(files.map((name) => readRecord(directory, name)));
    for (const record of records)
      if (record.transcriptKept) await requireTranscript(directory, record);
    return new Evidence(directory, records);
  }

  /** What was found, one round of a run. */
  get findings(): KeptFinding[] {
    return [...this.#findingsByRun.values()].map((finding) => ({
      ...finding,
      path: this.#pathOf(finding.roundId, "json"),
    }));
  }

  /** What the people at the site are to do. */
  get advice(): string {
    return (
      `keep the folder ${this.#directory}, tell the other organisations and the coordinator's operator; ` +
      "removing a round's .json lets this participant take part in that run again"
    );
  }

  /** Throws {@link ClientError} `wrong-sum` for a run of which a round's sum did not hold. */
  requireNone(runId: Hash): void {
    const finding = this.#findingsByRun.get(runId);
    if (finding === undefined) return;
    const { round, roundId, message } = finding;
    const lie = `what the coordinator published of round ${round} of this run does not hold: ${message}`;
    const path = this.#pathOf(roundId, "json");
    throw new ClientError("wrong-sum", `${lie}; see ${path}: ${this.advice}`);
  }

  /**
   * Keeps what was downloaded and what was found. From this call on {@link requireNone} throws for the run, in any case;
   * when it resolves, with the path of what was kept, that is so after a restart too. Rejects with {@link ClientError}
   * `unwritable`.
   */
  async keep(finding: Finding, transcript: Uint8Array): Promise<string> {
    this.#findingsByRun.set(finding.runId, finding);
    const { roundId } = finding;
    const transcriptKept = this.#transcripts.size < KEPT_TRANSCRIPTS;
    const [path, record] = [this.#pathOf(roundId, "transcript"), this.#pathOf(roundId, "json")];
    const when = new Date().toISOString();
    const transcriptSha256 = sha256Hex(transcript);
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await syncDirectory(join(this.#directory, ".."));
      if (transcriptKept) await replaceFile(path, transcript);
      await replaceFile(record, textOf({ ...finding, when, transcriptSha256, transcriptKept }));
    } catch (cause) {
      const reason = reasonOf(cause);
      const message = `cannot keep ${path}: ${reason}; wanted a folder with space that this user can write`;
      throw new ClientError("unwritable", message, { cause });
    }
    if (!transcriptKept) return record;
    this.#transcripts.add(roundId);
    return path;
  }

  #pathOf(roundId: Hash, kind: "json" | "transcript"): string {
    return join(this.#directory, `${roundId}.${kind}`);
  }
}

function textOf(record: EvidenceRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** The names in the folder; none when there is no folder. */
async function listFiles(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return [];
    throw damaged(directory, reasonOf(cause), cause);
  }
}

async function readRecord(directory: string, name: string): Promise<EvidenceRecord> {
  const path = join(directory, name);
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(path, "utf8")));
    if (name !== `${record.roundId}.json`) throw new Error(`it is of round ${record.roundId}`);
    return record;
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError
        ? cause.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join(", ")
        : reasonOf(cause);
    throw damaged(path, reason, cause);
  }
}

/** Throws {@link ClientError} `bad-evidence` unless the transcript of a finding is the one that was kept. */
async function requireTranscript(
  directory: string,
  { roundId, transcriptSha256 }: EvidenceRecord,
): Promise<void> {
  const path = join(directory, `${roundId}.transcript`);
  const sha256 = await sha256OfFile(path);
  if (sha256 === transcriptSha256) return;
  const reason = `its SHA-256 is ${sha256}, wanted ${transcriptSha256} as ${roundId}.json has it`;
  throw damaged(path, reason, undefined);
}

/** Read in pieces: a transcript may be large. */
async function sha256OfFile(path: string): Promise<Hash> {
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(path)) hash.update(piece);
  } catch (cause) {
    throw damaged(path, reasonOf(cause), cause);
  }
  return hash.digest("hex");
}

function damaged(path: string, reason: string, cause: unknown): ClientError {
  const message =
    `the evidence ${path} cannot be used: ${reason}; restore it from a backup, or remove it with ` +
    "the round's other file: without them, this participant may take part again in a run whose published sum was wrong";
  return new ClientError("bad-evidence", message, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
