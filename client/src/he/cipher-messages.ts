import type { EncryptionJob } from "@chorus/aggregation";
import type { HeErrorCode, HeParameters } from "@chorus/aggregation/he";

/** What a cipher's thread is told, the key first. Its buffers become the thread's. */
export type CipherRequest =
  | {
      readonly kind: "open";
      readonly parameters: HeParameters;
      readonly keySeed: EncryptionJob["keySeed"];
    }
  | ({ readonly kind: "encrypt"; readonly id: number } & Pick<EncryptionJob, "values" | "masks">)
  | {
      readonly kind: "open-sum";
      readonly id: number;
      readonly encryptedSum: Uint8Array<ArrayBuffer>;
      readonly valueCount: number;
      readonly survivors: number;
    }
  /** Wipes the key; the thread ends. */
  | { readonly kind: "close" };

/** What a cipher's thread says to a request: bytes of ciphertexts or words of a sum, or why there are none. */
export type CipherAnswer =
  | { readonly id: number; readonly result: Uint8Array | Uint32Array }
  | { readonly id: number; readonly code: HeErrorCode; readonly message: string };
