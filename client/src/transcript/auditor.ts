import type { Hash, SumVerifier } from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "../error.ts";
import { describeFailure, failureOf } from "../rpc/failure.ts";
import { isKnown, type KnownError } from "../session/departure.ts";
import type { Instruction, RoundOffer } from "../session/instruction.ts";
import type { Uplink } from "../uplink.ts";
import type { Evidence } from "./evidence.ts";
import {
  type SignedRound,
  stateBefore,
  type VerifiedRound,
  verifySignedRound,
} from "./signed-round.ts";
import { downloadTranscript } from "./transcript-download.ts";

/** What the auditor works with. */
export interface AuditorDependencies {
  readonly uplink: Uplink;
  readonly verifier: SumVerifier;
  readonly evidence: Evidence;
  readonly log: Logger;
}

/** How a round ended. */
export type RoundEnd = Extract<Instruction, { kind: "round-ended" }>;

/** A round that is to be verified. */
interface PendingCheck extends SignedRound {
  /** The model that the coordinator says it made; "" while it has not said that the round was completed. */
  readonly toldModelHash: Hash | "";
}

/** Runs of which a model or a strategy's state is kept, the newest ones. */
const KEPT_RUNS = 4;

const WRONG_SUM =
  "what the coordinator published of a round does not hold: this participant takes part in the run no more";

/**
 * Sees to it that this participant takes part in no later round of a run before it has verified what was published of the
 * last one that it signed: the sum, and the model that came of it where it knows what the round started from. Attempts
 * that the coordinator says were abandoned have no sum to verify; that it says so truly, nothing shows here.
 *
 * What is to be verified is in memory only: a participant that was restarted between signing and the end of a round never
 * verifies that round. What did not hold is on disk.
 */
export class Auditor {
  readonly #deps: AuditorDependencies;
  /** By run. */
  readonly #pending = new Map<Hash, PendingCheck>();
  /** The last round of each run that was verified. */
  readonly #verified = new Map<Hash, VerifiedRound>();

  constructor(deps: AuditorDependencies) {
    this.#deps = deps;
  }

  /** This participant signs the survivor set of a round: to be called before the signature can leave. */
  signed(round: SignedRound): void {
    this.#pending.set(round.config.runId, { ...round, toldModelHash: "" });
    for (const [runId, older] of [...this.#pending].slice(0, -KEPT_RUNS))
      this.#pending.set(runId, { ...older, parent: undefined });
  }

  /** The coordinator says how a round ended; its first word on that counts. */
  ended({ roundId, abandoned, modelHash }: RoundEnd): void {
    const check = this.#checkOf(roundId);
    if (check === undefined || check.toldModelHash !== "") return;
    if (abandoned === "")
      this.#pending.set(check.config.runId, { ...check, toldModelHash: modelHash });
    else this.#pending.delete(check.config.runId);
  }

  /** Verifies a round that has ended, if that is to be done, and tells the log. Neither throws nor rejects. */
  async settle(roundId: Hash, signal: AbortSignal): Promise<void> {
    const check = this.#checkOf(roundId);
    if (check === undefined) return;
    try {
      await this.#verify(check, check.toldModelHash, signal);
    } catch (error) {
      if (signal.aborted) return;
      const { log } = this.#deps;
      const detail = describeFailure(error);
      if (isKnown(error)) log.warn({ roundId, detail }, "the round could not be verified yet");
      else log.error({ roundId, err: error }, "the round was not verified because of a bug");
    }
  }

  /**
   * Resolves when this participant may take part in a round: all that it has signed in this run was verified. Rejects
   * with {@link ClientError}: `no-transcript` while the coordinator does not hand out what is to be verified, `wrong-sum`
   * for a run of which something did not hold, `wrong-model` when the round does not begin with the model that the one
   * before it made; with the signal's reason.
   */
  async admit(offer: RoundOffer, signal: AbortSignal): Promise<void> {
    const { runId, round, modelHash } = offer;
    const check = this.#pending.get(runId);
    if (check !== undefined) await this.#resolve(check, offer, signal);
    this.#deps.evidence.requireNone(runId);
    const last = this.#verified.get(runId);
    if (last?.round !== round - 1 || last.modelHash === "" || last.modelHash === modelHash) return;
    const got = `round ${round} begins with the model ${modelHash}`;
    const wanted = `${last.modelHash} as round ${last.round} made it`;
    throw new ClientError("wrong-model", `${got}, wanted ${wanted}`);
  }

  #checkOf(roundId: Hash): PendingCheck | undefined {
    return [...this.#pending.values()].find(({ config }) => config.roundId === roundId);
  }

  /** Verifies the round that was signed last, unless the next one is another attempt at the same. */
  async #resolve(check: PendingCheck, next: RoundOffer, signal: AbortSignal): Promise<void> {
    const { round } = check.config;
    if (check.toldModelHash !== "") return this.#verify(check, check.toldModelHash, signal);
    if (next.round === round) {
      this.#pending.delete(next.runId);
      return;
    }
    return this.#verify(check, next.round === round + 1 ? next.modelHash : "", signal);
  }

  /** Rejects with {@link ClientError} `no-transcript`; what does not hold is kept as evidence instead. */
  async #verify(check: PendingCheck, modelHash: Hash | "", signal: AbortSignal): Promise<void> {
    const transcript = await this.#fetch(check, signal);
    if (transcript !== undefined) await this.#examine(check, modelHash, transcript);
    this.#pending.delete(check.config.runId);
  }

