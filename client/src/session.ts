import type { Instruction } from "./session/instruction.ts";
import { RoundSession } from "./session/round-session.ts";
import type { Site } from "./session/site.ts";
import type { RoundEnd } from "./transcript/auditor.ts";

/**
 * The participant's side of all rounds. It is in one round at a time: an instruction of another round means that the
 * coordinator has given the earlier one up. A round that it signed is verified as soon as it has ended, and other rounds
 * do not wait for that. Outlives connections, so that an outage does not end a round.
 */
export class Session implements AsyncDisposable {
  readonly #site: Site;
  #round: RoundSession | undefined;
  readonly #closing = new AbortController();
  readonly #failing = new AbortController();
  /** Ends the verifying that is under way. */
  #settling = new AbortController();
  /** When all earlier rounds have let go of everything, and nothing is being verified. */
  #ended: Promise<void> = Promise.resolve();

  constructor(site: Site) {
    this.#site = site;
  }

  /** Aborts with the {@link ClientError} after which this participant can take part in no round, once it has left the last one. */
  get failed(): AbortSignal {
    return this.#failing.signal;
  }

  /** Takes an instruction. Returns at once: carrying it out goes on behind. */
  receive(instruction: Instruction): void {
    const { roundId } = instruction;
    if (instruction.kind === "round-ended") {
      this.#site.auditor.ended(instruction);
      if (this.#round?.roundId === roundId) this.#finish(instruction);
      return;
    }
    if (this.#round?.roundId !== roundId) {
      // What is left to verify is verified before the next round of its run, or after this one.
      this.#settling.abort(new DOMException("another round has begun", "AbortError"));
      this.#drop();
      this.#round = new RoundSession(roundId, this.#site, {
        after: this.#ended,
        fail: (error) => this.#failing.abort(error),
      });
    }
    this.#round.receive(instruction);
  }

  /** A connection is there again: what ended meanwhile was not told, and is verified as far as it is published. */
  connected(): void {
    const { auditor } = this.#site;
    const round = this.#round;
    if (round === undefined) this.#settle((signal) => auditor.settleMissed(undefined, signal));
    else round.afterwards((signal) => auditor.settleMissed(round.roundId, signal));
  }

  /** Cancels what is under way, wipes it, and resolves when that is done. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new DOMException("the participant stops", "AbortError"));
    this.#drop();
    await this.#ended;
  }

  #finish({ roundId, abandoned, modelHash }: RoundEnd): void {
    const { auditor, log } = this.#site;
    this.#drop();
    this.#settle((signal) => auditor.settle(signal));
    if (abandoned === "") log.info({ roundId, modelHash }, "the round was completed");
    else log.warn({ roundId, abandoned }, "the round was abandoned");
  }

  /** Verifies once everything that was under way has ended. */
  #settle(work: (signal: AbortSignal) => Promise<void>): void {
    if (this.#settling.signal.aborted) this.#settling = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#settling.signal]);
    this.#ended = this.#ended.then(() => work(signal));
  }

  #drop(): void {
    if (this.#round !== undefined) this.#ended = this.#round.end();
    this.#round = undefined;
  }
}
