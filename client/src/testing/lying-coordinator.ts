import {
  canonicalPlan,
  type Hash,
  hexToBytes,
  type Identity,
  isEncrypted,
  type KeyAdvertisement,
  type MaskedRoundConfig,
  type ParticipantId,
  parseRoundConfig,
  type SealedShare,
  type SurvivorAck,
  serialiseRoundConfig,
  type UploadCommitment,
} from "@chorus/aggregation";
import type { Answer } from "../session/answer.ts";
import type { InstructionFor, RoundOffer, StepInstruction } from "../session/instruction.ts";
import { CohortPeers } from "./cohort-peers.ts";
import { MASKED_STEPS, type MaskedStep } from "./masked-steps.ts";
import { MODEL_HASH, PLAN, PLAN_HASH, ROUND_ID, RUN_ID, TRAINING_MS } from "./tiny-round.ts";

/**
 * What an instruction is like. "full" is with everybody, "reduced" as if somebody had been lost: each is sound by itself,
 * both together are a lie. "flawed" is refused with {@link FLAWS}.
 */
export type Variant = "full" | "reduced" | "flawed";

/** What a participant leaves a round with whose next instruction is flawed. */
export const FLAWS: Record<MaskedStep, string> = {
  invitation: "protocol",
  train: "protocol",
  "advertise-keys": "low-threshold",
  "share-keys": "own-message-missing",
  upload: "unopenable-share",
  "confirm-survivors": "bad-signature",
  reveal: "too-few",
};

/** Which step an answer is to; undefined for a leave. */
export const STEP_OF: Record<Answer["kind"], MaskedStep | undefined> = {
  "accept-round": "invitation",
  "leave-round": undefined,
  "hand-over-model": undefined,
  "report-trained": "train",
  "advertise-keys": "advertise-keys",
  "share-keys": "share-keys",
  "submit-update": "upload",
  "confirm-survivors": "confirm-survivors",
  "reveal-shares": "reveal",
  "report-model": undefined,
};

const OTHER_RUN_ID = "ab".repeat(32);

/** A coordinator of one round that tells the participant under test whatever the test wants. */
export class LyingCoordinator {
  readonly #own: ParticipantId;
  readonly #peers: CohortPeers;
  /** What was asked and not flawed, by step. */
  #asked = new Map<MaskedStep, StepInstruction>();
  /** How many steps were answered. */
  #answered = 0;
  #nonceCommitment: Hash = "0".repeat(64);
  #book: readonly KeyAdvertisement[] = [];
  #sealed: readonly SealedShare[] = [];
  #uploads: readonly UploadCommitment[] = [];
  #acks: readonly SurvivorAck[] = [];

  constructor(own: Identity, others: number) {
    this.#own = own.participantId;
    this.#peers = new CohortPeers(own, others);
  }

