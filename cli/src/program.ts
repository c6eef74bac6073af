import { Command } from "commander";
import { addBench } from "./commands/bench.ts";
import { addCoordinatorServe } from "./commands/coordinator-serve.ts";
import { addDataCheck } from "./commands/data-check.ts";
import { addDemo } from "./commands/demo.ts";
import { addDoctor } from "./commands/doctor.ts";
import { exitCodesHelp, withGroupHelp } from "./commands/help.ts";
import { addParticipantModel } from "./commands/participant-model.ts";
import { addParticipantRun } from "./commands/participant-run.ts";
import { addPrepare } from "./commands/prepare.ts";
import { addRunList } from "./commands/run-list.ts";
import { addRunCommands } from "./commands/run-one.ts";
import { addRunStart } from "./commands/run-start.ts";
import { addSelftestAttack } from "./commands/selftest.ts";
import { addVerify } from "./commands/verify.ts";
import type { CommandContext } from "./context.ts";
import { softwareVersion } from "./software-version.ts";

const beginning = `
Begin with a whole federation on this machine, in under two minutes:
  $ chorus demo

In the repository \`npm run chorus --\` stands for \`chorus\`.
${exitCodesHelp}`;

/** The command `chorus` with all its subcommands. Parsing throws CommanderError instead of ending the process. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command("chorus")
    .description("Federated training on data that never leaves its site, every round on a chain.")
    .version(softwareVersion(), "--version", "print the version")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showHelpAfterError(false)
    .addHelpText("after", beginning);
  addDemo(program, context);
  const coordinator = program.command("coordinator").description("run a federation's coordinator");
  withGroupHelp(coordinator, ["chorus coordinator serve --data-dir chorus-data"]);
  addCoordinatorServe(coordinator, context);
  const participant = program.command("participant").description("take part in a federation");
  withGroupHelp(participant, [
    "chorus participant run --name cleveland --data cleveland.csv --invitation-file chorus-data/invitation",
    "chorus participant model --output model.f32",
  ]);
  addParticipantRun(participant, context);
  addParticipantModel(participant, context);
  const run = program.command("run").description("start, watch and stop runs");
  withGroupHelp(run, [
    "chorus run start plan.json --watch",
    "chorus run ls",
    "chorus run why 3f2a91",
  ]);
  addRunStart(run, context);
  addRunList(run, context);
  addRunCommands(run, context);
  addPrepare(program, context);
  const data = program.command("data").description("look at a site's data, at the site");
  withGroupHelp(data, [
    "chorus data check --plan cli/plans/heart-disease.json --data cleveland.csv",
  ]);
  addDataCheck(data, context);
  addVerify(program, context);
  addDoctor(program, context);
  addBench(program, context);
  const selftest = program.command("selftest").description("test what this version withstands");
  withGroupHelp(selftest, ["chorus selftest attack"]);
  addSelftestAttack(selftest, context);
  return program;
}
