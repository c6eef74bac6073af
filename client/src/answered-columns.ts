import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hash } from "@chorus/aggregation";
import { z } from "zod";
import { quote } from "./data/cell.ts";
import { ClientError } from "./error.ts";
import { hasCode, replaceFile } from "./files.ts";

const answersSchema = z.strictObject({
  answers: z.array(
    z.strictObject({
      runId: z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 lowercase hexadecimal digits"),
      columns: z.array(z.string()),
    }),
  ),
});

/**
 * Columns whose statistics this site has put into a sum, and for which runs: the file `answered-columns` of its state
 * directory. Two sums over almost the same sites differ by one site's statistics, so that a column is answered for one run
 * only; for that one as often as it asks, as its attempts do.
 */
export class AnsweredColumns {
  readonly #path: string;
  readonly #mayRepeat: boolean;
  readonly #columnsByRun: Map<Hash, ReadonlySet<string>>;
  /** When the last writing has ended. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    mayRepeat: boolean,
    columnsByRun: Map<Hash, ReadonlySet<string>>,
  ) {
    this.#path = path;
    this.#mayRepeat = mayRepeat;
    this.#columnsByRun = columnsByRun;
  }

  /**
   * Reads the file of a state directory; without one, nothing was answered. `mayRepeat`: the site answers for other runs all
   * the same. Rejects with {@link ClientError} `bad-journal` for a damaged file.
   */
  static async open(
    stateDirectory: string,
    { mayRepeat }: { readonly mayRepeat: boolean },
  ): Promise<AnsweredColumns> {
    const path = join(stateDirectory, "answered-columns");
    return new AnsweredColumns(path, mayRepeat, await readAnswers(path));
  }

  /** Throws {@link ClientError} `already-measured`, naming the first column that another run was answered for. */
  requireNew(runId: Hash, columns: readonly string[]): void {
    if (this.#mayRepeat) return;
    for (const [earlier, answered] of this.#columnsByRun) {
      const column = earlier === runId ? undefined : columns.find((name) => answered.has(name));
      if (column === undefined) continue;
      throw new ClientError(
        "already-measured",
        `this site has answered for ${quote(column)} before, in run ${earlier}; two answers over different ` +
          "cohorts differ by one site, so run " +
          `${runId} gets none; start with --repeat-statistics to answer all the same`,
      );
    }
  }

  /**
   * Resolves when it is on disk that this run was answered for these columns. Rejects with {@link ClientError}: as
   * {@link requireNew} throws, `unwritable` when the disk does not take it.
   */
  async record(runId: Hash, columns: readonly string[]): Promise<void> {
    this.requireNew(runId, columns);
    // Before anything is awaited: of two runs that ask at once, the second is refused.
    this.#columnsByRun.set(runId, new Set([...(this.#columnsByRun.get(runId) ?? []), ...columns]));
    const turn = Promise.allSettled([this.#turn]).then(() => this.#write());
    this.#turn = turn;
    await turn;
  }

  async #write(): Promise<void> {
    const answers = Array.from(this.#columnsByRun, ([runId, columns]) => ({
      runId,
      columns: [...columns],
    }));
    try {
      await replaceFile(this.#path, `${JSON.stringify({ answers })}\n`);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `cannot write ${this.#path}: ${reason}; wanted a folder with space that this user can write`;
      throw new ClientError("unwritable", message, { cause });
    }
  }
}

async function readAnswers(path: string): Promise<Map<Hash, ReadonlySet<string>>> {
  try {
    const { answers } = answersSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return new Map(answers.map(({ runId, columns }) => [runId, new Set(columns)]));
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return new Map();
    const reason = cause instanceof z.ZodError ? cause.issues[0]?.message : String(cause);
    const message =
      `${path} cannot be used: ${reason}; restore it from a backup: without it, this site could answer twice for ` +
      "the same column";
    throw new ClientError("bad-journal", message, { cause });
  }
}
