import {
  type MaskedRoundConfig,
  parseRoundConfig,
  serialiseRoundConfig,
} from "@chorus/aggregation";
import { ACCEPTED, type Attack, checked, type Outcome } from "./attack.ts";
import { LyingRound } from "./lying-round.ts";
import { Recovery } from "./recovery.ts";
import { roundOf } from "./round-plan.ts";

/** A coordinator that lies about the round's configuration, to everybody. */
export const configurationAttacks: readonly Attack[] = [
  checked({
    name: "lower the threshold",
    wants: "two colluders rebuild both halves",
    expected: "low-threshold",
    run(setting) {
      const round = new LyingRound(setting, { colluders: 2 });
      round.advertise((config) => ({ ...config, threshold: 2 }));
      round.shareKeys();
      round.upload();
      return released(round);
    },
  }),
  checked({
    name: "lower minSurvivors",
    wants: "the sum of the victim and two colluders",
    expected: "low-min-survivors",
    run(setting) {
      const round = new LyingRound(setting, { colluders: 2, minSurvivors: 4 });
      const kept = [round.victim, ...round.colluders].map(({ id }) => id);
      round.advertise((config) => ({ ...config, minSurvivors: 3 }));
      round.shareKeys();
      round.upload();
      round.confirm((survivors) => survivors.filter((it) => kept.includes(it.participantId)));
      round.reveal();
      return released(round);
    },
  }),
  checked({
    name: "different models: the others' has no gradients",
    wants: "a sum that is the victim's vector",
    expected: "wrong-parent-model",
    run(setting) {
      const round = new LyingRound(setting, { isDead: true });
      playThrough(round, (config) => ({ ...config, parentModelHash: "0d".repeat(32) }));
      return released(round);
    },
  }),
  checked({
    name: "drop to two neighbours, who collude",
    wants: "masks that colluders know",
    expected: "wrong-degree",
    run(setting) {
      const round = new LyingRound(setting);
      playThrough(round, (config) => ({ ...config, degree: 2 }));
      const { id } = round.victim;
      const beside = round.views.get(id)?.neighboursOf(id) ?? [];
      const colluders = round.members.filter((it) => beside.includes(it.id));
      const keys = colluders.map((it) => it.keysOf(round.exchange));
      return released(round, new Recovery(round, keys));
    },
  }),
  checked({
    name: "raise the clipping norm",
    wants: "an update longer than the plan allows",
    expected: "wrong-clipping-norm",
    alsoOff: ["wrong-scale"],
    run(setting) {
      const round = new LyingRound(setting, { clippingNorm: 1 });
      round.advertise((config) => ({ ...config, clippingNorm: 6 }));
      round.shareKeys();
      round.upload();
      return round.outcome(new Recovery(round).releasedBytes(), normOfVictim(round) > 1);
    },
  }),
  checked({
    name: "a scale without headroom",
    wants: "vectors whose sum wraps",
    expected: "no-headroom",
    run(setting) {
      const round = new LyingRound(setting, { clippingNorm: 64, peak: 60 });
      round.advertise((config) => ({ ...config, scaleBits: 24 }));
      round.shareKeys();
      round.upload();
      const isWrapped = Math.abs(sumOfFirstWords(round)) >= 2 ** 31;
      return round.outcome(new Recovery(round).releasedBytes(), isWrapped);
    },
  }),
  {
    name: "a wrong modulus: a ring of 16 bits",
    by: "coordinator",
    wants: "vectors whose sum wraps",
    expected: "bad-config",
    control: { kind: "sound message", run: async () => read((json) => json) },
    run: async () => read((json) => json.replace('"ringBits":32', '"ringBits":16')),
  },
];

/** A whole round after a lie about its configuration. */
function playThrough(
  round: LyingRound,
  lie: (config: MaskedRoundConfig) => MaskedRoundConfig,
): void {
  round.advertise(lie);
  round.shareKeys();
  round.upload();
  round.confirm();
  round.reveal();
}

/** The outcome of an attack whose goal is the victim's secret. */
export function released(round: LyingRound, recovery: Recovery = new Recovery(round)): Outcome {
  const releasedBytes = recovery.releasedBytes();
  return round.outcome(releasedBytes, (releasedBytes ?? 0) > 0);
}

/** The L2 norm of the update that is in the victim's vector; 0 when it has masked none. */
function normOfVictim({ bare, config, victim }: LyingRound): number {
  const words = new Int32Array(bare.get(victim.id)?.slice(0, config.dimension) ?? []);
  return Math.hypot(...words.map((word) => word)) / 2 ** config.scaleBits;
}

/** The sum, over the integers, of the first words of all uploaded vectors. */
function sumOfFirstWords({ bare }: LyingRound): number {
  return [...bare.values()].reduce((sum, words) => sum + ((words[0] ?? 0) | 0), 0);
}

/** What becomes of a configuration as it comes over the wire. */
function read(change: (json: string) => string): Outcome {
  const { config } = roundOf({});
  const got = codeOf(() => parseRoundConfig(change(serialiseRoundConfig(config))));
  return { got, releasedBytes: null, isGoalReached: got === ACCEPTED };
}

/** The code that is thrown. What has none is a bug. */
export function codeOf(act: () => unknown): string {
  try {
    act();
    return ACCEPTED;
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  }
}
