import type { OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import type { EncryptedTranscript, MaskedTranscript } from "../transcript/transcript.ts";
import {
  refuseShortage,
  requireAmong,
  requireExactly,
  requireFirst,
  requireLength,
} from "./checks.ts";
import type { CollectedRound } from "./collected-round.ts";
import { requireEncrypted, requireMasked } from "./config.ts";
import { encryptedSumBytes } from "./encryption.ts";
import { MaskingError } from "./error.ts";
import type { Holders } from "./holders.ts";
import { type MaskSeeds, MaskSet } from "./mask-set.ts";
import type { ParticipantId, RevealedShare, RevealedShares, SurvivorAck } from "./messages.ts";
import { RevealedSecrets } from "./revealed-secrets.ts";
import { SingleUse } from "./single-use.ts";
import { runUnmasking, type UnmaskingJob } from "./unmasking-job.ts";
import { contentOf, randomnessOf, vectorLength } from "./update-vector.ts";

/** The server's last stage: shares come in until the survivors' sum, and nothing else, can be unmasked. */
export class Unmasking {
  /** Sorted by id. */
  readonly acks: readonly SurvivorAck[];
  readonly #round: CollectedRound;
  readonly #holders: Holders;
  readonly #revealed = new Map<ParticipantId, RevealedShares>();
  readonly #sum: SingleUse<Uint32Array>;

  /** Takes `sum` over: shape `[vectorLength(dimension)]`, of the survivors' masked updates; empty in an encrypted round. */
  constructor(
    round: CollectedRound,
    holders: Holders,
    acks: readonly SurvivorAck[],
    sum: Uint32Array,
  ) {
    this.acks = acks;
    this.#round = round;
    this.#holders = holders;
    this.#sum = new SingleUse(sum, round.context.guard);
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#revealed.keys());
  }

  /** What a survivor is shown: the signatures of those who hold shares of its secrets, whose shares it holds. */
  acksFor(id: ParticipantId): SurvivorAck[] {
    const { context } = this.#round;
    return this.acks.filter(({ participantId }) => context.isHolder(id, participantId));
  }

  /** Why the round could not go on if exactly these had delivered: what {@link close} throws. undefined when it could. */
  shortage(delivered: ReadonlySet<ParticipantId>): MaskingError | undefined {
    return this.#holders.shortage(delivered, "participants that revealed shares");
  }

  /**
   * Takes one survivor's shares. Throws {@link MaskingError} and changes nothing unless they are its first, and exactly
   * one self-mask share for each survivor and one mask-key share for each dropout in its neighbourhood.
   */
  reveal(from: ParticipantId, shares: RevealedShares): void {
    const { survivors, dropouts } = this.#holders;
    const { guard } = this.#round.context;
    requireAmong([from], survivors, "survivors", guard);
    requireFirst(this.#revealed, from, "shares", guard);
    const { selfMaskShares, maskKeyShares } = shares;
    const owners = (revealed: readonly RevealedShare[]) => revealed.map(({ owner }) => owner);
    const held = (ids: Iterable<ParticipantId>) => new Set(this.#holders.heldBy(from, ids));
    const what = `shares that ${from} reveals`;
    const requireOwners = (
      revealed: readonly RevealedShare[],
      wanted: Iterable<ParticipantId>,
      kind: string,
    ) => requireExactly(owners(revealed), held(wanted), "wrong-shares", `${kind} ${what}`, guard);
    requireOwners(selfMaskShares, survivors, "self-mask");
    requireOwners(maskKeyShares, dropouts, "mask-key");
    for (const { share } of [...selfMaskShares, ...maskKeyShares]) {
      requireLength(share, 32, "revealed share", from, guard);
    }
    this.#revealed.set(from, shares);
  }

  /**
   * The sum of the survivors' encoded updates in Z_2^32; shape `[vectorLength(dimension)]`. Throws {@link MaskingError}
   * `too-few`, naming whose secret could not be rebuilt, when fewer than `threshold` of its holders have revealed;
   * `bad-share` naming the owner of a secret that the revealed shares do not rebuild; `stage-used` the second time;
   * `wrong-protection` in an encrypted round.
   */
  close(openKernels: OpenKernels = openFastKernels): Uint32Array {
    const job = this.closeAsJob();
    runUnmasking(job, openKernels);
    return job.words;
  }

  /** What {@link close} would do, as a job that threads can share: its words become the sum. Throws as {@link close} does. */
  closeAsJob(): UnmaskingJob {
    requireMasked(this.#round.context.config);
    const masks = this.#takeOffSeeds();
    return { firstWord: 0, words: this.#sum.take(), masks };
  }

  /**
   * The masks that are in an encrypted round's sum, as their owners put them on: what is `added` must be subtracted. Secret.
   * Throws as {@link close} does, `wrong-protection` in a round that is not encrypted.
   */
  closeAsSeeds(): MaskSeeds {
    requireEncrypted(this.#round.context.config);
    const { added, subtracted } = this.#takeOffSeeds();
    this.#sum.take();
    return { added: subtracted, subtracted: added };
  }

  /**
   * The round for everybody to verify. `sum`: what {@link close} returned or the job's words became, over the same memory;
   * throws {@link MaskingError} `wrong-dimension` for another length, `wrong-protection` in an encrypted round.
   */
  transcriptOf(sum: Uint32Array): MaskedTranscript {
    const { context, survivors } = this.#round;
    const config = requireMasked(context.config);
    const wanted = vectorLength(config.dimension);
    if (sum.length !== wanted) {
      throw new MaskingError("wrong-dimension", `sum has ${sum.length} words, wanted ${wanted}`);
    }
    return {
      config,
      keyBook: context.keyBook,
      survivors,
      acks: this.acks,
      sum: contentOf(sum),
      randomness: randomnessOf(sum),
    };
  }

  /**
   * An encrypted round for its participants to open. `encryptedSum`: {@link encryptedSumBytes}, the masks of
   * {@link closeAsSeeds} taken off; throws {@link MaskingError} `wrong-dimension` for another length, `wrong-protection` in a
   * round that is not encrypted.
   */
  encryptedTranscript(encryptedSum: Uint8Array): EncryptedTranscript {
    const { context, survivors } = this.#round;
    const config = requireEncrypted(context.config);
    const wanted = encryptedSumBytes(config);
    if (encryptedSum.length !== wanted) {
      const message = `sum has ${encryptedSum.length} bytes, wanted ${wanted}`;
      throw new MaskingError("wrong-dimension", message);
    }
    const { keyBook } = context;
    return { config, keyBook, survivors, acks: this.acks, encryptedSum, reports: [] };
  }

  /** What takes the masks off the sum: to be added, and to be subtracted. */
  #takeOffSeeds(): MaskSeeds {
    this.#sum.get();
    refuseShortage(this.shortage(this.delivered), this.#round.context.guard);
    using masks = this.#masksInSum();
    return masks.seeds();
  }

  /** What is left in the sum: every survivor's self mask, and its pairwise masks with its neighbours that dropped out. */
  #masksInSum(): MaskSet {
    const { survivors, dropouts } = this.#holders;
    const secrets = new RevealedSecrets(this.#round.context, this.#revealed);
    const selfMasks = [...survivors].map((owner) => secrets.selfMask(owner));
    const pairwise = [...dropouts].flatMap((dropout) =>
      secrets.pairwiseMasks(dropout, this.#holders.heldBy(dropout, survivors)),
    );
    return new MaskSet([...selfMasks, ...pairwise]);
  }
}
