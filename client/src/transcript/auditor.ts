import type { Hash, SumVerifier } from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "../error.ts";
import type { ModelStore } from "../models/model-store.ts";
import { describeFailure, failureOf } from "../rpc/failure.ts";
import { isKnown, type KnownError } from "../session/departure.ts";
import type { Instruction, RoundOffer } from "../session/instruction.ts";
import type { Uplink } from "../uplink.ts";
import { Beginnings } from "./beginnings.ts";
import {
  isBeingOpened,
  keepUp,
  type SignedEncryptedRound,
  verifySignedReports,
} from "./encrypted-round.ts";
import type { Evidence } from "./evidence.ts";
import { fetchPublished } from "./fetch-published.ts";
import { type PendingCheck, PendingChecks, type SignedRound, wipeKey } from "./pending-checks.ts";
import { RecentRuns } from "./recent-runs.ts";
import {
  type SignedMaskedRound,
  stateBefore,
  type VerifiedRound,
  verifySignedRound,
} from "./signed-round.ts";
import { downloadTranscript } from "./transcript-download.ts";
import { Warnings } from "./warnings.ts";

/** What the auditor works with. */
export interface AuditorDependencies {
  readonly uplink: Uplink;
  readonly verifier: SumVerifier;
  readonly evidence: Evidence;
  /** Gets what is made of encrypted sums. */
  readonly models: ModelStore;
  readonly log: Logger;
}

/** How a round ended. */
export type RoundEnd = Extract<Instruction, { kind: "round-ended" }>;

/** Runs of which a strategy's state is kept, the newest ones. */
const KEPT_RUNS = 4;
/** Runs with a round that is to be verified; whoever offers more of them has to hand out the oldest one first. */
const PENDING_RUNS = 16;

const WRONG_SUM =
  "what the coordinator published of a round does not hold: this participant takes part in the run no more";
const UNKNOWN_BEGINNING = "the model of the round was not verified: what it began with is unknown";
const UNEXPLAINED =
  "the run went on after a round that was signed here and not verified: what came of it is unknown";

/**
 * Sees to it that this participant takes part in no later round of a run before it has verified what was published of the
 * last one that it signed: the sum, and the model that came of it where it knows what the round started from; of an encrypted
 * round, whose sum it verifies when it opens it, that a quorum of survivors reports the model that came of it. Attempts
 * that the coordinator says were abandoned have no sum to verify; that it says so truly, nothing shows here but that
 * every attempt at a round has to begin with the same model. A run that goes on after such a round is warned of.
 *
 * What is to be verified is in memory only: a participant that was restarted between signing and the end of a round never
 * verifies that round. What did not hold is on disk.
 */
export class Auditor {
  readonly #deps: AuditorDependencies;
  readonly #pending = new PendingChecks();
  /** The last round of each run that was verified. */
  readonly #verified = new RecentRuns<VerifiedRound>(KEPT_RUNS);
  readonly #beginnings = new Beginnings();
  readonly #warnings: Warnings;

  constructor(deps: AuditorDependencies) {
    this.#deps = deps;
    this.#warnings = new Warnings(deps.log);
  }

  /** This participant signs the survivor set of a round: to be called before the signature can leave. */
  signed(round: SignedRound): void {
    this.#beginnings.signed(round.config);
    this.#pending.signed(round);
  }

  /** This participant has opened a round's sum: what was published for that need not be fetched again. */
  opened(roundId: Hash, published: Uint8Array): void {
    this.#pending.opened(roundId, published);
  }

  /** This participant is out of a round, or that is over: its key is wiped, unless the sum of a completed one is still to be opened. */
  left(roundId: Hash): void {
    const check = this.#pending.ofRound(roundId);
    if (check?.toldModelHash === "") wipeKey(check.signed);
  }

