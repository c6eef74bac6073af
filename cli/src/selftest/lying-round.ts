import {
  AdvertisingStage,
  type CommittedUpload,
  type ConfirmingStage,
  checkRoundConfig,
  encodeUpdate,
  type KeyAdvertisement,
  type MaskedRoundConfig,
  openPlainKernels,
  type ParticipantId,
  type RevealedShares,
  type RevealingStage,
  type SealedShare,
  type SharingStage,
  type SurvivorAck,
  type UploadCommitment,
} from "@chorus/aggregation";
import {
  ExchangeContext,
  type Guard,
  RoundContext,
  type RoundExpectation,
} from "@chorus/aggregation/primitives";
import { ACCEPTED, type ExchangeSetting, type Outcome, type ReleasedBytes } from "./attack.ts";
import { attentive, lawless } from "./lawless.ts";
import { counts, DIMENSION, type Member } from "./member.ts";
import type { Loot, MaskedUpload } from "./recovery.ts";
import { type RoundPlan, roundOf } from "./round-plan.ts";

/** What the coordinator says to one participant in place of what it should; undefined: nothing at all. */
export type Lie<T> = (honest: T, to: ParticipantId) => T | undefined;

/** What a participant is told before it uploads. */
export interface Delivery {
  readonly sharers: readonly ParticipantId[];
  readonly sealed: readonly SealedShare[];
}

/** All of what a participant uploaded. */
export interface Upload extends CommittedUpload, MaskedUpload {}

/**
 * A masked exchange as a coordinator runs it that checks nothing, tells everybody what it likes and keeps all it gets.
 * Participants run the code that they run in production. Who refuses what it is told leaves; the coordinator goes on with
 * the others.
 */
export class LyingRound implements Loot {
  readonly config: MaskedRoundConfig;
  /** Sorted by id. */
  readonly members: readonly Member[];
  /** Whose vector the attackers want. */
  readonly victim: Member;
  /** Members that side with the coordinator: they check nothing, and it has their secrets. */
  readonly colluders: readonly Member[];
  /** Which of its exchanges this is for its members: their keys differ. */
  readonly exchange: number;
  /** Why members left, in the order in which they did. */
  readonly refusals: Map<ParticipantId, string> = new Map();
  /** What the coordinator got. */
  readonly advertisements: Map<ParticipantId, KeyAdvertisement> = new Map();
  readonly sealed: SealedShare[] = [];
  readonly uploads: Map<ParticipantId, Upload> = new Map();
  /** Of each member, one for each survivor set that it signed: a second one only where a check is off. */
  readonly acks: Map<ParticipantId, readonly SurvivorAck[]> = new Map();
  readonly revealed: (RevealedShares & { readonly from: ParticipantId })[] = [];
  /** The exchange as each member that opened a key book was shown it. */
  readonly views: Map<ParticipantId, ExchangeContext> = new Map();
  /** What nobody but its owner may know: the vectors before they were masked. */
  readonly bare: Map<ParticipantId, Uint32Array> = new Map();
  readonly setting: ExchangeSetting;
  readonly #isDead: boolean;
  readonly #peak: number | undefined;
  readonly #expected: RoundExpectation;
  readonly #shown = new Map<ParticipantId, MaskedRoundConfig>();
  readonly #advertising = new Map<ParticipantId, AdvertisingStage>();
  readonly #sharing = new Map<ParticipantId, SharingStage>();
  readonly #confirming = new Map<ParticipantId, ConfirmingStage>();
  readonly #revealing = new Map<ParticipantId, RevealingStage[]>();

  constructor(setting: ExchangeSetting, plan: RoundPlan = {}) {
    const { members, victim, colluders, config, expected, isDead } = roundOf(plan);
    this.#isDead = isDead;
    this.members = members;
    this.victim = victim;
    this.colluders = colluders;
    this.config = config;
    this.exchange = plan.exchange ?? 1;
    this.#peak = plan.peak;
    this.setting = setting;
    this.#expected = expected;
  }

  /** Whose vectors the attackers know without any recovery: colluders', and those made from a model that gives nothing. */
  get known(): readonly Member[] {
    return this.#isDead ? [...this.colluders, ...this.others] : this.colluders;
  }

  /** The honest members other than the victim. */
  get others(): Member[] {
    return this.members.filter((it) => it !== this.victim && !this.colluders.includes(it));
  }

