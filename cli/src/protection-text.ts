import type { Plan } from "@chorus/aggregation";

/** How updates are protected, in a few words: "masking", "homomorphic encryption over masks, 8 bits a value". */
export function formatProtection(protection: Plan["protection"]): string {
  if (protection.kind === "masking") return "masking";
  return `homomorphic encryption over masks, ${protection.valueBits} bits a value`;
}

/** Where people find the models of an encrypted run, which its coordinator does not have. */
export const whereModelsAre =
  "at the participants: `chorus participant model` writes one to a file";
