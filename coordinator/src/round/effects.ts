import type { ParticipantId, SumVerifier, UnmaskingJob } from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import type { ActiveRound } from "./active-round.ts";
import type { OuterState } from "./aggregating.ts";
import type { EncryptedAccumulator } from "./encrypted-accumulator.ts";
import type { Instruction } from "./instruction.ts";

/** What the round does outside itself. */
export interface RoundEffects {
  readonly clock: Clock;
  /** Hands a participant an instruction; nothing happens when it is not connected (it asks again when it is). */
  send(participantId: ParticipantId, instruction: Instruction): void;
  /** Tells of a phase that began or a message that came. */
  progressed(round: ActiveRound): void;
  /** Tells how long a phase took. */
  phaseEnded(phase: string, seconds: number): void;
  /** Runs a job, in place. Rejects with the signal's reason. */
  unmask(job: UnmaskingJob, signal: AbortSignal): Promise<void>;
  /** Reads the model that the round trains from, and the outer optimiser's state. */
  loadParent(): Promise<OuterState>;
  /** Checks the sum against the survivors' commitments. */
  readonly sumVerifier: SumVerifier;
  /** Adds up the updates of an encrypted round. */
  readonly accumulator: EncryptedAccumulator;
}