  /** The transcript as it was published; undefined when the coordinator says that the round was abandoned. */
  async #fetch(
    { config, toldModelHash }: PendingCheck,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    try {
      return await downloadTranscript(config, this.#deps.uplink, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const failure = failureOf(cause);
      // The end of the attempt was missed, and another one at the round went on without this participant.
      if (failure === "too-late" && toldModelHash === "") return undefined;
      if (failure === undefined && !isKnown(cause)) throw cause;
      const message =
        `got no transcript of round ${config.round}, which this participant signed: ` +
        `${describeFailure(cause)}; wanted it before any other round of this run`;
      throw new ClientError("no-transcript", message, { cause });
    }
  }

  async #examine(check: PendingCheck, modelHash: Hash | "", transcript: Uint8Array): Promise<void> {
    const before = stateBefore(check.facts, this.#verified.get(check.config.runId));
    const told = { modelHash, before };
    try {
      this.#passed(check, verifySignedRound(check, transcript, told, this.#deps.verifier));
    } catch (error) {
      if (!isKnown(error)) throw error;
      await this.#accuse(check, transcript, error);
    }
  }

  #passed({ config: { runId, round, roundId } }: PendingCheck, verified: VerifiedRound): void {
    const { log } = this.#deps;
    log.info({ runId, round, roundId }, "verified the sum of the round");
    if (verified.strategy === undefined)
      log.debug(
        { roundId },
        "the model of the round was not verified: what it began with is unknown",
      );
    this.#verified.delete(runId);
    this.#verified.set(runId, verified);
    for (const oldest of [...this.#verified.keys()].slice(0, -KEPT_RUNS))
      this.#verified.delete(oldest);
  }

  /** Keeps the evidence, tells the people at the site, and never takes part in the run again. */
  async #accuse(
    { config: { runId, round, roundId } }: PendingCheck,
    transcript: Uint8Array,
    error: KnownError,
  ): Promise<void> {
    const { evidence, log } = this.#deps;
    const { code, message } = error;
    const finding = { runId, round, roundId, code, message };
    try {
      const path = await evidence.keep(finding, transcript);
      log.error({ ...finding, evidence: path }, WRONG_SUM);
    } catch (failure) {
      log.error({ ...finding, evidence: describeFailure(failure) }, WRONG_SUM);
    }
  }
}
