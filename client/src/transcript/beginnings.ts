import type { Hash, RoundConfig } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { RoundOffer } from "../session/instruction.ts";
import { RecentRuns } from "./recent-runs.ts";
import type { VerifiedRound } from "./signed-round.ts";

/** Runs that are remembered, the newest ones: some hundred bytes each. */
const REMEMBERED_RUNS = 1_000;

/** The newest round of a run that this participant has signed. */
interface LastRound {
  readonly round: number;
  readonly parentModelHash: Hash;
  /** What the round made; "" while that was not verified. */
  readonly modelHash: Hash | "";
}

/**
 * Which model a round of a run can begin with, as far as this participant knows: every attempt at a round begins with the
 * same model, the round after it with the one that it made, and no run goes back. In memory only.
 */
export class Beginnings {
  readonly #last = new RecentRuns<LastRound>(REMEMBERED_RUNS);

  /** This participant signs the survivor set of an attempt at a round. */
  signed({ runId, round, parentModelHash }: RoundConfig): void {
    const last = this.#last.get(runId);
    const modelHash = last?.round === round ? last.modelHash : "";
    this.#last.set(runId, { round, parentModelHash, modelHash });
  }

  /** A round was verified. */
  verified(
    runId: Hash,
    { round, parentModelHash, modelHash }: Omit<VerifiedRound, "strategy">,
  ): void {
    this.#last.set(runId, { round, parentModelHash, modelHash });
  }

  /** Throws {@link ClientError} `wrong-model` for a round that cannot begin with the model that is offered. */
  require({ runId, round, modelHash }: RoundOffer): void {
    const last = this.#last.get(runId);
    if (last === undefined || round > last.round + 1) return;
    const got = `round ${round} begins with the model ${modelHash}`;
    if (round < last.round)
      throw new ClientError("wrong-model", `${got}, wanted no round before ${last.round} again`);
    const isNext = round === last.round + 1;
    const wanted = isNext ? last.modelHash : last.parentModelHash;
    if (wanted === "" || wanted === modelHash) return;
    const source = isNext ? `as round ${last.round} made it` : "as it began before";
    throw new ClientError("wrong-model", `${got}, wanted ${wanted} ${source}`);
  }

  /** Whether a run goes on after a round of which this participant does not know what it made, though it has signed it. */
  isUnexplained({ runId, round }: RoundOffer): boolean {
    const last = this.#last.get(runId);
    return last !== undefined && round > last.round && last.modelHash === "";
  }
}
