import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { OpenHistory, Verification } from "../verify/history.ts";
import { formatVerification } from "../verify/table.ts";
import type { VerifiedHistory } from "../verify/verify-run.ts";
import {
  coordinatorChoice,
  type OperatorOptions,
  withCommonOptions,
  withCoordinatorOptions,
} from "./help.ts";

interface VerifyOptions extends OperatorOptions {
  readonly chainUrl?: string;
  readonly contract?: string;
  readonly committer?: string;
}

/** Adds `verify`. */
export function addVerify(parent: Command, context: CommandContext): void {
  const command = parent
    .command("verify <run>")
    .summary("recompute a run from its plan, and compare its files and its chain")
    .description(
      "recompute a run from its plan, and compare its files and its chain; <run>: its id or the beginning of it. " +
        "The initial model comes from the plan's seed. Every round's transcript must prove the round's sum: the signatures of " +
        "its participants, enough survivors, commitments that open to the sum. From the model before and this sum each round's " +
        "model is made again, bit for bit; with the updates root and the counts it must be what is kept and on the chain. " +
        "Of an encrypted run only participants saw sums and models: there the transcript must prove that enough survivors " +
        "signed the model's hash, the counts and the uploads. " +
        "Reads the data directory itself when no coordinator has it, else asks the coordinator. " +
        "While the run goes on, its last rounds may not be on the chain yet: then the exit code is 5",
    )
    .option("--chain-url <url>", "JSON-RPC of the chain; default: the data directory's")
    .option("--contract <address>", "the ledger's contract; default: the data directory's")
    .option("--committer <address>", "the account that committed; default: the data directory's")
    .action((prefix: string, options: VerifyOptions) => verify(prefix, options, context));
  withCoordinatorOptions(command);
  withCommonOptions(command, [
    "chorus verify 3f2a91",
    "chorus verify 3f2a91 --data-dir runs/2026-01-01T12-00-00/coordinator --json",
  ]);
}

async function verify(
  prefix: string,
  options: VerifyOptions,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const { openHistory } = await import("../verify/open-history.ts");
  const { requireThatHolds, verifyRun } = await import("../verify/verify-run.ts");
  const out = terminal(options.json);
  const { chainUrl, contract, committer } = options;
  const chosen = { chainUrl, contract, committer };
  await using history = await openHistory(coordinatorChoice(options), chosen, signal);
  const runId = await history.findRun(prefix, signal);
  const verification = await withProgress(out, history, (watched) =>
    verifyRun(runId, watched, signal),
  );
  out.show(verification, formatVerification);
  requireThatHolds(verification);
}

/** Shows how far a verification is, where a person watches. */
async function withProgress(
  out: Terminal,
  { source, ledger }: OpenHistory,
  verify: (history: VerifiedHistory) => Promise<Verification>,
): Promise<Verification> {
  using region = out.live();
  const onRound = (recomputed: number, rounds: number): void =>
    region.update(`recomputed ${recomputed} of ${rounds} rounds`);
  return await verify({ source, ledger, onRound });
}
