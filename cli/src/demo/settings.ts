/** The demo's participants. */
export const participantNames = ["alice", "bob", "carol", "dave"] as const;

/** What the demo does besides the plan. */
export interface DemoSettings {
  /** Concentration of the Dirichlet partition. */
  readonly alpha: number;
  /** Every participant gets at least this many digits. */
  readonly minimumExamples: number;
  /** Who is killed. */
  readonly victim: string;
  /** In which round, as soon as its training begins. */
  readonly killInRound: number;
  /** A demo that has not ended by then is stuck. */
  readonly timeoutMs: number;
}

/**
 * Half a concentration gives every participant a few digits in plenty and a few hardly at all. The third round leaves time
 * to come back.
 */
export const demoSettings: DemoSettings = {
  alpha: 0.5,
  minimumExamples: 4000,
  victim: "carol",
  killInRound: 3,
  timeoutMs: 300_000,
};
