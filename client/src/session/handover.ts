import { modelFromBytes, modelHash, vectorFromBytes } from "@chorus/aggregation";
import {
  checkHandover,
  type Handover,
  type HandoverBinding,
  type ModelRequest,
  type ModelRequestKeys,
  sealedModelBytes,
  sealModel,
} from "@chorus/aggregation/he";
import { ClientError } from "../error.ts";
import type { RunModel } from "../models/model-store.ts";
import { downloadFile } from "../resumed-download.ts";
import type { RoundFacts } from "./facts.ts";
import type { RoundOffer } from "./instruction.ts";
import { type EncryptedPlan, requireState, stateLengthOf } from "./run-model.ts";
import type { Site } from "./site.ts";

/** What a site hands a model over with. */
export type Giving = Pick<Site, "identity" | "random" | "uplink" | "log">;

/** Which model is asked for and handed over in a round. */
export async function handoverBinding(
  { runId, round, roundId, modelHash, stateHash }: RoundOffer,
  { uplink }: Pick<Site, "uplink">,
  signal: AbortSignal,
): Promise<HandoverBinding> {
  const federationId = await uplink.federationId(signal);
  return { federationId, runId, round, roundId, modelHash, stateHash };
}

/**
 * Seals a round's model for those who lack it, and resolves when the coordinator has it. Rejects with HandoverError for a
 * request that is not its participant's own, with what the coordinator refuses it with, and with the signal's reason.
 */
export async function handOver(
  offer: RoundOffer,
  held: RunModel,
  requests: readonly ModelRequest[],
  site: Giving,
  signal: AbortSignal,
): Promise<void> {
  const binding = await handoverBinding(offer, site, signal);
  const { sealed, handovers } = sealModel(binding, site.identity, requests, held, site.random);
  const { roundId } = offer;
  await site.uplink.send({ kind: "hand-over-model", roundId, handovers, sealed }, signal);
  const { runId, round } = offer;
  const fields = { runId, round, roundId, to: handovers.map(({ to }) => to) };
  site.log.info(fields, "handed the model over");
}

/**
 * Fetches and opens what was handed over, and keeps it. Rejects with HandoverError for what was not sealed for this request or
 * is not from the one who signed it; with ModelError and {@link ClientError} `wrong-model` for another model or another state
 * than the round's; as `downloadFile` does; with {@link ClientError} `unwritable`.
 */
export async function takeOver(
  facts: RoundFacts & { readonly plan: EncryptedPlan },
  keys: ModelRequestKeys,
  handover: Handover,
  site: Site,
  signal: AbortSignal,
): Promise<RunModel> {
  const { offer, plan } = facts;
  const binding = await handoverBinding(offer, site, signal);
  checkHandover(binding, keys.request, handover);
  const sealed = await downloadSealed(facts, handover, site, signal);
  const opened = readHandedOver(facts, keys.open(handover, sealed));
  const { runId, round, roundId, modelHash } = offer;
  await site.models.keep({ runId, round: round - 1, modelHash, plan }, opened);
  await site.models.committed(runId, modelHash);
  const fields = { runId, round, roundId, from: handover.participantId };
  site.log.info(fields, "was handed the model");
  return opened;
}

function downloadSealed(
  facts: RoundFacts,
  { totalBytes }: Handover,
  { uplink }: Site,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const most = sealedModelBytes(facts.layout.parameters + stateLengthOf(facts));
  const { roundId } = facts.offer;
  const file = {
    what: "sealed model",
    allows: (told: number) => told === totalBytes && told <= most,
    wanted: `${totalBytes} as the handover has it, and at most ${most} as the plan has it`,
    from: (connection, offset, either) => connection.downloadHandover(roundId, offset, either),
  } as const satisfies Parameters<typeof downloadFile>[0];
  return downloadFile(file, uplink, signal);
}

function readHandedOver(
  facts: RoundFacts,
  opened: { readonly model: Uint8Array; readonly state: Uint8Array | undefined },
): RunModel {
  const { layout, offer } = facts;
  const model = modelFromBytes(layout, opened.model);
  const hash = modelHash(layout, model);
  if (hash !== offer.modelHash) {
    const got = `the hash of the model that was handed over is ${hash}`;
    throw new ClientError("wrong-model", `${got}, wanted ${offer.modelHash}`);
  }
  const length = stateLengthOf(facts);
  const bytes = opened.state ?? new Uint8Array();
  const vector = vectorFromBytes(bytes, length, "state that was handed over");
  const state = length === 0 ? undefined : vector;
  requireState(offer, state, "the state that was handed over");
  return { model, state };
}
