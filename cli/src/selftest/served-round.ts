import {
  AdvertisingStage,
  type Collection,
  type CommittedUpload,
  type Confirmation,
  type ConfirmingStage,
  encodeUpdate,
  type KeyAdvertisement,
  KeyAdvertising,
  type MaskedTranscript,
  openPlainKernels,
  type ParticipantId,
  type RevealedShares,
  requireOpenedSum,
  type SealedShare,
  type SharingStage,
  type SurvivorAck,
  type Unmasking,
  type VectorCommitter,
} from "@chorus/aggregation";
import { ExchangeContext, RoundContext } from "@chorus/aggregation/primitives";
import { ACCEPTED, type ExchangeSetting, type Outcome } from "./attack.ts";
import { attentive, lawless } from "./lawless.ts";
import { counts, DIMENSION, type Member } from "./member.ts";
import { type Loot, type MaskedUpload, Recovery } from "./recovery.ts";
import { roundOf } from "./round-plan.ts";

/** What the liar says instead of its honest message: one after the other, or nothing. */
export type Saying<T> = (honest: T, round: ServedRound) => readonly T[];

/** An upload as it is delivered. */
export interface Delivered {
  readonly committed: CommittedUpload;
  readonly masked: Uint32Array;
}

/** Where a participant lies; in everything else it is honest. */
export interface Misdeeds {
  readonly keys?: Saying<KeyAdvertisement>;
  readonly shares?: Saying<readonly SealedShare[]>;
  readonly upload?: Saying<Delivered>;
  /** Whether it delivers its upload after the survivors are fixed. */
  readonly isLate?: boolean;
  readonly ack?: Saying<SurvivorAck>;
  readonly reveal?: Saying<RevealedShares>;
  /** What it commits with. */
  readonly committer?: VectorCommitter;
  /** Whether it delivers before all others, and not after them. */
  readonly isFirst?: boolean;
}

/** A masked exchange run by the coordinator's own code, with one participant among its members that lies. */
export class ServedRound implements Loot {
  readonly members: readonly Member[];
  readonly victim: Member;
  readonly liar: Member;
  readonly exchange = 1;
  /** Whose messages were refused, or who refused what it was told, and why; the round itself under "". */
  readonly refusals: Map<ParticipantId, string> = new Map();
  readonly views: Map<ParticipantId, ExchangeContext> = new Map();
  readonly bare: Map<ParticipantId, Uint32Array> = new Map();
  /** What the coordinator has taken, by step. */
  readonly taken: Map<keyof Misdeeds, ReadonlySet<ParticipantId>> = new Map();
  /** What the coordinator was sent, whether it took it or not: it may look at all of it, and side with the liar. */
  readonly sealed: SealedShare[] = [];
  readonly uploads: Map<ParticipantId, MaskedUpload> = new Map();
  readonly revealed: (RevealedShares & { readonly from: ParticipantId })[] = [];
  /** Of the last confirmation. */
  readonly survivors: Set<ParticipantId> = new Set();
  readonly transcripts: MaskedTranscript[] = [];
  readonly #config = roundOf({}).config;
  readonly #setting: ExchangeSetting;
  readonly #misdeeds: Misdeeds;

  constructor(setting: ExchangeSetting, misdeeds: Misdeeds = {}) {
    const { members, victim } = roundOf({});
    const [, liar] = members;
    if (liar === undefined) throw new Error("a round has members");
    const others = members.filter((it) => it !== liar);
    this.members = misdeeds.isFirst === true ? [liar, ...others] : [...others, liar];
    this.victim = victim;
    this.liar = liar;
    this.#setting = setting;
    this.#misdeeds = misdeeds;
  }

  get colluders(): readonly Member[] {
    return [this.liar];
  }

  get known(): readonly Member[] {
    return [this.liar];
  }

  /** The round's sum; none when it was abandoned. */
  get published(): Uint32Array | undefined {
    return this.transcripts[0]?.sum;
  }

  /** Whether a sum was published that is not that of the survivors' vectors. */
  get isSumWrong(): boolean {
    const vectors = [...this.survivors].flatMap((id) => this.bare.get(id) ?? []);
    const wanted = new Uint32Array(DIMENSION).map((_, i) =>
      vectors.reduce((sum, vector) => sum + (vector[i] ?? 0), 0),
    );
    return this.published?.subarray(0, DIMENSION).some((word, i) => word !== wanted[i]) ?? false;
  }

  /** Plays the round until it completes or is abandoned. */
  play(): this {
    this.#attempt("", () => this.#run());
    return this;
  }

  /** How it ended. `isGoalReached`: as measured. */
  outcome(isGoalReached: boolean): Outcome {
    const [first] = this.refusals.values();
    const got = this.refusals.get(this.liar.id) ?? first ?? ACCEPTED;
    return { got, releasedBytes: new Recovery(this).releasedBytes(), isGoalReached };
  }