  /** The coordinator says how a round ended; its first word on that counts. */
  ended({ roundId, abandoned, modelHash }: RoundEnd): void {
    const check = this.#pending.ofRound(roundId);
    if (check === undefined || check.toldModelHash !== "") return;
    if (abandoned === "") this.#pending.told(roundId, modelHash);
    else this.#pending.settled(check.signed.config.runId);
  }

  /** Verifies all rounds that were completed and are not verified yet, and tells the log. Neither throws nor rejects. */
  async settle(signal: AbortSignal): Promise<void> {
    for (const check of this.#pending.all) {
      if (signal.aborted) return;
      if (check.toldModelHash !== "") await this.#tryToVerify(check, signal);
    }
  }

  /**
   * Verifies rounds whose end this participant may have missed, as far as they are published: all that are pending, or the one that
   * it is in. Neither throws nor rejects.
   */
  async settleMissed(roundId: Hash | undefined, signal: AbortSignal): Promise<void> {
    for (const check of this.#pending.all) {
      if (signal.aborted) return;
      if (roundId !== undefined && check.signed.config.roundId !== roundId) continue;
      await this.#tryToVerify(check, signal);
    }
  }

  /**
   * Resolves when this participant may take part in a round: all that it has signed in this run was verified. Rejects
   * with {@link ClientError}: `no-transcript` while the coordinator does not hand out what is to be verified, here or in
   * the oldest of too many runs, `wrong-sum` for a run of which something did not hold, `wrong-model` when the round does
   * not begin with the model that the one before it made, or that another attempt at it began with; with the signal's
   * reason.
   */
  async admit(offer: RoundOffer, signal: AbortSignal): Promise<void> {
    const { runId, round, roundId } = offer;
    const { evidence } = this.#deps;
    evidence.requireNone(runId);
    this.#beginnings.require(offer);
    const check = this.#pending.ofRun(runId);
    if (check !== undefined) await this.#resolve(check, offer, signal);
    else await this.#requireRoom(signal);
    evidence.requireNone(runId);
    this.#beginnings.require(offer);
    if (this.#beginnings.isUnexplained(offer))
      this.#warnings.once(runId, { runId, round, roundId }, UNEXPLAINED);
  }

  async #tryToVerify(check: PendingCheck, signal: AbortSignal): Promise<void> {
    try {
      if (check.toldModelHash === "") await this.#verifyIfPublished(check, signal);
      else await this.#verify(check, check.toldModelHash, signal);
    } catch (error) {
      if (signal.aborted) return;
      const { log } = this.#deps;
      const { roundId } = check.signed.config;
      const detail = describeFailure(error);
      // Of a round whose end nobody told there may be nothing to verify yet.
      const level = check.toldModelHash === "" ? "debug" : "warn";
      if (isKnown(error)) log[level]({ roundId, detail }, "the round could not be verified yet");
      else log.error({ roundId, err: error }, "the round was not verified because of a bug");
    }
  }

