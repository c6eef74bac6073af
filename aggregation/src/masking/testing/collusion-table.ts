/** For tests: who put together what they had of an encrypted round, and what they read in it. */
export interface PlayedCollusion {
  /** For people. */
  readonly who: string;
  /** Of how many of the others they read the update. */
  readonly updates: number;
  /** Survivors that are not among them. */
  readonly others: number;
  readonly hasSum: boolean;
  /** The coordinator is told the summed counts. */
  readonly hasCounts: boolean;
}

/** The threat model's table of what was played, as Markdown. */
export function collusionTable(played: readonly PlayedCollusion[]): string {
  const lines = played.map((row) => `| ${row.who} | ${updatesOf(row)} | ${sumOf(row)} |`);
  const head = ["| who colludes | single updates of the others | the sum, hence the model |"];
  return `${[...head, "| --- | --- | --- |", ...lines].join("\n")}\n`;
}

function updatesOf({ updates, others }: PlayedCollusion): string {
  if (updates === 0) return "none";
  if (updates < others) return `${updates} of ${others}`;
  return others === 1 ? "the last one's" : `**all ${others}**`;
}

function sumOf({ hasSum, hasCounts }: PlayedCollusion): string {
  if (hasSum) return "yes";
  return hasCounts ? "no, the summed counts only" : "no";
}
