import type { OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import {
  requireAmong,
  requireEnough,
  requireExactly,
  requireFirst,
  requireLength,
} from "./checks.ts";
import type { CollectedRound } from "./collected-round.ts";
import { MaskSet } from "./mask-set.ts";
import type { ParticipantId, RevealedShare, RevealedShares, SurvivorAck } from "./messages.ts";
import { RevealedSecrets } from "./revealed-secrets.ts";
import { SingleUse } from "./single-use.ts";
import { runUnmasking, type UnmaskingJob } from "./unmasking-job.ts";

/** The server's last stage: shares come in until the survivors' sum, and nothing else, can be unmasked. */
export class Unmasking {
  /** Sorted by id. */
  readonly acks: readonly SurvivorAck[];
  readonly #round: CollectedRound;
  readonly #survivors: ReadonlySet<ParticipantId>;
  readonly #dropouts: ReadonlySet<ParticipantId>;
  readonly #revealed = new Map<ParticipantId, RevealedShares>();
  readonly #sum: SingleUse<Uint32Array>;

  /** Takes `sum` over: shape `[vectorLength(dimension)]`, of the survivors' masked updates. */
  constructor(round: CollectedRound, acks: readonly SurvivorAck[], sum: Uint32Array) {
    this.acks = acks;
    this.#round = round;
    this.#survivors = new Set(round.survivors.map(({ participantId }) => participantId));
    this.#dropouts = new Set(round.sharers.filter((id) => !this.#survivors.has(id)));
    this.#sum = new SingleUse(sum);
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#revealed.keys());
  }

  /** Whether enough have revealed. */
  get canClose(): boolean {
    return this.#revealed.size >= this.#round.context.config.threshold;
  }

  /**
   * Takes one survivor's shares. Throws {@link MaskingError} and changes nothing unless they are its first, and exactly
   * one self-mask share for each survivor and one mask-key share for each dropout.
   */
  reveal(from: ParticipantId, shares: RevealedShares): void {
    requireAmong([from], this.#survivors, "survivors");
    requireFirst(this.#revealed, from, "shares");
    const { selfMaskShares, maskKeyShares } = shares;
    const owners = (revealed: readonly RevealedShare[]) => revealed.map(({ owner }) => owner);
    const what = `shares that ${from} reveals`;
    requireExactly(owners(selfMaskShares), this.#survivors, "wrong-shares", `self-mask ${what}`);
    requireExactly(owners(maskKeyShares), this.#dropouts, "wrong-shares", `mask-key ${what}`);
    for (const { share } of [...selfMaskShares, ...maskKeyShares]) {
      requireLength(share, 32, "revealed share", from);
    }
    this.#revealed.set(from, shares);
  }

  /**
   * The sum of the survivors' encoded updates in Z_2^32; shape `[vectorLength(dimension)]`. Throws {@link MaskingError}
   * `too-few` when fewer than `threshold` have revealed; `bad-share` naming the owner of a secret that the revealed
   * shares do not rebuild; `stage-used` the second time.
   */
  close(openKernels: OpenKernels = openFastKernels): Uint32Array {
    const job = this.closeAsJob();
    runUnmasking(job, openKernels);
    return job.words;
  }

  /** What {@link close} would do, as a job that threads can share: its words become the sum. Throws as {@link close} does. */
  closeAsJob(): UnmaskingJob {
    const { threshold } = this.#round.context.config;
    this.#sum.get();
    requireEnough(this.#revealed.size, threshold, "participants that revealed shares");
    using masks = this.#masksInSum();
    return { firstWord: 0, words: this.#sum.take(), masks: masks.seeds() };
  }

  /** What is left in the sum: every survivor's self mask, and its pairwise masks with every dropout. */
  #masksInSum(): MaskSet {
    const secrets = new RevealedSecrets(this.#round, this.#revealed);
    const selfMasks = [...this.#survivors].map((owner) => secrets.selfMask(owner));
    const pairwise = [...this.#dropouts].flatMap((dropout) =>
      secrets.pairwiseMasks(dropout, this.#survivors),
    );
    return new MaskSet([...selfMasks, ...pairwise]);
  }
}
