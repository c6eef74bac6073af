import type { RandomSource, SumVerifier, UnmaskingJob } from "@chorus/aggregation";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { RoundMetrics } from "../metrics.ts";
import type { Sessions } from "../participants/sessions.ts";
import type { BlobStore, Store } from "../store/store.ts";
import type { RunFeed } from "./feed.ts";

/** Opens sums. */
export interface Unmasker {
  /** Takes the masks off a job's words, in place. Rejects with the signal's reason. */
  run(job: UnmaskingJob, signal: AbortSignal): Promise<void>;
}

/** What a run needs from the coordinator. */
export interface RunDependencies {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly sessions: Sessions;
  readonly feed: RunFeed;
  readonly metrics: RoundMetrics;
  readonly log: Logger;
  readonly unmasking: Unmasker;
  /** What the threads of encrypted sums run. */
  readonly sumScript: URL;
  /** Checks rounds' sums against their participants' commitments. */
  readonly sumVerifier: SumVerifier;
  /** A round was completed: there is something for the ledger. */
  readonly completed: () => void;
  /** Why the ledger takes nothing; "" when it does. */
  readonly ledgerProblem: () => string;
}
