import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { systemRandom } from "@chorus/aggregation";
import { runParticipant, type Sleep, type Trainer } from "@chorus/client";
import type { CoordinatorAddress } from "./coordinator.ts";
import { TestLog } from "./log.ts";
import { UnitTrainer } from "./unit-trainer.ts";

/** Participants in this process, until they are disposed. One that gives up makes its test fail. */
export interface RunningParticipants extends AsyncDisposable {
  /** What all of them log, in one log. */
  readonly log: TestLog;
}

/** A participant to start. */
export interface ParticipantSpec {
  readonly name: string;
  readonly trainer: Trainer;
}

const longestBackoffMs = 30_000;

/** Cuts a participant's waits between attempts to connect to a tenth of a second; deadlines, which are longer, it keeps. */
const impatientSleep: Sleep = async (ms, signal) => {
  await setTimeout(ms <= longestBackoffMs ? Math.min(ms, 100) : ms, undefined, { signal });
};

/** Specifications of participants with unit trainers at the places 0 to `count` - 1. */
export function unitParticipants(count: number): readonly ParticipantSpec[] {
  return Array.from({ length: count }, (_, place) => ({
    name: `site-${place}`,
    trainer: new UnitTrainer(place),
  }));
}

/** Runs a participant until it is aborted; its identity lives in `directory`. Rejects when it gives up. */
export async function participate(
  { grpcPort, invitationFile }: Pick<CoordinatorAddress, "grpcPort" | "invitationFile">,
  directory: string,
  { name, trainer }: ParticipantSpec,
  log: TestLog,
  signal: AbortSignal,
): Promise<void> {
  await runParticipant(
    {
      coordinator: `127.0.0.1:${grpcPort}`,
      name,
      dataPath: directory,
      stateDirectory: join(directory, name),
      invitationFile,
      floors: { minSurvivors: 3 },
    },
    {
      log: log.logger.child({ participant: name }),
      sleep: impatientSleep,
      random: systemRandom,
      createTrainer: async () => trainer,
    },
    signal,
  );
}

/** Starts participants; their identities live in `directory`. */
export function startParticipants(
  address: Pick<CoordinatorAddress, "grpcPort" | "invitationFile">,
  directory: string,
  specs: readonly ParticipantSpec[],
): RunningParticipants {
  const leaving = new AbortController();
  const log = new TestLog();
  const running = specs.map((spec) => participate(address, directory, spec, log, leaving.signal));
  return {
    log,
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await Promise.all(running);
    },
  };
}
