import { type Plan, parsePlan } from "@chorus/aggregation";
import { CliError } from "../cli-error.ts";

/** How the demo's updates are to be protected. */
export interface ProtectionChoice {
  /** Undefined: as the plan says. */
  readonly protection: "masking" | "he" | undefined;
  /** Undefined: as the plan says, 8 where it says nothing of it. */
  readonly valueBits: 8 | 15 | 16 | undefined;
}

/**
 * The plan with the protection that was chosen; the bounds of an update stay. Throws {@link CliError} `wrong-usage` where
 * value bits were chosen for updates that are not encrypted, and PlanError where the plan cannot be protected so.
 */
export function protectedPlan(plan: Plan, { protection, valueBits }: ProtectionChoice): Plan {
  const { clippingNorm, maxExamples } = plan.protection;
  const kind = protection ?? plan.protection.kind;
  if (kind === "he") {
    const planned = plan.protection.kind === "he" ? plan.protection.valueBits : 8;
    const bits = valueBits ?? planned;
    return withProtection(plan, { kind, valueBits: bits, clippingNorm, maxExamples });
  }
  if (valueBits === undefined)
    return withProtection(plan, { kind: "masking", clippingNorm, maxExamples });
  throw new CliError(
    "wrong-usage",
    `--value-bits ${valueBits} is of encrypted updates, and these are masked only`,
    "Choose --protection he with it.",
  );
}

function withProtection(plan: Plan, protection: Plan["protection"]): Plan {
  return parsePlan({ ...plan, protection });
}
