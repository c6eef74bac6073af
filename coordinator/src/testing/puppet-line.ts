import type { CommittedUpload, Hash, ModelReport, ParticipantId } from "@chorus/aggregation";
import { sha256Hex } from "@chorus/aggregation";
import type { ModelRequest, SealedModel } from "@chorus/aggregation/he";
import type { ActiveRound } from "../round/active-round.ts";
import { RoundError } from "../round/error.ts";
import { isGathering, type PhaseOf } from "../round/round.ts";

/** How a puppet of an encrypted round says what other rounds do not know. Each rejects with what it is refused with. */
export interface PuppetLine {
  accept(round: ActiveRound, planHash: Hash, request: ModelRequest | undefined): Promise<void>;
  handOver(round: ActiveRound, model: SealedModel): Promise<void>;
  /** The sealed model that was handed over. */
  downloadHandover(round: ActiveRound): Promise<Uint8Array>;
  upload(round: ActiveRound, committed: CommittedUpload, ciphertexts: Uint8Array): Promise<void>;
  /** The bytes of the transcript that is being opened. */
  transcript(round: ActiveRound): Promise<Uint8Array>;
  report(round: ActiveRound, report: ModelReport): Promise<void>;
}

/** Says it to the round itself. */
export class DirectLine implements PuppetLine {
  readonly #id: ParticipantId;

  constructor(id: ParticipantId) {
    this.#id = id;
  }

  async accept(
    round: ActiveRound,
    planHash: Hash,
    request: ModelRequest | undefined,
  ): Promise<void> {
    const digest = request === undefined ? planHash : sha256Hex(request.signature);
    round.deliver(this.#id, "selecting", digest, (p) => p.accept(this.#id, planHash, request));
  }

  async handOver(round: ActiveRound, model: SealedModel): Promise<void> {
    using memory = new DisposableStack();
    round.handOver(this.#id, sha256Hex(model.sealed), model, memory);
  }

  async downloadHandover(round: ActiveRound): Promise<Uint8Array> {
    const sealed = phaseOf(round, "training").handover.sealedFor(this.#id);
    if (sealed === undefined) throw new RoundError("no-handover", "nothing was handed over");
    return sealed;
  }

  async upload(
    round: ActiveRound,
    committed: CommittedUpload,
    ciphertexts: Uint8Array,
  ): Promise<void> {
    const { config } = phaseOf(round, "collecting");
    if (!("he" in config)) throw new Error("the round is not encrypted");
    const digest = sha256Hex(committed.upload.signature);
    const wanted = round.wanted(this.#id);
    await round.deliverEncrypted(config, digest, committed, ciphertexts.slice(), wanted);
  }

  async transcript(round: ActiveRound): Promise<Uint8Array> {
    return phaseOf(round, "opening").transcriptBytes;
  }

  async report(round: ActiveRound, report: ModelReport): Promise<void> {
    const digest = sha256Hex(report.signature);
    round.deliver(this.#id, "opening", digest, (p) => p.report(report), report.signature);
  }
}

function phaseOf<P extends "training" | "collecting" | "opening">(
  { round }: ActiveRound,
  phase: P,
): PhaseOf<P> {
  if (!isGathering(round) || round.phase !== phase)
    throw new RoundError("wrong-phase", `the round is not ${phase}`);
  return round as PhaseOf<P>;
}
