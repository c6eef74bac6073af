import type { MaskSeeds } from "@chorus/aggregation";
import type { HeErrorCode, HeParameters } from "@chorus/aggregation/he";
import type { Checked, Ciphertexts } from "../round/encrypted-accumulator.ts";

/** What a sum's thread is started with. */
export interface SumTask {
  readonly parameters: HeParameters;
  /** Values that each participant encrypts. */
  readonly valueCount: number;
}

/** What the thread is asked for; it answers one after the other, each with the request's id. An error ends it. */
export type SumRequest =
  | { readonly kind: "check"; readonly id: number; readonly ciphertexts: Ciphertexts }
  | { readonly kind: "add"; readonly id: number; readonly ciphertexts: Checked }
  | { readonly kind: "take-off"; readonly id: number; readonly masks: MaskSeeds };

/** What the thread answers. */
export type SumAnswer =
  | { readonly kind: "checked"; readonly id: number; readonly checked: Checked | HeRefusal }
  | { readonly kind: "added"; readonly id: number; readonly seconds: number }
  | {
      readonly kind: "taken-off";
      readonly id: number;
      readonly encryptedSum: Uint8Array<ArrayBuffer>;
    };

/** What an HeError says: a thread's errors lose their class on the way. */
export interface HeRefusal {
  readonly code: HeErrorCode;
  readonly message: string;
}