  /** The step that is to be asked now: it was not answered, or its answer was lost. */
  get step(): MaskedStep {
    return MASKED_STEPS[this.#answered] ?? "reveal";
  }

  /** Asks for a step as it was asked before; for the first time, like this. */
  ask(step: MaskedStep, variant: Variant): StepInstruction {
    if (variant === "flawed") return this.#flawed(step);
    const asked = this.#asked.get(step) ?? this.#sound(step, variant);
    this.#asked.set(step, asked);
    // What was accepted is trained, unless the test wants a lie.
    const invited = this.#asked.get("invitation");
    if (asked.kind === "train" && invited?.kind === "invitation")
      this.#asked.set(step, { ...asked, offer: invited.offer });
    return structuredClone(this.#askedFor(step));
  }

  /** Asks for a step again, if it was asked. */
  repeat(step: MaskedStep): StepInstruction | undefined {
    return this.#asked.has(step) ? this.ask(step, "full") : undefined;
  }

  /** Asks for the step that was answered last in another way than before; undefined when there is none. */
  contradict(): StepInstruction | undefined {
    const step = MASKED_STEPS[this.#answered - 1];
    if (step === undefined) return undefined;
    const before = JSON.stringify(this.#asked.get(step));
    const [full, reduced] = [this.#sound(step, "full"), this.#sound(step, "reduced")];
    const other = JSON.stringify(full) === before ? reduced : full;
    this.#asked.set(step, other);
    return structuredClone(other);
  }

  /** Asks for a step that is not to be asked yet, with whatever is at hand; undefined when it is. */
  jump(step: MaskedStep): StepInstruction | undefined {
    return MASKED_STEPS.indexOf(step) > this.#answered + 1 ? this.#sound(step, "full") : undefined;
  }

  /** An answer has come; the others in the cohort give theirs. The same answer again changes nothing. */
  received(answer: Answer): void {
    const step = STEP_OF[answer.kind];
    if (step === undefined) return;
    const answered = MASKED_STEPS.indexOf(step) + 1;
    if (answer.kind === "report-trained") {
      if (answer.nonceCommitment !== this.#nonceCommitment) this.#answered = 0;
      this.#nonceCommitment = answer.nonceCommitment;
    }
    if (answered === this.#answered) return;
    this.#answered = answered;
    for (const later of MASKED_STEPS.slice(answered)) this.#asked.delete(later);
    this.#goOn(answer);
  }

  #goOn(answer: Answer): void {
    switch (answer.kind) {
      case "advertise-keys":
        this.#book = [answer.advertisement, ...this.#peers.advertise(this.#config)];
        break;
      case "share-keys": {
        const { keyBook } = this.#askedFor("share-keys");
        this.#sealed = [...answer.sealedShares, ...this.#peers.share(keyBook)];
        break;
      }
      case "submit-update": {
        const { sharers } = this.#askedFor("upload");
        const others = this.#peers.upload(this.#config, sharers, this.#sealed);
        this.#uploads = [answer.committed.upload, ...others];
        break;
      }
      case "confirm-survivors": {
        const { survivors } = this.#askedFor("confirm-survivors");
        this.#acks = [answer.ack, ...this.#peers.confirm(survivors)];
        break;
      }
      case "accept-round":
      case "hand-over-model":
      case "report-trained":
      case "report-model":
      case "reveal-shares":
      case "leave-round":
        break;
    }
  }

  #sound(step: MaskedStep, variant: Variant): StepInstruction {
    const roundId = ROUND_ID;
    const reduce = <T>(items: readonly T[]) => (variant === "reduced" ? reduced(items) : items);
    switch (step) {
      case "invitation":
        return { kind: step, roundId, offer: offerOf(variant) };
      case "train":
        return {
          kind: step,
          roundId,
          offer: offerOf(variant),
          ...{ remainingMs: TRAINING_MS, modelRequests: [] },
        };
      case "advertise-keys": {
        const size = this.#peers.size - (variant === "reduced" ? 1 : 0);
        return { kind: step, roundId, roundConfig: serialiseRoundConfig(this.#configOf(size)) };
      }
      case "share-keys":
        return { kind: step, roundId, keyBook: reduce(this.#book) };
      case "upload": {
        const sharers = reduce(this.#sharers);
        const sealedShares = this.#sealed.filter(
          ({ from, to }) => to === this.#own && sharers.includes(from),
        );
        return { kind: step, roundId, sharers, sealedShares };
      }
      case "confirm-survivors":
        return { kind: step, roundId, survivors: reduce(this.#uploads) };
      case "reveal":
        return { kind: step, roundId, acks: reduce(this.#acks) };
    }
  }

  #flawed(step: MaskedStep): StepInstruction {
    const instruction = this.#sound(step, "full");
    switch (instruction.kind) {
      case "invitation":
      case "train":
        return { ...instruction, offer: { ...instruction.offer, planHash: "0".repeat(64) } };
      case "advertise-keys": {
        const config = parseRoundConfig(instruction.roundConfig);
        const weaker = { ...config, threshold: config.threshold - 1 };
        return { ...instruction, roundConfig: serialiseRoundConfig(weaker) };
      }
      case "share-keys": {
        const others = instruction.keyBook.filter(
          ({ participantId }) => participantId !== this.#own,
        );
        return { ...instruction, keyBook: others };
      }
      case "upload": {
        const [first, ...rest] = instruction.sealedShares;
        if (first === undefined) return instruction;
        const sealedShares = [{ ...first, ciphertext: altered(first.ciphertext) }, ...rest];
        return { ...instruction, sealedShares };
      }
      case "confirm-survivors": {
        const [first, ...rest] = instruction.survivors;
        if (first === undefined) return instruction;
        const survivors = [{ ...first, signature: altered(first.signature) }, ...rest];
        return { ...instruction, survivors };
      }
      case "reveal":
        return { ...instruction, acks: instruction.acks.slice(0, 1) };
      case "open-sum":
        throw new Error("the round is masked only");
    }
  }

  /** Everybody whose shares are here. */
  get #sharers(): ParticipantId[] {
    return [...new Set(this.#sealed.map(({ from }) => from))];
  }

  /** The configuration that the participant has taken. */
  get #config(): MaskedRoundConfig {
    const config = parseRoundConfig(this.#askedFor("advertise-keys").roundConfig);
    if (isEncrypted(config)) throw new Error("the round is masked only");
    return config;
  }

  #configOf(size: number): MaskedRoundConfig {
    const { runId } = this.#askedFor("train").offer;
    return this.#peers.config(hexToBytes(this.#nonceCommitment, 32), size, { runId });
  }

  #askedFor<Step extends MaskedStep>(step: Step): InstructionFor<Step> {
    const asked = this.#asked.get(step) ?? this.#sound(step, "full");
    return asked as InstructionFor<Step>;
  }
}

/** The round that is offered; "reduced" in another run. */
export function offerOf(variant: Variant): RoundOffer {
  return {
    roundId: ROUND_ID,
    runId: variant === "reduced" ? OTHER_RUN_ID : RUN_ID,
    round: 1,
    plan: canonicalPlan(PLAN),
    planHash: PLAN_HASH,
    modelHash: MODEL_HASH,
    stateHash: "",
  };
}

/** Without the last, if enough are left; otherwise the same in another order. The first is always there. */
function reduced<T>(items: readonly T[]): readonly T[] {
  return items.length > PLAN.roundPolicy.minSurvivors ? items.slice(0, -1) : items.toReversed();
}

function altered(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, place) => (place === 0 ? byte ^ 1 : byte));
}
