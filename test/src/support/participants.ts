import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { systemRandom } from "@chorus/aggregation";
import { runParticipant } from "@chorus/client";
import type { RunningCoordinator } from "@chorus/coordinator";
import { pino } from "pino";
import { UnitTrainer } from "./unit-trainer.ts";

/** Participants in this process, until they are disposed. */
export interface RunningParticipants extends AsyncDisposable {
  /** Rejects when one of them gives up. */
  readonly done: Promise<unknown>;
}

/** Starts `count` participants with unit trainers; their identities live in `directory`. */
export function startUnitParticipants(
  coordinator: Pick<RunningCoordinator, "grpcPort" | "invitationFile">,
  directory: string,
  count: number,
): RunningParticipants {
  const leaving = new AbortController();
  const running = Array.from({ length: count }, (_, place) =>
    runParticipant(
      {
        coordinator: `127.0.0.1:${coordinator.grpcPort}`,
        name: `site-${place}`,
        dataPath: directory,
        stateDirectory: join(directory, `site-${place}`),
        invitationFile: coordinator.invitationFile,
        floors: { minSurvivors: 3 },
      },
      {
        log: pino({ level: process.env["CHORUS_TEST_LOG"] ?? "silent" }),
        sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
        random: systemRandom,
        createTrainer: async () => new UnitTrainer(place),
      },
      leaving.signal,
    ),
  );
  return {
    done: Promise.all(running),
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await Promise.allSettled(running);
    },
  };
}
