import type { MaskingErrorCode } from "../error.ts";
import { type Guard, strictGuard } from "../guard.ts";

/** Lets checks with these codes pass, so that a test can show what they protect against. For tests alone. */
export function permissiveGuard(...permitted: readonly MaskingErrorCode[]): Guard {
  const permits = (code: MaskingErrorCode) => permitted.includes(code);
  return {
    permits,
    refuse(error) {
      if (!permits(error.code)) strictGuard.refuse(error);
    },
  };
}
