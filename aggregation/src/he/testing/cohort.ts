import type { MaskSeeds } from "../../masking/mask-set.ts";
import { seedOf } from "./round.ts";

/**
 * For tests: masks as SA-1 agrees on them, pairwise ones and a self mask for each participant, and what is left of them in
 * the survivors' sum.
 */
export class MaskedCohort {
  readonly #members: readonly number[];

  constructor(members: readonly number[]) {
    this.#members = members;
  }

  /** What a participant puts on its values. */
  masksOf(member: number): MaskSeeds {
    const peers = this.#members.filter((peer) => peer !== member);
    const pairwise = (of: readonly number[]) => of.map((peer) => pairSeed(member, peer));
    return {
      added: together([selfSeed(member), ...pairwise(peers.filter((peer) => peer > member))]),
      subtracted: together(pairwise(peers.filter((peer) => peer < member))),
    };
  }

  /** What the coordinator takes off the survivors' sum: their self masks, and dropouts' pairwise ones. */
  leftOver(survivors: readonly number[]): MaskSeeds {
    const lost = this.#members.filter((member) => !survivors.includes(member));
    const pairs = survivors.flatMap((i) => lost.map((j) => [i, j] as const));
    const seeds = (of: typeof pairs) => of.map(([i, j]) => pairSeed(i, j));
    return {
      added: together([...survivors.map(selfSeed), ...seeds(pairs.filter(([i, j]) => i < j))]),
      subtracted: together(seeds(pairs.filter(([i, j]) => i > j))),
    };
  }
}

function selfSeed(member: number): Uint8Array {
  return seedOf(`self mask of ${member}`);
}

function pairSeed(i: number, j: number): Uint8Array {
  return seedOf(`mask between ${Math.min(i, j)} and ${Math.max(i, j)}`);
}

function together(seeds: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(seeds));
}
