import { ClientError } from "../error.ts";
import type { Evaluation, LocalUpdate } from "../trainer.ts";
import { beforeDeadline } from "./deadline.ts";
import { downloadModel } from "./download.ts";
import { type RoundFacts, runOf } from "./facts.ts";
import type { Site } from "./site.ts";

/** What training leaves for the masked exchange. */
export interface TrainedRound {
  /** The round's model, which was trained from. Shape `[parameters]`. */
  readonly parent: Float32Array;
  readonly update: LocalUpdate;
  readonly evaluation: Evaluation;
}

/**
 * Fetches the round's model, evaluates it on the hold-out and trains from it, all within `remainingMs`. Rejects with what
 * any of these throws, and with a TimeoutError DOMException at the deadline.
 */
export function trainRound(
  facts: RoundFacts,
  remainingMs: number,
  site: Site,
  signal: AbortSignal,
): Promise<TrainedRound> {
  const { offer, layout } = facts;
  const work = async (either: AbortSignal) => {
    const trainer = await site.trainers.forRun(runOf(facts), either);
    const parent = await downloadModel(offer.modelHash, layout, site.uplink, either);
    try {
      const evaluation = await trainer.evaluate(parent, either);
      const update = await trainer.train(parent, batchSeed(facts, site), either);
      return { parent, update, evaluation };
    } catch (error) {
      if (error instanceof ClientError && error.code === "backend-failed") site.trainers.letGo();
      throw error;
    }
  };
  return beforeDeadline(remainingMs, site.sleep, work, signal);
}

/** Another order of the examples at every site and in every round, the same one when a round is repeated. */
function batchSeed({ offer, plan }: RoundFacts, { identity }: Site): string {
  return `chorus/batches/v1 ${plan.seed} ${offer.runId} ${offer.round} ${identity.participantId}`;
}
