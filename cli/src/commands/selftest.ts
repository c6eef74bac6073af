import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import type { LiveRegion, Terminal } from "../terminal/terminal.ts";
import { type CommonOptions, withCommonOptions } from "./help.ts";

interface AttackOptions extends CommonOptions {
  readonly only?: string;
}

/** Adds `selftest attack`. */
export function addSelftestAttack(parent: Command, context: CommandContext): void {
  const command = parent
    .command("attack")
    .summary("attack this version as a lying coordinator or participant would")
    .description(
      "run scripted attacks of lying coordinators and participants against the code that runs here, each of which must be " +
        "refused and release nothing, and its control, the same attack with the check off or the same message without its " +
        "defect, which must go through; exit code 1 when one goes otherwise",
    )
    .option("--only <name>", "only the attacks that have this in their name, in whatever case")
    .action((options: AttackOptions) => attack(options, context));
  withCommonOptions(command, [
    "chorus selftest attack",
    'chorus selftest attack --only "both halves"',
    "chorus selftest attack --json | jq .holds",
  ]);
}

async function attack(
  { json, only }: AttackOptions,
  { terminal, signal }: CommandContext,
): Promise<void> {
  const { attacks } = await import("../selftest/attacks.ts");
  const suite = await import("../selftest/suite.ts");
  const { formatAttacks } = await import("../selftest/table.ts");
  const out = terminal(json);
  const chosen = only === undefined ? attacks : suite.attacksNamed(attacks, only);
  const report = await watched(out, (live) =>
    suite.runAttacks(
      chosen,
      ({ name }, index) => live.update(`attack ${index + 1} of ${chosen.length}: ${name}`),
      signal,
    ),
  );
  out.show(report, (shown) => formatAttacks(shown, out.width));
  suite.requireThatAttacksFail(report);
}

/** What `run` resolves with; meanwhile it may write on the terminal, which is clean afterwards. */
async function watched<T>(out: Terminal, run: (live: LiveRegion) => Promise<T>): Promise<T> {
  using live = out.live();
  const result = await run(live);
  live.update("");
  return result;
}
