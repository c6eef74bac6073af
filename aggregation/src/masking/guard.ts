import type { MaskingError } from "./error.ts";

/** What becomes of a check that failed. */
export interface Guard {
  /** Throws the error, unless the guard was told to let it pass: in tests of what the check protects against. */
  refuse(error: MaskingError): void;
}

/** The guard of everything but such tests: nothing passes. */
export const strictGuard: Guard = {
  refuse(error): never {
    throw error;
  },
};
