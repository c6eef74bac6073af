import { drawCommitmentRandomness } from "../../commitment/randomness.ts";
import type { Identity } from "../../identity.ts";
import type { RoundConfig } from "../config.ts";
import { type Guard, strictGuard } from "../guard.ts";
import type { ParticipantId, RevealedShares, SealedShare } from "../messages.ts";
import type { ConfirmingStage } from "../participant-confirming.ts";
import { randomnessOf } from "../update-vector.ts";
import { advertise, confirm, makeVector, type Step, share, stageOf, toolsFor } from "./round.ts";

/** Who got how far in a round. Each is part of the one before it. */
export interface Attendance {
  readonly advertisers: ReadonlySet<ParticipantId>;
  readonly sharers: ReadonlySet<ParticipantId>;
  /** Whose vector the coordinator counts; it has the other sharers' as well, where they were sent. */
  readonly survivors: ReadonlySet<ParticipantId>;
}

/** For tests: all that honest participants send in one round, for a coalition to be given its part of. */
export interface ObservedRound {
  /** By sender. */
  readonly sealed: ReadonlyMap<ParticipantId, readonly SealedShare[]>;
  /** By sharer, shape `[vectorLength(dimension)]`, with the commitment's randomness. */
  readonly bare: ReadonlyMap<ParticipantId, Uint32Array>;
  /** The same vectors as they are sent. */
  readonly masked: ReadonlyMap<ParticipantId, Uint32Array>;
  /** By survivor; empty when the survivors are too few for anybody to be asked. */
  readonly revealed: ReadonlyMap<ParticipantId, RevealedShares>;
}

/** Plays a round in which nobody lies. The advertisers and the sharers must be enough for the round to go on. */
export function observeRound(
  config: RoundConfig,
  identities: readonly Identity[],
  { advertisers, sharers, survivors }: Attendance,
  guard: Guard = strictGuard,
): ObservedRound {
  const present = identities.filter(({ participantId }) => advertisers.has(participantId));
  const shared = share(advertise(config, present, guard), sharers);
  const collection = shared.server.close();
  const masked = new Map<ParticipantId, Uint32Array>();
  const stages = new Map<ParticipantId, ConfirmingStage>();
  for (const [id, stage] of shared.stages) {
    const vector = makeVector(config, id);
    const sealed = collection.sealedSharesFor(id);
    const confirming = stage.openShares(collection.sharers, sealed).mask(vector, toolsFor(id));
    masked.set(id, vector);
    if (!survivors.has(id)) continue;
    collection.submit(confirming, vector);
    stages.set(id, confirming);
  }
  const isAbandoned = collection.shortage(survivors) !== undefined;
  return {
    sealed: new Map([...shared.stages].map(([id, { sealedShares }]) => [id, sealedShares])),
    bare: new Map([...sharers].map((id) => [id, bareVector(config, id)])),
    masked,
    revealed: isAbandoned ? new Map() : everyReveal({ server: collection, stages }),
  };
}

/** A participant's vector as it is masked: what `makeVector` and `toolsFor` make for its id. */
export function bareVector(config: RoundConfig, id: ParticipantId): Uint32Array {
  const vector = makeVector(config, id);
  randomnessOf(vector).set(drawCommitmentRandomness(toolsFor(id).random));
  return vector;
}

function everyReveal(
  collected: Parameters<typeof confirm>[0] & Step<unknown, ConfirmingStage>,
): Map<ParticipantId, RevealedShares> {
  const confirmed = confirm(collected);
  const unmasking = confirmed.server.close();
  return new Map(
    [...confirmed.stages.keys()].map((id) => [
      id,
      stageOf(confirmed, id).reveal(unmasking.acksFor(id)),
    ]),
  );
}
