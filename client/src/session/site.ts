import type { Identity, RandomSource, SumVerifier, VectorCommitter } from "@chorus/aggregation";
import type { Logger } from "pino";
import type { Sleep } from "../backoff.ts";
import type { CipherThreads } from "../he/cipher-threads.ts";
import type { Journal } from "../journal/journal.ts";
import type { ModelStore } from "../models/model-store.ts";
import type { Auditor } from "../transcript/auditor.ts";
import type { Uplink } from "../uplink.ts";
import type { Trainers } from "./trainers.ts";

/** The least that this site insists on, whatever a plan says. */
export interface Floors {
  /** Fewest updates in a sum that this site's update may be part of. */
  readonly minSurvivors: number;
}

/** What a site brings to every round. */
export interface Site {
  readonly identity: Identity;
  readonly floors: Floors;
  readonly trainers: Trainers;
  readonly uplink: Uplink;
  /** Has every answer of a masked exchange before it leaves. */
  readonly journal: Journal;
  /** Has the models of encrypted runs. */
  readonly models: ModelStore;
  /** Encrypts, and opens sums, on threads of their own. */
  readonly ciphers: CipherThreads;
  /** Commits to what is masked, and verifies the published sum. */
  readonly commitments: VectorCommitter & SumVerifier;
  /** Has a say before every round. */
  readonly auditor: Auditor;
  /** For keys, shares, nonces and rounding: must be secret. */
  readonly random: RandomSource;
  readonly sleep: Sleep;
  readonly log: Logger;
}
