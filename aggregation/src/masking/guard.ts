import type { MaskingError, MaskingErrorCode } from "./error.ts";

/**
 * What becomes of a check that failed. Code alone can hand in another guard than {@link strictGuard}, which is the default
 * everywhere: no configuration, environment or command line reaches it.
 */
export interface Guard {
  /** Throws the error, unless the guard was told to let it pass: in tests of what the check protects against. */
  refuse(error: MaskingError): void;
  /** Whether errors with this code pass. */
  permits(code: MaskingErrorCode): boolean;
}

/** The guard of everything but such tests: nothing passes. */
export const strictGuard: Guard = {
  refuse(error): never {
    throw error;
  },
  permits: () => false,
};
