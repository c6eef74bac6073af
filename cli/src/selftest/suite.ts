import { openCommitmentScheme } from "@chorus/aggregation";
import { type Guard, strictGuard } from "@chorus/aggregation/primitives";
import { permissiveGuard } from "@chorus/aggregation/testing/permissive-guard";
import { CliError } from "../cli-error.ts";
import type { Attack, Outcome, ReleasedBytes, Setting } from "./attack.ts";
import { WireLab } from "./wire/lab.ts";

/** What became of one attack and of its control. */
export interface Finding {
  readonly attack: string;
  readonly by: Attack["by"];
  readonly wants: string;
  readonly expected: string;
  readonly got: string;
  /** Measured, of the attack itself. */
  readonly secretBytesReleased: ReleasedBytes;
  readonly control: {
    readonly kind: Attack["control"]["kind"];
    /** Whether the attack, or the sound message, reached its goal. */
    readonly wentThrough: boolean;
    /** Measured, with the check off: how much the check keeps from being released. */
    readonly secretBytesReleased: ReleasedBytes;
  };
  /** Whether the attack was refused as expected, released nothing and got nothing. */
  readonly isRefused: boolean;
  /** Whether it was, and its control went through. */
  readonly holds: boolean;
}

/** All findings, and what they come to. */
export interface SelftestReport {
  readonly holds: boolean;
  readonly refused: number;
  readonly secretBytesReleased: number;
  readonly controlsThrough: number;
  readonly findings: readonly Finding[];
}

/** One attack takes milliseconds; those over the wire share a round of some seconds. */
const ATTACK_MS = 60_000;

/** Tells that an attack begins. */
export type Progress = (attack: Attack, index: number) => void;

/**
 * Runs every attack, and its control, one after the other. `guard`: of the attacks themselves; whoever hands in another than
 * the strict one wants to see the suite fail. Rejects with {@link CliError} `timed-out`, and with the signal's reason.
 */
export async function runAttacks(
  attacks: readonly Attack[],
  onBegin: Progress,
  signal: AbortSignal,
  guard: Guard = strictGuard,
): Promise<SelftestReport> {
  await using wire = new WireLab();
  const scheme = openCommitmentScheme();
  const findings: Finding[] = [];
  for (const [index, attack] of attacks.entries()) {
    signal.throwIfAborted();
    onBegin(attack, index);
    const setting = { guard, scheme, wire };
    const outcome = await inTime(attack, signal, (limit) => attack.run(setting, limit));
    const strict = { ...setting, guard: strictGuard };
    const control = await inTime(attack, signal, (limit) => runControl(attack, strict, limit));
    findings.push(findingOf(attack, outcome, control));
  }
  return reportOf(findings);
}

/** The attacks whose name has this in it, in whatever case. Throws {@link CliError} `wrong-usage` when none has, or for a blank. */
export function attacksNamed(attacks: readonly Attack[], part: string): readonly Attack[] {
  const wanted = part.trim().toLowerCase();
  const named = attacks.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (wanted !== "" && named.length > 0) return named;
  throw new CliError("wrong-usage", `no attack has "${part}" in its name`, "See the whole table.");
}

/** Throws {@link CliError} `unhealthy`, naming the first attack that went otherwise than it must. */
export function requireThatAttacksFail({ findings }: SelftestReport): void {
  const wrong = findings.filter(({ holds }) => !holds);
  const [first] = wrong;
  if (first === undefined) return;
  const others = wrong.length === 1 ? "" : `, and ${wrong.length - 1} more`;
  throw new CliError(
    "unhealthy",
    `the selftest FAILS: ${first.attack}${others}`,
    "Do not take part in rounds with this version.",
  );
}

/** Rejects with {@link CliError} `timed-out` when an attack waits for what does not come. */
async function inTime(
  { name }: Attack,
  signal: AbortSignal,
  run: (limit: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const limit = AbortSignal.timeout(ATTACK_MS);
  try {
    return await run(AbortSignal.any([signal, limit]));
  } catch (cause) {
    if (!limit.aborted) throw cause;
    const message = `"${name}" took longer than ${ATTACK_MS / 1000} s`;
    throw new CliError("timed-out", message, "Try again on a machine that has less to do.", {
      cause,
    });
  }
}

function runControl(attack: Attack, setting: Setting, signal: AbortSignal): Promise<Outcome> {
  const { control } = attack;
  if (control.kind !== "check off") return control.run(setting, signal);
  return attack.run({ ...setting, guard: permissiveGuard(...control.codes) }, signal);
}

function findingOf(attack: Attack, outcome: Outcome, control: Outcome): Finding {
  const { name, by, wants, expected } = attack;
  const { got, releasedBytes, isGoalReached } = outcome;
  const isRefused = got === expected && (releasedBytes ?? 0) === 0 && !isGoalReached;
  return {
    attack: name,
    by,
    wants,
    expected,
    got,
    secretBytesReleased: releasedBytes,
    control: {
      kind: attack.control.kind,
      wentThrough: control.isGoalReached,
      secretBytesReleased: control.releasedBytes,
    },
    isRefused,
    holds: isRefused && control.isGoalReached,
  };
}

function reportOf(findings: readonly Finding[]): SelftestReport {
  return {
    holds: findings.every(({ holds }) => holds),
    refused: findings.filter(({ isRefused }) => isRefused).length,
    secretBytesReleased: findings.reduce((sum, it) => sum + (it.secretBytesReleased ?? 0), 0),
    controlsThrough: findings.filter(({ control }) => control.wentThrough).length,
    findings,
  };
}
