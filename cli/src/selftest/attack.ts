import type { CommitmentScheme, MaskingErrorCode } from "@chorus/aggregation";
import type { Guard } from "@chorus/aggregation/primitives";
import type { WireLab } from "./wire/lab.ts";

/** What an attack on the masked exchange runs with. */
export interface ExchangeSetting {
  /** Decides what becomes of the checks of everybody who is honest. */
  readonly guard: Guard;
  /** What honest participants commit with. */
  readonly scheme: CommitmentScheme;
}

/** What every attack runs with. */
export interface Setting extends ExchangeSetting {
  /** For attacks over the wire. */
  readonly wire: WireLab;
}

/**
 * Bytes that the attackers have computed of what the victim must keep to itself; null where it has opened no key book, and
 * so has neither sealed nor masked anything: there is nothing to compute from.
 */
export type ReleasedBytes = number | null;

/** How an attack ended, as measured. */
export interface Outcome {
  /** The code of the check that stopped it; {@link ACCEPTED} when none did. */
  readonly got: string;
  /** As measured. */
  readonly releasedBytes: ReleasedBytes;
  /** Whether the attackers have what they want. */
  readonly isGoalReached: boolean;
}

/** What the attack is told when nobody objects. */
export const ACCEPTED = "accepted";

/**
 * How it is shown that an attack would succeed if it were not for the check: the same attack with the checks of these codes
 * off, or, where no check can be switched off, the same message without its defect, which must be taken.
 */
export type Control =
  | { readonly kind: "check off"; readonly codes: readonly MaskingErrorCode[] }
  | {
      /** Or the same attack on a participant that has lost its journal. */
      readonly kind: "sound message" | "journal removed";
      run(setting: Setting, signal: AbortSignal): Promise<Outcome>;
    };

/** One scripted attack on the code that runs in production. */
export interface Attack {
  /** Distinct. */
  readonly name: string;
  readonly by: "coordinator" | "participant";
  /** What the attacker is after. */
  readonly wants: string;
  /** The code with which it is refused. */
  readonly expected: string;
  readonly control: Control;
  run(setting: Setting, signal: AbortSignal): Promise<Outcome>;
}

/** An attack whose control is the same one with the check that refuses it off. */
export interface CheckedAttack {
  readonly name: string;
  readonly wants: string;
  readonly expected: MaskingErrorCode;
  /** Checks that stand behind that one, and are off in the control as well. */
  readonly alsoOff?: readonly MaskingErrorCode[];
  run(setting: ExchangeSetting): Outcome;
}

/** Such an attack by a lying coordinator, or, where it says so, by a participant. */
export function checked(attack: CheckedAttack, by: Attack["by"] = "coordinator"): Attack {
  const { name, wants, expected, alsoOff = [] } = attack;
  return {
    name,
    by,
    wants,
    expected,
    control: { kind: "check off", codes: [expected, ...alsoOff] },
    run: async (setting) => attack.run(setting),
  };
}