  /** Verifies the round that was signed last. A round that begins right after it tells the model that it made. */
  #resolve(check: PendingCheck, next: RoundOffer, signal: AbortSignal): Promise<void> {
    const { toldModelHash, signed } = check;
    if (toldModelHash !== "") return this.#verify(check, toldModelHash, signal);
    return this.#verify(
      check,
      next.round === signed.config.round + 1 ? next.modelHash : "",
      signal,
    );
  }

  /** Verifies the oldest round of all when there is no room for another run. */
  async #requireRoom(signal: AbortSignal): Promise<void> {
    const { all } = this.#pending;
    const [oldest] = all;
    if (oldest === undefined || all.length < PENDING_RUNS) return;
    await this.#verify(oldest, oldest.toldModelHash, signal);
  }

  /** The same of a round that may not be over. */
  async #verifyIfPublished(check: PendingCheck, signal: AbortSignal): Promise<void> {
    const transcript = await fetchPublished(check, this.#deps.uplink, signal);
    if (transcript !== undefined && isBeingOpened(transcript)) return;
    await this.#take(check, "", transcript, signal);
  }

  /** Rejects with {@link ClientError} `no-transcript`; what does not hold is kept as evidence instead. */
  async #verify(check: PendingCheck, modelHash: Hash | "", signal: AbortSignal): Promise<void> {
    if (await this.#goOn(check, modelHash, signal)) return;
    await this.#take(
      check,
      modelHash,
      await fetchPublished(check, this.#deps.uplink, signal),
      signal,
    );
  }

  /** `transcript`: as it was published, undefined for an attempt that was abandoned. */
  async #take(
    { signed }: PendingCheck,
    modelHash: Hash | "",
    transcript: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (transcript !== undefined) await this.#examine(signed, modelHash, transcript, signal);
    this.#pending.settled(signed.config.runId);
  }

  /**
   * Fetches what was published of an encrypted round since its sum was opened here, and verifies that. Resolves with whether it
   * holds: if it does not, all of what is published is to be looked at.
   */
  async #goOn(
    { signed, opened }: PendingCheck,
    modelHash: Hash | "",
    signal: AbortSignal,
  ): Promise<boolean> {
    if (opened === undefined || !("opening" in signed)) return false;
    const { uplink, log } = this.#deps;
    const { config } = signed;
    try {
      const transcript = await downloadTranscript({ config, begun: opened }, uplink, signal);
      await this.#takeReports(signed, modelHash, transcript, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (failureOf(error) === undefined && !isKnown(error)) throw error;
      const fields = { roundId: config.roundId, detail: describeFailure(error) };
      log.debug(
        fields,
        "what is published is not what was opened, and reports: fetching all of it",
      );
      return false;
    }
    this.#pending.settled(config.runId);
    return true;
  }

  async #examine(
    signed: SignedRound,
    modelHash: Hash | "",
    transcript: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      if ("opening" in signed) await this.#takeReports(signed, modelHash, transcript, signal);
      else this.#takeSum(signed, modelHash, transcript);
    } catch (error) {
      if (!isKnown(error)) throw error;
      await this.#accuse(signed, transcript, error);
    }
  }

  #takeSum(signed: SignedMaskedRound, modelHash: Hash | "", transcript: Uint8Array): void {
    const { runId, round, roundId } = signed.config;
    const before = stateBefore(signed.facts, this.#verified.get(runId));
    const told = { modelHash, before };
    const verified = verifySignedRound(signed, transcript, told, this.#deps.verifier);
    this.#deps.log.info({ runId, round, roundId }, "verified the sum of the round");
    if (verified.strategy === undefined)
      this.#warnings.once(runId, { runId, round, roundId }, UNKNOWN_BEGINNING);
    this.#verified.set(runId, verified);
    this.#beginnings.verified(runId, verified);
  }

  async #takeReports(
    signed: SignedEncryptedRound,
    modelHash: Hash | "",
    transcript: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    const { runId, round, roundId, parentModelHash } = signed.config;
    const published = verifySignedReports(signed, transcript, modelHash);
    const { agreed } = published;
    const fields = { runId, round, roundId, reports: agreed.reports };
    this.#deps.log.info(fields, "verified the reports of the round");
    const { modelHash: made } = agreed;
    this.#beginnings.verified(runId, { round, parentModelHash, modelHash: made });
    await keepUp(signed, published, this.#deps, signal);
  }

  /** Keeps the evidence, tells the people at the site, and never takes part in the run again. */
  async #accuse(
    { config: { runId, round, roundId } }: SignedRound,
    transcript: Uint8Array,
    error: KnownError,
  ): Promise<void> {
    const { evidence, log } = this.#deps;
    const { code, message } = error;
    const finding = { runId, round, roundId, code, message };
    try {
      const path = await evidence.keep(finding, transcript);
      log.error({ ...finding, evidence: path, advice: evidence.advice }, WRONG_SUM);
    } catch (failure) {
      const problem = describeFailure(failure);
      log.error({ ...finding, evidence: problem, advice: evidence.advice }, WRONG_SUM);
    }
  }
}
