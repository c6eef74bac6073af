/** What a check of this machine found. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  /** What was found, for people. */
  readonly found: string;
  /** What to do; empty when all is well. */
  readonly advice: string;
}

/** A look at one thing. Never throws for what it finds, only the signal's reason. */
export type Check = (signal: AbortSignal) => Promise<Finding>;

export function ok(check: string, found: string): Finding {
  return { check, status: "ok", found, advice: "" };
}

export function warn(check: string, found: string, advice: string): Finding {
  return { check, status: "warn", found, advice };
}

export function fail(check: string, found: string, advice: string): Finding {
  return { check, status: "fail", found, advice };
}
