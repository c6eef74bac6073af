import { isDeepStrictEqual } from "node:util";
import type { Hash } from "@chorus/aggregation";
import type { Logger } from "pino";
import { ClientError } from "../error.ts";
import { entryOf } from "../journal/answer-entry.ts";
import { describeFailure, failureOf } from "../rpc/failure.ts";
import type { Answer } from "./answer.ts";
import { Unseen } from "./beginning.ts";
import { logDeparture, reasonOf } from "./departure.ts";
import { type Instruction, STEPS, type StepInstruction, type StepName } from "./instruction.ts";
import { leaving } from "./left.ts";
import { ModelGiver } from "./model-giver.ts";
import type { Site } from "./site.ts";
import type { Stage } from "./stage.ts";

/** What a round can be told, but for its end. */
export type RoundInstruction = Exclude<Instruction, { kind: "round-ended" }>;

/** Instructions that may wait to be carried out: more than an honest coordinator ever has open. */
const MAX_WAITING = 8;

/** What a round has around it. */
interface Surroundings {
  /** When the round before has let go of the trainer. */
  readonly after: Promise<void>;
  /** Is told why this participant can take part in no other round either. */
  fail(error: ClientError): void;
}

/**
 * One attempt at a round as this participant lives it: carries out one instruction after the other, sends each answer
 * until it has arrived, and leaves the round on the first error. Neither throws nor rejects.
 */
export class RoundSession {
  readonly roundId: Hash;
  readonly #site: Site;
  readonly #log: Logger;
  readonly #giver: ModelGiver;
  readonly #ending = new AbortController();
  /** Not carried out yet; the first one is under way. */
  readonly #waiting: RoundInstruction[] = [];
  #stage: Stage;
  /** The last step that was asked for, and what is said again when it is asked for again. */
  #answered: { readonly instruction: StepInstruction; readonly answer: Answer } | undefined;
  #work: Promise<void>;
  /** When what is done beside it has ended. */
  #asides: Promise<void> = Promise.resolve();
  readonly #fail: (error: ClientError) => void;

  constructor(roundId: Hash, site: Site, { after, fail }: Surroundings) {
    this.roundId = roundId;
    this.#site = site;
    this.#log = site.log.child({ roundId });
    this.#giver = new ModelGiver(site);
    this.#stage = new Unseen(this.#giver, site);
    this.#work = after;
    this.#fail = fail;
  }

  /** Takes an instruction of this round. The same one again while it is being carried out changes nothing. */
  receive(instruction: RoundInstruction): void {
    if (this.#waiting.some((waiting) => isSame(waiting, instruction))) {
      this.#handOverBeside(instruction);
      return;
    }
    if (this.#waiting.length === MAX_WAITING) {
      this.#log.warn({ instruction: instruction.kind }, "dropped an instruction, too many wait");
      return;
    }
    this.#waiting.push(instruction);
    this.#work = this.#work.then(() => this.#carryOut(instruction));
  }

  /** Does something when all that was told so far is carried out; it must neither throw nor reject. */
  afterwards(work: (signal: AbortSignal) => Promise<void>): void {
    this.#work = this.#work.then(() => work(this.#ending.signal));
  }

  /** Ends the round here: cancels what is under way, then wipes everything. */
  async end(): Promise<void> {
    this.#ending.abort(new DOMException("the round has ended", "AbortError"));
    await this.#work;
    await this.#asides;
    this.#stage[Symbol.dispose]();
  }

