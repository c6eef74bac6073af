import { ClientError } from "../error.ts";
import type { RunModel } from "../models/model-store.ts";
import type { Evaluation, LocalUpdate } from "../trainer.ts";
import { beforeDeadline } from "./deadline.ts";
import { type RoundFacts, runOf } from "./facts.ts";
import type { InstructionFor } from "./instruction.ts";
import type { ParentSource } from "./parent-source.ts";
import type { Site } from "./site.ts";

/** What training leaves for the masked exchange. */
export interface TrainedRound {
  /** What was trained from. Its strategy's state is known in encrypted runs alone. */
  readonly parent: RunModel;
  readonly update: LocalUpdate;
  readonly evaluation: Evaluation;
}

/**
 * Gets the round's model, evaluates it on the hold-out and trains from it, all within `remainingMs`. Rejects with what
 * any of these throws, and with a TimeoutError DOMException at the deadline.
 */
export function trainRound(
  facts: RoundFacts,
  order: InstructionFor<"train">,
  source: ParentSource,
  site: Site,
  signal: AbortSignal,
): Promise<TrainedRound> {
  const work = async (either: AbortSignal) => {
    const trainer = await site.trainers.forRun(runOf(facts), either);
    const parent = await source.fetch(order, either);
    try {
      const evaluation = await trainer.evaluate(parent.model, either);
      const update = await trainer.train(parent.model, batchSeed(facts, site), either);
      return { parent, update, evaluation };
    } catch (error) {
      if (error instanceof ClientError && error.code === "backend-failed") site.trainers.letGo();
      throw error;
    }
  };
  return beforeDeadline(order.remainingMs, site.sleep, work, signal);
}

/** Another order of the examples at every site and in every round, the same one when a round is repeated. */
function batchSeed({ offer, plan }: RoundFacts, { identity }: Site): string {
  return `chorus/batches/v1 ${plan.seed} ${offer.runId} ${offer.round} ${identity.participantId}`;
}
