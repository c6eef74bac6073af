import type {
  EncryptedTranscript,
  Hash,
  MaskedTranscript,
  ParticipantId,
  UpdateCounts,
} from "@chorus/aggregation";
import type { RoundFacts } from "./facts.ts";

/** Why a round ended without a model; the text names counts and codes, never data. */
export class Abandoned {
  readonly phase = "abandoned";
  readonly facts: RoundFacts;
  readonly reason: string;

  constructor(facts: RoundFacts, reason: string) {
    this.facts = facts;
    this.reason = reason;
  }
}

/** The survivors' exact sum has been opened and made into a new model, which is not stored yet. */
export class Committing {
  readonly phase = "committing";
  readonly facts: RoundFacts;
  readonly model: Float32Array;
  readonly modelHash: Hash;
  /** The outer optimiser's state, where the strategy has one. */
  readonly strategyState: Float32Array | undefined;
  readonly updatesRoot: Hash;
  /** Who took part in the masked exchange. */
  readonly cohort: number;
  readonly survivors: ReadonlySet<ParticipantId>;
  readonly counts: UpdateCounts;
  /** What shows how the sum came about; its sum was verified. */
  readonly transcript: MaskedTranscript;

  constructor(fields: Omit<Committing, "phase">) {
    this.facts = fields.facts;
    this.model = fields.model;
    this.modelHash = fields.modelHash;
    this.strategyState = fields.strategyState;
    this.updatesRoot = fields.updatesRoot;
    this.cohort = fields.cohort;
    this.survivors = fields.survivors;
    this.counts = fields.counts;
    this.transcript = fields.transcript;
  }
}

/** Enough survivors of an encrypted round have made the same model of its sum. They have it; here is what they report. */
export class CommittingReported {
  readonly phase = "committing";
  readonly facts: RoundFacts;
  readonly modelHash: Hash;
  /** Of the outer optimiser's state; empty for a strategy without state. */
  readonly stateHash: Hash | "";
  readonly updatesRoot: Hash;
  /** Who took part in the masked exchange. */
  readonly cohort: number;
  readonly survivors: ReadonlySet<ParticipantId>;
  readonly counts: UpdateCounts;
  /** With the equal reports. */
  readonly transcript: EncryptedTranscript;

  constructor(fields: Omit<CommittingReported, "phase">) {
    this.facts = fields.facts;
    this.modelHash = fields.modelHash;
    this.stateHash = fields.stateHash;
    this.updatesRoot = fields.updatesRoot;
    this.cohort = fields.cohort;
    this.survivors = fields.survivors;
    this.counts = fields.counts;
    this.transcript = fields.transcript;
  }
}
