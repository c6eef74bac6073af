import type { Hash, SumVerifier } from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "../error.ts";
import type { ModelStore } from "../models/model-store.ts";
import { describeFailure, failureOf, isAbandonedRound } from "../rpc/failure.ts";
import { isKnown, type KnownError } from "../session/departure.ts";
import type { Instruction, RoundOffer } from "../session/instruction.ts";
import type { Uplink } from "../uplink.ts";
import { Beginnings } from "./beginnings.ts";
import { keepUp, type SignedEncryptedRound, verifySignedReports } from "./encrypted-round.ts";
import type { Evidence } from "./evidence.ts";
import { RecentRuns } from "./recent-runs.ts";
import {
  type SignedMaskedRound,
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
  /** Gets what is made of encrypted sums. */
  readonly models: ModelStore;
  readonly log: Logger;
}

/** How a round ended. */
export type RoundEnd = Extract<Instruction, { kind: "round-ended" }>;

/** A round of which this participant signed the survivor set. */
export type SignedRound = SignedMaskedRound | SignedEncryptedRound;

/** A round that is to be verified. */
interface PendingCheck {
  readonly signed: SignedRound;
  /** The model that the coordinator says it made; "" while it has not said that the round was completed. */
  readonly toldModelHash: Hash | "";
}

/** Runs of which a model or a strategy's state is kept, the newest ones. */
const KEPT_RUNS = 4;
/** Runs with a round that is to be verified; whoever offers more of them has to hand out the oldest one first. */
const PENDING_RUNS = 16;
/** Runs of which it is remembered what was warned of, the newest ones. */
const WARNED_RUNS = 1_000;

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
  /** By run. */
  readonly #pending = new Map<Hash, PendingCheck>();
  /** The last round of each run that was verified. */
  readonly #verified = new RecentRuns<VerifiedRound>(KEPT_RUNS);
  readonly #beginnings = new Beginnings();
  /** What was warned of, by run. */
  readonly #warnings = new RecentRuns<readonly string[]>(WARNED_RUNS);

  constructor(deps: AuditorDependencies) {
    this.#deps = deps;
  }

  /** This participant signs the survivor set of a round: to be called before the signature can leave. */
  signed(round: SignedRound): void {
    const { runId } = round.config;
    this.#beginnings.signed(round.config);
    this.#settled(runId);
    this.#pending.set(runId, { signed: round, toldModelHash: "" });
    for (const [runId, older] of [...this.#pending].slice(0, -KEPT_RUNS))
      this.#pending.set(runId, { ...older, signed: withoutModel(older.signed) });
  }

  /** This participant is out of a round, or that is over: its key is wiped, unless the sum of a completed one is still to be opened. */
  left(roundId: Hash): void {
    const check = this.#checkOf(roundId);
    if (check !== undefined && check.toldModelHash === "") wipeKey(check.signed);
  }

  /** The coordinator says how a round ended; its first word on that counts. */
  ended({ roundId, abandoned, modelHash }: RoundEnd): void {
    const check = this.#checkOf(roundId);
    if (check === undefined || check.toldModelHash !== "") return;
    const { runId } = check.signed.config;
    if (abandoned === "") this.#pending.set(runId, { ...check, toldModelHash: modelHash });
    else this.#settled(runId);
  }

  /** Verifies all rounds that were completed and are not verified yet, and tells the log. Neither throws nor rejects. */
  async settle(signal: AbortSignal): Promise<void> {
    for (const check of [...this.#pending.values()]) {
      if (signal.aborted) return;
      if (check.toldModelHash !== "") await this.#tryToVerify(check, signal);
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
    const check = this.#pending.get(runId);
    if (check !== undefined) await this.#resolve(check, offer, signal);
    else await this.#requireRoom(signal);
    evidence.requireNone(runId);
    this.#beginnings.require(offer);
    if (this.#beginnings.isUnexplained(offer))
      this.#warnOnce(runId, { runId, round, roundId }, UNEXPLAINED);
  }

  #checkOf(roundId: Hash): PendingCheck | undefined {
    return [...this.#pending.values()].find(({ signed }) => signed.config.roundId === roundId);
  }

  /** Nothing is to be verified in a run any more. */
  #settled(runId: Hash): void {
    const check = this.#pending.get(runId);
    if (check !== undefined) wipeKey(check.signed);
    this.#pending.delete(runId);
  }

  async #tryToVerify(check: PendingCheck, signal: AbortSignal): Promise<void> {
    try {
      await this.#verify(check, check.toldModelHash, signal);
    } catch (error) {
      if (signal.aborted) return;
      const { log } = this.#deps;
      const { roundId } = check.signed.config;
      const detail = describeFailure(error);
      if (isKnown(error)) log.warn({ roundId, detail }, "the round could not be verified yet");
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
    const [oldest] = this.#pending.values();
    if (oldest === undefined || this.#pending.size < PENDING_RUNS) return;
    await this.#verify(oldest, oldest.toldModelHash, signal);
  }

  /** Rejects with {@link ClientError} `no-transcript`; what does not hold is kept as evidence instead. */
  async #verify(check: PendingCheck, modelHash: Hash | "", signal: AbortSignal): Promise<void> {
    const transcript = await this.#fetch(check, signal);
    if (transcript !== undefined) await this.#examine(check.signed, modelHash, transcript, signal);
    this.#settled(check.signed.config.runId);
  }

  /** The transcript as it was published; undefined when the coordinator says that the round was abandoned. */
  async #fetch(
    { signed, toldModelHash }: PendingCheck,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { config } = signed;
    try {
      return await downloadTranscript(config, this.#deps.uplink, signal);
    } catch (cause) {
      signal.throwIfAborted();
      // The end of the attempt was missed; another one at the round is made, or went on without this participant.
      if (isAbandonedRound(cause) && toldModelHash === "") return undefined;
      if (failureOf(cause) === undefined && !isKnown(cause)) throw cause;
      const message =
        `got no transcript of round ${config.round}, which this participant signed: ` +
        `${describeFailure(cause)}; wanted it before any other round of this run`;
      throw new ClientError("no-transcript", message, { cause });
    }
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
      this.#warnOnce(runId, { runId, round, roundId }, UNKNOWN_BEGINNING);
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

  /** Warns of the same thing once a run: it goes on being so. */
  #warnOnce(runId: Hash, fields: object, sentence: string): void {
    const { log } = this.#deps;
    const before = this.#warnings.get(runId) ?? [];
    if (before.includes(sentence)) log.debug(fields, sentence);
    else {
      this.#warnings.set(runId, [...before, sentence]);
      log.warn(fields, sentence);
    }
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

/** What goes when too many other runs are to be verified: of this one, the model that comes of the round will not be known. */
function withoutModel(signed: SignedRound): SignedRound {
  wipeKey(signed);
  return "opening" in signed ? signed : { ...signed, parent: undefined };
}

function wipeKey(signed: SignedRound): void {
  if ("opening" in signed) signed.opening[Symbol.dispose]();
}
