import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { layoutOf, type Plan, parsePlan, systemRandom } from "@chorus/aggregation";
import { Operator, readDigits, writeIdxPair } from "@chorus/cli";
import { runParticipant } from "@chorus/client";
import { startCoordinator } from "@chorus/coordinator";
import { pino } from "pino";

const participants = 4;
const examplesEach = 2_000;

/** What the demo's rounds cost, mean over the rounds. */
export interface RoundCosts {
  readonly participants: number;
  readonly parameters: number;
  readonly rounds: number;
  readonly secondsPerRound: number;
  /** Of these: training, all participants taking turns in one process. */
  readonly trainingSeconds: number;
  /** Of these: the masked exchange, from the first key to the opened sum. */
  readonly exchangeSeconds: number;
  /** Wire bytes a participant sends and receives in a round, the model included. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/**
 * Runs the demo's plan for a few rounds, real data and training, real gRPC, store and chain, everything in this process;
 * so training times are those of four participants on one core.
 */
export async function benchRounds(rounds: number, signal: AbortSignal): Promise<RoundCosts> {
  await using folder = await temporaryFolder();
  const plan = await demoPlan(rounds);
  await using coordinator = await startCoordinator(
    {
      directory: join(folder.path, "coordinator"),
      federationName: "bench",
      grpcAddress: "127.0.0.1:0",
      httpAddress: "127.0.0.1:0",
      chain: { kind: "embedded" },
    },
    { log: pino({ level: "silent" }) },
    signal,
  );
  const leaving = new AbortController();
  const running = await startParticipants(coordinator, folder.path, leaving.signal);
  try {
    return await measure(plan, folder.path, signal);
  } finally {
    leaving.abort();
    await Promise.allSettled(running);
  }
}

async function demoPlan(rounds: number): Promise<Plan> {
  const file = fileURLToPath(import.meta.resolve("@chorus/cli/plans/mnist.json"));
  return { ...parsePlan(await readFile(file, "utf8")), rounds };
}

async function startParticipants(
  coordinator: { readonly grpcPort: number; readonly invitationFile: string },
  folder: string,
  signal: AbortSignal,
): Promise<readonly Promise<void>[]> {
  const { train } = await readDigits();
  const running: Promise<void>[] = [];
  for (let place = 0; place < participants; place++) {
    const home = join(folder, `site-${place}`);
    await mkdir(home);
    const first = place * examplesEach;
    await writeIdxPair(
      home,
      train,
      Uint32Array.from({ length: examplesEach }, (_, i) => first + i),
    );
    running.push(
      runParticipant(
        {
          coordinator: `127.0.0.1:${coordinator.grpcPort}`,
          name: `site-${place}`,
          dataPath: home,
          stateDirectory: join(home, "state"),
          invitationFile: coordinator.invitationFile,
          floors: { minSurvivors: 3 },
        },
        {
          log: pino({ level: "silent" }),
          sleep: (ms, aborted) => setTimeout(ms, undefined, { signal: aborted }),
          random: systemRandom,
        },
        signal,
      ),
    );
  }
  return running;
}

async function measure(plan: Plan, folder: string, signal: AbortSignal): Promise<RoundCosts> {
  const dataDirectory = join(folder, "coordinator");
  using operator = await Operator.open({
    dataDirectory,
    coordinator: undefined,
    tokenFile: undefined,
  });
  const { runId } = await operator.startRun(JSON.stringify(plan), signal);
  for await (const _ of operator.watchRun(runId, signal));
  const { rounds } = await operator.getRun(runId, signal);
  const mean = (of: (round: (typeof rounds)[number]) => number) =>
    rounds.reduce((sum, round) => sum + of(round), 0) / rounds.length;
  const seconds = (names: readonly string[]) =>
    mean(({ phases }) =>
      phases.reduce((sum, { phase, seconds }) => sum + (names.includes(phase) ? seconds : 0), 0),
    );
  return {
    participants,
    parameters: layoutOf(plan.model).parameters,
    rounds: rounds.length,
    secondsPerRound: mean(({ startedAtMs, endedAtMs }) => (endedAtMs - startedAtMs) / 1000),
    trainingSeconds: seconds(["training"]),
    exchangeSeconds: seconds(exchangePhases),
    sentBytes: mean(({ receivedBytes }) => receivedBytes / participants),
    receivedBytes: mean(({ sentBytes }) => sentBytes / participants),
  };
}

const exchangePhases = [
  "advertising-keys",
  "sharing-keys",
  "collecting",
  "confirming-survivors",
  "unmasking",
];

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "chorus-bench-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
