import { ClientError } from "../error.ts";
import type { Answer } from "./answer.ts";
import type { InstructionFor, StepInstruction, StepName } from "./instruction.ts";

/**
 * Where a participant stands in a round. Each stage knows the one instruction that comes next. Disposal wipes what the
 * stage holds; a stage that was left has handed its secrets on or wiped them.
 */
export interface Stage extends Disposable {
  /**
   * Does what the instruction asks. Throws {@link ClientError} `protocol` for another instruction than the next, and
   * whatever doing it throws; the round is lost then.
   */
  next(instruction: StepInstruction, signal: AbortSignal): Promise<Step> | Step;
}

/** A step taken: where it leads and what to answer. */
export interface Step {
  readonly stage: Stage;
  readonly answer: Answer;
  /** What the log may say about it. */
  readonly log?: Readonly<Record<string, number | string>>;
  /** What the log says once the answer has arrived, where that is not what a masked round says of this step. */
  readonly sentence?: string;
}

/** The instruction, when it is of the wanted kind. Throws {@link ClientError} `protocol` otherwise. */
export function wanted<Name extends StepName>(
  instruction: StepInstruction,
  kind: Name,
): InstructionFor<Name> {
  if (!isOf(instruction, kind))
    throw new ClientError("protocol", `got the instruction ${instruction.kind}, wanted ${kind}`);
  return instruction;
}

function isOf<Name extends StepName>(
  instruction: StepInstruction,
  kind: Name,
): instruction is InstructionFor<Name> {
  return instruction.kind === kind;
}