  /** Shows everybody a configuration; who takes it advertises keys. */
  advertise(lie: Lie<MaskedRoundConfig> = (config) => config): void {
    for (const member of this.members) {
      this.#tell(member, this.config, lie, (config) => {
        const guard = this.#guardOf(member);
        checkRoundConfig(config, this.#expectationOf(member, config), member.listed, guard);
        const random = member.randomOf(this.exchange);
        const secrets = { identity: member.identity, graphNonce: member.graphNonce, random };
        const stage = AdvertisingStage.begin(config, secrets, guard);
        this.#advertising.set(member.id, stage);
        this.#shown.set(member.id, config);
        this.advertisements.set(member.id, stage.advertisement);
      });
    }
  }

  /** Shows everybody a key book; who takes it seals shares. */
  shareKeys(lie: Lie<readonly KeyAdvertisement[]> = (book) => book): void {
    const honest = this.#present([...this.advertisements.values()]);
    for (const member of this.#still(this.#advertising)) {
      this.#tell(member, honest, lie, (book) => {
        const stage = stageOf(this.#advertising, member.id).openKeyBook(book);
        const context = new RoundContext(this.#configOf(member.id), attentive);
        this.views.set(member.id, new ExchangeContext(context, book));
        this.#sharing.set(member.id, stage);
        this.sealed.push(...stage.sealedShares);
      });
    }
  }

  /** Tells everybody who shared; who takes it uploads its masked vector. */
  upload(lie: Lie<Delivery> = (delivery) => delivery): void {
    const sharers = [...this.#sharing.keys()].toSorted();
    for (const member of this.#still(this.#sharing)) {
      const sealed = this.sealed.filter(
        ({ from, to }) => to === member.id && sharers.includes(from),
      );
      this.#tell(member, { sharers, sealed }, lie, (delivery) => {
        const masking = stageOf(this.#sharing, member.id).openShares(
          delivery.sharers,
          delivery.sealed,
        );
        const masked = this.#vectorOf(member);
        this.bare.set(member.id, masked.slice());
        const tools = { committer: this.setting.scheme, random: member.rounding };
        const stage = masking.mask(masked, tools);
        this.#confirming.set(member.id, stage);
        const { upload, commitment } = stage;
        const { sharers: told } = delivery;
        this.uploads.set(member.id, { upload, commitment, masked, sharers: told });
      });
    }
  }

  /** Shows everybody a survivor set; who takes it signs it. */
  confirm(lie: Lie<readonly UploadCommitment[]> = (survivors) => survivors): void {
    const honest = this.#present([...this.uploads.values()].map(({ upload }) => upload));
    for (const member of this.#still(this.#confirming)) {
      this.#tell(member, honest, lie, (survivors) => {
        const stage = stageOf(this.#confirming, member.id).confirm(survivors);
        this.#revealing.set(member.id, [...(this.#revealing.get(member.id) ?? []), stage]);
        this.acks.set(member.id, [...(this.acks.get(member.id) ?? []), stage.ack]);
      });
    }
  }

  /** Shows everybody acknowledgements; who takes them reveals shares, of its first survivor set or a later one. */
  reveal(lie: Lie<readonly SurvivorAck[]> = (acks) => acks, set = 0): void {
    const honest = this.#present([...this.acks.values()].flatMap((acks) => acks[set] ?? []));
    for (const member of this.#still(this.#revealing)) {
      const stage = this.#revealing.get(member.id)?.[set];
      if (stage === undefined) continue;
      this.#tell(member, honest, lie, (acks) => {
        this.revealed.push({ from: member.id, ...stage.reveal(acks) });
      });
    }
  }

  /** How it ended. `releasedBytes`, `isGoalReached`: as measured. */
  outcome(releasedBytes: ReleasedBytes, isGoalReached: boolean): Outcome {
    const [first] = this.refusals.values();
    return { got: first ?? ACCEPTED, releasedBytes, isGoalReached };
  }

  /** Says something to a member. It leaves when it refuses; what has no code is a bug. */
  #tell<T>(member: Member, honest: T, lie: Lie<T>, take: (told: T) => void): void {
    const told = lie(honest, member.id);
    if (told === undefined) return;
    try {
      take(told);
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error)) throw error;
      this.refusals.set(member.id, String(error.code));
    }
  }

  /** Members that have this stage and have not left. */
  #still(stages: ReadonlyMap<ParticipantId, unknown>): Member[] {
    return this.members.filter(({ id }) => stages.has(id) && !this.refusals.has(id));
  }

  #present<T extends { readonly participantId: ParticipantId }>(messages: readonly T[]): T[] {
    const present = messages.filter(({ participantId }) => !this.refusals.has(participantId));
    return present.toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
  }

  #guardOf(member: Member): Guard {
    return this.colluders.includes(member) ? lawless : this.setting.guard;
  }

  /** Only the victim of different models trained from another one than the configuration says. */
  #expectationOf(member: Member, { parentModelHash }: MaskedRoundConfig): RoundExpectation {
    return member === this.victim ? this.#expected : { ...this.#expected, parentModelHash };
  }

  #configOf(id: ParticipantId): MaskedRoundConfig {
    return stageOf(this.#shown, id);
  }

  /** What the member uploads, encoded as the configuration that it was shown says. */
  #vectorOf(member: Member): Uint32Array {
    const isDead = this.#isDead && member !== this.victim;
    const delta = isDead ? new Float32Array(DIMENSION) : member.delta.slice();
    if (this.#peak !== undefined) delta.set([this.#peak]);
    const update = { delta, counts };
    return encodeUpdate(update, this.#configOf(member.id), member.rounding, openPlainKernels);
  }
}

function stageOf<T>(stages: ReadonlyMap<ParticipantId, T>, id: ParticipantId): T {
  const stage = stages.get(id);
  if (stage === undefined) throw new Error(`${id} has not come so far`);
  return stage;
}
