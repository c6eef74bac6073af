import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../../cli/src/main.ts", import.meta.url));

/** What `chorus verify --json` tells of a round, as far as tests look at it. */
interface VerifiedRound {
  readonly model: string;
  readonly sum: string;
  readonly chain: string;
  readonly reports?: number;
}

/** What `chorus verify --json` came to. */
export interface VerifiedByCommand {
  readonly code: number | null;
  readonly source: string;
  readonly rounds: readonly VerifiedRound[];
  readonly differences: readonly unknown[];
}

/** Verifies a run as a person does, from the coordinator that runs in a data directory or else from its files. */
export async function verifyByCommand(
  runId: string,
  directory: string,
): Promise<VerifiedByCommand> {
  const args = [main, "verify", runId, "--data-dir", directory, "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  if (stdout === "") throw new Error(`verify told nothing: ${stderr}`);
  return { code, ...JSON.parse(stdout) };
}