  async #carryOut(instruction: RoundInstruction): Promise<void> {
    const { signal } = this.#ending;
    try {
      signal.throwIfAborted();
      if (instruction.kind === "malformed") throw instruction.error;
      await this.#take(instruction, signal);
    } catch (error) {
      if (!signal.aborted) await this.#leave(error, signal);
    }
    this.#waiting.shift();
  }

  async #take(instruction: StepInstruction, signal: AbortSignal): Promise<void> {
    const last = this.#answered;
    const { kind } = instruction;
    if (last === undefined || isLater(kind, last.instruction.kind)) {
      await this.#advance(instruction, signal);
    } else if (isSame(instruction, last.instruction)) {
      this.#log.debug({ instruction: kind }, "asked again, answering the same");
      this.#handOverBeside(instruction);
      await this.#send(last.answer, signal);
    } else if (kind === last.instruction.kind) {
      throw new ClientError("protocol", `got another ${kind} instruction, wanted the same again`);
    } else {
      this.#log.debug({ instruction: kind }, "ignored an instruction of an earlier step");
    }
  }

  async #advance(instruction: StepInstruction, signal: AbortSignal): Promise<void> {
    const { stage, answer, log, sentence } = await this.#stage.next(instruction, signal);
    this.#stage = stage;
    // Whoever has left says so again, whatever comes.
    this.#answered = answer.kind === "leave-round" ? undefined : { instruction, answer };
    await this.#send(answer, signal);
    if (answer.kind === "leave-round") this.#log.warn(log, "left the round");
    else this.#log.info(log, sentence ?? sentences[instruction.kind]);
  }

  /** Sends an answer; one of the exchange is in the journal before. */
  async #send(answer: Answer, signal: AbortSignal): Promise<void> {
    const entry = entryOf(answer);
    if (entry !== undefined)
      await this.#site.journal.record(entry.roundId, entry.step, entry.digest, signal);
    await this.#site.uplink.send(answer, signal);
  }

  /** Hands the round's model over while this participant trains or after, as another that was to do it has left. */
  #handOverBeside(instruction: RoundInstruction): void {
    if (instruction.kind !== "train" || instruction.modelRequests.length === 0) return;
    const { signal } = this.#ending;
    const aside = this.#giver
      .giveKept(instruction, this.#site.models, signal)
      .catch((error: unknown) => {
        if (!signal.aborted)
          this.#log.warn({ detail: describeFailure(error) }, "could not hand the model over");
      });
    this.#asides = Promise.all([this.#asides, aside]).then(() => undefined);
  }

  /** Wipes what the round holds and tells the coordinator, unless it is the one who said that it is too late. */
  async #leave(cause: unknown, signal: AbortSignal): Promise<void> {
    this.#stage[Symbol.dispose]();
    const reason = reasonOf(cause);
    const { stage, answer } = leaving(this.roundId, reason);
    this.#stage = stage;
    this.#answered = undefined;
    logDeparture(this.#log, cause, reason);
    if (failureOf(cause) === "too-late") return;
    try {
      await this.#site.uplink.send(answer, signal);
    } catch (error) {
      if (!signal.aborted)
        this.#log.debug(
          { detail: describeFailure(error) },
          "the coordinator did not take the leave",
        );
    }
    if (cause instanceof ClientError && cause.code === "no-backend") this.#fail(cause);
  }
}

/** What the log says when a step's answer has arrived. */
const sentences = {
  invitation: "accepted the round",
  train: "trained",
  "advertise-keys": "advertised keys",
  "share-keys": "shared keys",
  upload: "uploaded the masked update",
  "confirm-survivors": "confirmed the survivors",
  reveal: "revealed shares",
  "open-sum": "opened the sum",
} satisfies Record<StepName, string>;

function isLater(step: StepName, than: StepName): boolean {
  return STEPS.indexOf(step) > STEPS.indexOf(than);
}

/** Whether two instructions ask for the same answer: time that remains, and who lacks the model, are no part of that. */
function isSame(a: RoundInstruction, b: RoundInstruction): boolean {
  return isDeepStrictEqual(essential(a), essential(b));
}

function essential(instruction: RoundInstruction): RoundInstruction {
  if (instruction.kind !== "train") return instruction;
  return { ...instruction, remainingMs: 0, modelRequests: [] };
}
