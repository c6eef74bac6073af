import type { StepName } from "../session/instruction.ts";

/** A step of a masked round. */
export type MaskedStep = Exclude<StepName, "open-sum">;

/** The steps of a masked round in their order. */
export const MASKED_STEPS: readonly MaskedStep[] = [
  "invitation",
  "train",
  "advertise-keys",
  "share-keys",
  "upload",
  "confirm-survivors",
  "reveal",
];
