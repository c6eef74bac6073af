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
  /** Of the file beside it. */
  transcriptSha256: digits,
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

/**
 * The folder `evidence` of a state directory: for each round whose published sum did not hold, `<round id>.transcript` as
 * it was downloaded, and `<round id>.json`, which says what was found and keeps this participant out of the run until
 * somebody takes it away.
 */
export class Evidence {
  readonly #directory: string;
  readonly #findingsByRun: Map<Hash, Finding>;

  private constructor(directory: string, findings: readonly Finding[]) {
    this.#directory = directory;
    this.#findingsByRun = new Map(findings.map((finding) => [finding.runId, finding]));
  }

  /**
   * Reads the evidence of a state directory, which exists; the folder is made when there is something to keep. Rejects
   * with {@link ClientError} `bad-evidence` when it is damaged.
   */
  static async open(stateDirectory: string): Promise<Evidence> {
    const directory = join(stateDirectory, "evidence");
    const files = (await listFiles(directory)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
    const findings = await Promise.all(files.map((name) => readRecord(directory, name)));
    return new Evidence(directory, findings);
  }

  /** Throws {@link ClientError} `wrong-sum` for a run of which a round's sum did not hold. */
  requireNone(runId: Hash): void {
    const finding = this.#findingsByRun.get(runId);
    if (finding === undefined) return;
    const { round, roundId, message } = finding;
    const path = join(this.#directory, `${roundId}.json`);
    throw new ClientError(
      "wrong-sum",
      `what the coordinator published of round ${round} of this run does not hold: ${message}; see ${path}`,
    );
  }

  /**
   * Keeps what was downloaded and what was found. From this call on {@link requireNone} throws for the run, in any case;
   * when it resolves, with the path of the transcript, that is so after a restart too. Rejects with {@link ClientError}
   * `unwritable`.
   */
  async keep(finding: Finding, transcript: Uint8Array): Promise<string> {
    this.#findingsByRun.set(finding.runId, finding);
    const path = join(this.#directory, `${finding.roundId}.transcript`);
    const when = new Date().toISOString();
    const record = { ...finding, when, transcriptSha256: sha256Hex(transcript) };
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await syncDirectory(join(this.#directory, ".."));
      await replaceFile(path, transcript);
      await replaceFile(join(this.#directory, `${finding.roundId}.json`), textOf(record));
    } catch (cause) {
      const reason = reasonOf(cause);
      const message = `cannot keep ${path}: ${reason}; wanted a folder with space that this user can write`;
      throw new ClientError("unwritable", message, { cause });
    }
    return path;
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

async function readRecord(directory: string, name: string): Promise<Finding> {
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

function damaged(path: string, reason: string, cause: unknown): ClientError {
  const message =
    `the evidence ${path} cannot be used: ${reason}; restore it from a backup, or remove it: ` +
    "without it, this participant may take part again in a run whose published sum was wrong";
  return new ClientError("bad-evidence", message, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
