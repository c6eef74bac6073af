import {
  configHash,
  type Hash,
  type MaskingError,
  type ParticipantId,
  type RoundConfig,
} from "@chorus/aggregation";
import { Abandoned } from "./ended.ts";
import type { RoundFacts } from "./facts.ts";
import { type Departures, Gathering } from "./gathering.ts";

/** The coordinator's half of one step of the masked exchange, as the aggregation module gives it. */
export interface AggregatorStage {
  readonly delivered: ReadonlySet<ParticipantId>;
  /** Why the round could not go on if exactly these had delivered; undefined when it could. */
  shortage(delivered: ReadonlySet<ParticipantId>): MaskingError | undefined;
}

/** Fewest who must stay, wherever they are in the masking graph, so that the sum can be opened and hides enough participants. */
export function exchangeQuorum(config: RoundConfig): number {
  return Math.max(config.threshold, config.minSurvivors);
}

/** A phase of the masked exchange: waits for one message of each participant still in it. */
export abstract class Exchange<Stage extends AggregatorStage> extends Gathering {
  readonly window = "exchange";
  /** What everybody in the exchange has agreed on. */
  readonly config: RoundConfig;
  /** Of {@link config}, which lists the whole cohort: hashed once a phase, not for every message. */
  readonly configHash: Hash;
  protected readonly stage: Stage;

  constructor(
    facts: RoundFacts,
    config: RoundConfig,
    stage: Stage,
    asked: Iterable<ParticipantId>,
    quorum: number,
    left: Departures,
  ) {
    super(facts, asked, quorum, left);
    this.config = config;
    this.configHash = configHash(config);
    this.stage = stage;
  }

  get delivered(): ReadonlySet<ParticipantId> {
    return this.stage.delivered;
  }

  /** Enough together, and in the masking graph enough around everybody whose secrets the sum needs. */
  override suffices(delivered: ReadonlySet<ParticipantId>): boolean {
    return super.suffices(delivered) && this.stage.shortage(delivered) === undefined;
  }

  /** Why the round cannot go on from here: how many are missing, or around whom. */
  protected tooFew(what: string): Abandoned {
    const got = this.delivered.size;
    const shortage = this.stage.shortage(this.delivered);
    const missing =
      got < this.quorum || shortage === undefined
        ? `${got} of ${this.asked.size}, wanted ${this.quorum}`
        : shortage.message;
    return new Abandoned(this.facts, `too few ${what}: ${missing}`);
  }
}
