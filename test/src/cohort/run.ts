import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatBytes } from "@chorus/cli";
import { type Cohort, type CohortCosts, cohortRound } from "./cohort-round.ts";

const usage = `Runs one round of many participants over gRPC, with a tiny model, and says what it took.

Usage: node test/src/cohort/run.ts [--participants 201] [--lost 10] [--processes 2]

  --participants  size of the cohort; from 201 on the masking graph is not complete
  --lost          how many leave instead of uploading; a tenth is what a graph is made for
  --processes     how many processes the participants share, besides the coordinator's own

Exit codes: 0 the model is the exact mean of those who were not lost, 1 it is not, 2 wrong usage.
`;

/** What to run. Ends the process for --help and for options that make no sense. */
function options(): Cohort {
  try {
    const { values } = parseArgs({
      options: {
        participants: { type: "string", default: "201" },
        lost: { type: "string", default: "10" },
        processes: { type: "string", default: "2" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const participants = integer("participants", values.participants, 3, 10_000);
    return {
      participants,
      lost: integer("lost", values.lost, 0, participants),
      processes: integer("processes", values.processes, 1, participants),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`--${name}: got ${text}, wanted a whole number from ${least} to ${most}`);
}

function report({ participants, lost }: Cohort, costs: CohortCosts): string {
  const { coordinator } = costs;
  const cpu = costs.participants.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  const phases = costs.phases.map(({ phase, seconds }) => `${phase} ${seconds.toFixed(1)}`);
  return [
    `${participants} participants, ${lost} lost, ${costs.degree} neighbours, threshold ${costs.threshold}`,
    `round: ${costs.seconds.toFixed(1)} s (${phases.join(", ")})`,
    `a participant: sends ${formatBytes(costs.sentBytes)}, receives ${formatBytes(costs.receivedBytes)}, ` +
      `${(cpu / participants).toFixed(3)} CPU s`,
    `coordinator: ${coordinator.cpuSeconds.toFixed(1)} CPU s, memory ${formatBytes(coordinator.firstBytes)} ` +
      `before and at most ${formatBytes(coordinator.peakBytes)} in the round, longest stall ${coordinator.longestStallSeconds.toFixed(2)} s`,
  ].join("\n");
}

const cohort = options();
const folder = await mkdtemp(join(tmpdir(), "chorus-cohort-"));
try {
  process.stdout.write(`${report(cohort, await cohortRound(folder, cohort))}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
