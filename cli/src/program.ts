import { Command } from "commander";
import { addCoordinatorServe } from "./commands/coordinator-serve.ts";
import { addDemo } from "./commands/demo.ts";
import { addDoctor } from "./commands/doctor.ts";
import { exitCodesHelp } from "./commands/help.ts";
import { addParticipantRun } from "./commands/participant-run.ts";
import { addRunList } from "./commands/run-list.ts";
import { addRunCommands } from "./commands/run-one.ts";
import { addRunStart } from "./commands/run-start.ts";
import { addVerify } from "./commands/verify.ts";
import type { CommandContext } from "./context.ts";

/** The command `chorus` with all its subcommands. Parsing throws CommanderError instead of ending the process. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command("chorus")
    .description("Federated training on data that never leaves its site, every round on a chain.")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showHelpAfterError(false)
    .addHelpText("after", `\nBegin with:\n  $ chorus demo\n${exitCodesHelp}`);
  addDemo(program, context);
  addCoordinatorServe(
    program.command("coordinator").description("run a federation's coordinator"),
    context,
  );
  addParticipantRun(
    program.command("participant").description("take part in a federation"),
    context,
  );
  const run = program.command("run").description("start, watch and stop runs");
  addRunStart(run, context);
  addRunList(run, context);
  addRunCommands(run, context);
  addVerify(program, context);
  addDoctor(program, context);
  return program;
}