  #run(): void {
    const { keys, shares, ack, reveal } = this.#misdeeds;
    const advertising = new KeyAdvertising(this.#config, this.#setting.guard);
    const begun = new Map(this.members.map((it) => [it.id, this.#begin(it)]));
    const advertised = this.#step("keys", begun, keys, {
      take: (stage) => ({ next: stage, message: stage.advertisement }),
      deliver: (advertisement) => advertising.advertise(advertisement),
    });
    const sharing = advertising.close();
    const shared = this.#step("shares", advertised, shares, {
      take: (stage, { id }) => {
        const next = stage.openKeyBook(sharing.keyBook);
        const context = new RoundContext(this.#config, attentive);
        this.views.set(id, new ExchangeContext(context, sharing.keyBook));
        return { next, message: next.sealedShares };
      },
      deliver: (sealed, { id }) => {
        this.sealed.push(...sealed);
        sharing.share(id, sealed);
      },
    });
    const confirmation = this.#collect(sharing.close(), shared);
    const signed = this.#step("ack", confirmation.stages, ack, {
      take: (stage) => {
        const next = stage.confirm(confirmation.server.survivors);
        return { next, message: next.ack };
      },
      deliver: (signature) => confirmation.server.confirm(signature),
    });
    const unmasking = confirmation.server.close();
    this.#step("reveal", signed, reveal, {
      take: (stage, { id }) => ({ next: stage, message: stage.reveal(unmasking.acksFor(id)) }),
      deliver: (revealed, { id }) => {
        this.revealed.push({ from: id, ...revealed });
        unmasking.reveal(id, revealed);
      },
    });
    this.#publish(unmasking);
  }

  #collect(
    server: Collection,
    shared: ReadonlyMap<ParticipantId, SharingStage>,
  ): Step<Confirmation, ConfirmingStage> {
    const { upload, isLate = false } = this.#misdeeds;
    const late: Delivered[] = [];
    const stages = this.#step("upload", shared, upload, {
      take: (stage, member) => this.#masked(stage, server, member),
      deliver: (said, member) => {
        this.uploads.set(member.id, { masked: said.masked.slice(), sharers: server.sharers });
        if (isLate && member === this.liar) late.push(said);
        else server.submit(said.committed, said.masked);
      },
    });
    const next = server.close();
    this.#attempt(this.liar.id, () => {
      for (const { committed, masked } of late) server.submit(committed, masked);
    });
    for (const { participantId } of next.survivors) this.survivors.add(participantId);
    if (isLate) stages.delete(this.liar.id);
    return { server: next, stages };
  }

  #masked(
    stage: SharingStage,
    server: Collection,
    member: Member,
  ): { next: ConfirmingStage; message: Delivered } {
    const { id, delta, rounding } = member;
    const sealed = server.sealedSharesFor(id);
    const masking = stage.openShares(server.sharers, sealed);
    const masked = encodeUpdate({ delta, counts }, this.#config, rounding, openPlainKernels);
    this.bare.set(id, masked.slice());
    const { scheme } = this.#setting;
    const committer = member === this.liar ? (this.#misdeeds.committer ?? scheme) : scheme;
    const next = masking.mask(masked, { committer, random: rounding });
    const { upload, commitment } = next;
    return { next, message: { committed: { upload, commitment }, masked } };
  }

  /** The coordinator unmasks the sum, and publishes what opens the commitments. */
  #publish(unmasking: Unmasking): void {
    const transcript = unmasking.transcriptOf(unmasking.close());
    requireOpenedSum(transcript, this.#setting.scheme, this.#setting.guard);
    this.transcripts.push(transcript);
  }

  #begin(member: Member): AdvertisingStage {
    const { identity, graphNonce } = member;
    const secrets = { identity, graphNonce, random: member.randomOf(this.exchange) };
    const guard = member === this.liar ? lawless : this.#setting.guard;
    return AdvertisingStage.begin(this.#config, secrets, guard);
  }

  /** One step of everybody that is still there: the next stages of those whose messages were taken. */
  #step<Stage, Next, Message>(
    name: keyof Misdeeds,
    stages: ReadonlyMap<ParticipantId, Stage>,
    saying: Saying<Message> | undefined,
    { take, deliver }: StepOf<Stage, Next, Message>,
  ): Map<ParticipantId, Next> {
    const nexts = new Map<ParticipantId, Next>();
    for (const member of this.members) {
      const stage = stages.get(member.id);
      if (stage === undefined) continue;
      this.#attempt(member.id, () => {
        const { next, message } = take(stage, member);
        const isLie = saying !== undefined && member === this.liar;
        for (const said of isLie ? saying(message, this) : [message]) deliver(said, member);
        nexts.set(member.id, next);
      });
    }
    this.taken.set(name, new Set(nexts.keys()));
    return nexts;
  }

  /** What has no code is a bug. */
  #attempt(id: ParticipantId, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error)) throw error;
      this.refusals.set(id, String(error.code));
    }
  }
}

/** The server's next stage, and those of the participants that are still there. */
interface Step<Server, Stage> {
  readonly server: Server;
  readonly stages: Map<ParticipantId, Stage>;
}

/** What a participant does with its stage, and what the coordinator does with the message. */
interface StepOf<Stage, Next, Message> {
  take(stage: Stage, member: Member): { readonly next: Next; readonly message: Message };
  deliver(message: Message, member: Member): void;
}
