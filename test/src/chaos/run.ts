import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { coordinatorChaos, type Kill } from "./coordinator-chaos.ts";
import { randomKillPoints } from "./kill-points.ts";

const usage = `Kills a coordinator many times in one run, restarts it and checks that no round is lost or committed twice.

Usage: npm run chaos -- [--kills 100] [--seed text]

Exit codes: 0 everything holds, 1 something does not (what is on disk is kept), 2 wrong usage.
`;

/** How often to kill, and what decides when. Ends the process for `--help` and for options that make no sense. */
function options(): { readonly count: number; readonly seed: string } {
  try {
    const { values } = parseArgs({
      options: {
        kills: { type: "string", default: "100" },
        seed: { type: "string", default: String(Date.now()) },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const count = Number(values.kills);
    if (!Number.isInteger(count) || count < 1)
      throw new RangeError(`--kills: got ${values.kills}, wanted a whole number from 1 on`);
    return { count, seed: values.seed };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}

const { count, seed } = options();

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function tell({ point, round, uncommitted, restartMs }: Kill, index: number): void {
  const where = point.phase === "completed" ? "completed" : `${point.phase} ${point.delivered}/4`;
  const chain = uncommitted === 0 ? "" : `, ${uncommitted} not on the chain`;
  print(
    `kill ${index} of ${count}: round ${round}, ${where}${chain}; serving again after ${Math.round(restartMs)} ms`,
  );
}

const folder = await mkdtemp(join(tmpdir(), "chorus-chaos-"));
print(`${count} kills, seed ${seed}, in ${folder}`);
const fromMs = performance.now();
let told = 0;
const result = await coordinatorChaos(folder, randomKillPoints(seed, count), (kill) => {
  told += 1;
  tell(kill, told);
});
const { kills, rounds, ended, violations } = result;
const isSound = violations.length === 0 && ended === "exit code 0";
const restarts = kills.map(({ restartMs }) => restartMs).toSorted((a, b) => a - b);
const betweenStoreAndChain = kills.filter(({ uncommitted }) => uncommitted > 0).length;
print(
  [
    `${kills.length} kills in ${rounds} rounds, ${Math.round((performance.now() - fromMs) / 1000)} s`,
    `${betweenStoreAndChain} between store and chain`,
    `restart: median ${Math.round(restarts[restarts.length >> 1] ?? 0)} ms, longest ${Math.round(restarts.at(-1) ?? 0)} ms`,
    `the coordinator ended with ${ended}`,
    `${violations.length} violations`,
    ...violations,
  ].join("\n"),
);
if (isSound) await rm(folder, { recursive: true, force: true });
process.exitCode = isSound ? 0 : 1;
