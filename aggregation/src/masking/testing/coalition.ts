import type { Identity } from "../../identity.ts";
import { addRing } from "../../vector.ts";
import { selfMaskCommitmentOf } from "../advertisement.ts";
import type { ExchangeContext } from "../exchange-context.ts";
import { AgreementKey } from "../key-agreement.ts";
import { MaskSet } from "../mask-set.ts";
import { type MaskStream, pairwiseMask, selfMask } from "../mask-stream.ts";
import type { ParticipantId, RevealedShares, SealedShare } from "../messages.ts";
import { RoundKeys } from "../round-keys.ts";
import { openShare, sealingKey } from "../sealing.ts";
import { combineShares, type ShamirShare } from "../shamir.ts";
import { combinations } from "./combinations.ts";
import { Memory } from "./memory.ts";
import { secretsOf } from "./round.ts";

/** The two secrets of a participant that others have shares of. */
type SecretKind = keyof RevealedShares;

/** For tests: what a coordinator and the participants that side with it have of one round. */
export interface CoalitionView {
  readonly colluders: readonly Identity[];
  /** All sealed shares, by sender: the coordinator relays them. */
  readonly sealed: ReadonlyMap<ParticipantId, readonly SealedShare[]>;
  /** Masked vectors that reached the coordinator, in time or too late, by sender. */
  readonly uploads: ReadonlyMap<ParticipantId, Uint32Array>;
  /** What others revealed to the coordinator. */
  readonly revealed: ReadonlyMap<ParticipantId, RevealedShares>;
}

/**
 * For tests: a coordinator and colluders that put together all they have, and take off other participants' vectors every
 * mask that they can rebuild.
 */
export class Coalition {
  readonly #workshop: Workshop;
  readonly #view: CoalitionView;
  readonly #keys: ReadonlyMap<ParticipantId, RoundKeys>;
  readonly #rebuilt = new Memory<Uint8Array | undefined>();

  constructor(workshop: Workshop, view: CoalitionView) {
    this.#workshop = workshop;
    this.#view = view;
    this.#keys = new Map(
      view.colluders.map((colluder) => [colluder.participantId, workshop.keysOf(colluder)]),
    );
  }

  /** Honest participants whose vectors the coalition has. */
  get victims(): ParticipantId[] {
    return [...this.#view.uploads.keys()].filter((id) => !this.#keys.has(id));
  }

  /** Names of the masks on a vector that the coalition can rebuild, and how to. */
  knownMasks(owner: ParticipantId): Map<string, () => MaskStream> {
    const { context } = this.#workshop;
    const known = new Map<string, () => MaskStream>();
    const seed = this.#rebuild(owner, "selfMaskShares");
    if (seed !== undefined) {
      known.set(`of ${owner}`, () => selfMask(context, seed, owner, "take-off"));
    }
    for (const peer of this.#view.sealed.keys()) {
      if (peer === owner) continue;
      const agree = this.#pairwiseSecret(owner, peer) ?? this.#pairwiseSecret(peer, owner);
      if (agree === undefined) continue;
      known.set(`of ${owner} with ${peer}`, () =>
        pairwiseMask(context, agree(), owner, peer, "take-off"),
      );
    }
    return known;
  }

  /** A vector that the coalition has, without the masks that it can rebuild. */
  strip(owner: ParticipantId): Uint32Array {
    const upload = this.#view.uploads.get(owner);
    if (upload === undefined) throw new Error(`the coalition has no vector of ${owner}`);
    const stripped = upload.slice();
    for (const [name, mask] of this.knownMasks(owner)) {
      addRing(stripped, this.#workshop.expand(name, mask, stripped.length));
    }
    return stripped;
  }

  /** How to agree with `peer` in the place of `owner`; undefined unless the coalition has the owner's mask key. */
  #pairwiseSecret(owner: ParticipantId, peer: ParticipantId) {
    const peerKey = this.#workshop.context.entryOf(peer).maskKey;
    const own = this.#keys.get(owner);
    if (own !== undefined) return () => own.mask.agree(peer, peerKey);
    const seed = this.#rebuild(owner, "maskKeyShares");
    return seed && (() => new AgreementKey(seed).agree(peer, peerKey));
  }

  #rebuild(owner: ParticipantId, kind: SecretKind): Uint8Array | undefined {
    return this.#rebuilt.get(`${owner} ${kind}`, () =>
      this.#workshop.rebuild(owner, kind, this.#sharesOf(owner, kind)),
    );
  }

  #sharesOf(owner: ParticipantId, kind: SecretKind): Map<number, Uint8Array> {
    const { context } = this.#workshop;
    const shares = new Map<number, Uint8Array>();
    for (const [from, revealed] of this.#view.revealed) {
      const found = revealed[kind].find((entry) => entry.owner === owner);
      if (found !== undefined) shares.set(context.shareIndexOf(owner, from), found.share);
    }
    for (const sealed of this.#view.sealed.get(owner) ?? []) {
      const keys = this.#keys.get(sealed.to);
      if (keys === undefined) continue;
      const both = this.#workshop.open(keys, sealed);
      const share = kind === "selfMaskShares" ? both.subarray(0, 32) : both.subarray(32, 64);
      shares.set(context.shareIndexOf(owner, sealed.to), share);
    }
    return shares;
  }
}

