import type { ModelRequest } from "@chorus/aggregation/he";
import { ClientError } from "../error.ts";
import type { ModelStore, RunModel } from "../models/model-store.ts";
import { readOffer } from "./facts.ts";
import { type Giving, handOver } from "./handover.ts";
import type { InstructionFor, RoundOffer } from "./instruction.ts";
import { heldModel } from "./run-model.ts";

/** Hands one round's model over, once, however often this participant is asked to. */
export class ModelGiver {
  readonly #site: Giving;
  /** When the model is handed over; undefined while nobody has asked, or it has failed. */
  #given: Promise<void> | undefined;

  constructor(site: Giving) {
    this.#site = site;
  }

  /** Hands over what this participant trains from. Rejects as `handOver` does, and can be asked again then. */
  async give(
    offer: RoundOffer,
    held: RunModel,
    requests: readonly ModelRequest[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#once(() => handOver(offer, held, requests, this.#site, signal));
  }

  /**
   * The same for one that trains or has trained already, as the one who was asked first has left. Rejects as {@link give}, and with
   * {@link ClientError} `no-model` when the model is not on disk any more.
   */
  async giveKept(
    order: InstructionFor<"train">,
    models: ModelStore,
    signal: AbortSignal,
  ): Promise<void> {
    const { offer, modelRequests } = order;
    await this.#once(async () => {
      const held = await heldModel(readOffer(offer), models);
      if (held === undefined) throw lackOf(offer);
      await handOver(offer, held, modelRequests, this.#site, signal);
    });
  }

  async #once(work: () => Promise<void>): Promise<void> {
    const given = this.#given ?? work();
    this.#given = given;
    try {
      await given;
    } catch (error) {
      if (this.#given === given) this.#given = undefined;
      throw error;
    }
  }
}

/** What a participant leaves a round with that it cannot train in. */
export function lackOf({ round, modelHash }: RoundOffer): ClientError {
  const message = `was asked to train in round ${round} without having the model ${modelHash}; wanted it handed over`;
  return new ClientError("no-model", message);
}