/** What coalitions under one key book compute, remembered: each gets only what it asks for with all it takes. */
export class Workshop {
  readonly context: ExchangeContext;
  readonly #keys = new Memory<RoundKeys>();
  readonly #opened = new Memory<Uint8Array>();
  readonly #rebuilt = new Memory<Uint8Array | undefined>();
  readonly #expanded = new Memory<Uint32Array>();

  constructor(context: ExchangeContext) {
    this.context = context;
  }

  /** A colluder's secrets for the round. */
  keysOf(colluder: Identity): RoundKeys {
    return this.#keys.get(colluder.participantId, () => {
      return new RoundKeys(secretsOf(colluder).random);
    });
  }

  /** A share that was sealed for the owner of `keys`. */
  open(keys: RoundKeys, sealed: SealedShare): Uint8Array {
    const { from, to } = sealed;
    return this.#opened.get(`${from} ${to}`, () => {
      const secret = keys.encryption.agree(from, this.context.entryOf(from).encryptionKey);
      return openShare(sealingKey(secret, this.context, from, to), this.context, sealed);
    });
  }

  /** A secret that some of these shares, by coordinate, rebuild; undefined when no combination of them does. */
  rebuild(
    owner: ParticipantId,
    kind: SecretKind,
    shares: ReadonlyMap<number, Uint8Array>,
  ): Uint8Array | undefined {
    const key = `${owner} ${kind} ${[...shares.keys()].toSorted()}`;
    return this.#rebuilt.get(key, () => {
      const all = [...shares].map(([index, share]): ShamirShare => ({ index, share }));
      const size = Math.min(all.length, this.context.config.threshold);
      if (size === 0) return undefined;
      const secrets = combinations(all, size).map(combineShares);
      return secrets.find((secret) => this.#isAdvertised(owner, kind, secret));
    });
  }

  /** A mask's words from the first on. `name`: the mask's, under this key book. */
  expand(name: string, mask: () => MaskStream, words: number): Uint32Array {
    return this.#expanded.get(name, () => {
      const expanded = new Uint32Array(words);
      new MaskSet([mask()]).applyTo(expanded);
      return expanded;
    });
  }

  #isAdvertised(owner: ParticipantId, kind: SecretKind, secret: Uint8Array): boolean {
    const { maskKey, selfMaskCommitment } = this.context.entryOf(owner);
    if (kind === "maskKeyShares") {
      return Buffer.compare(new AgreementKey(secret).publicKey, maskKey) === 0;
    }
    const commitment = selfMaskCommitmentOf(this.context.round, owner, secret);
    return Buffer.compare(commitment, selfMaskCommitment) === 0;
  }
}
