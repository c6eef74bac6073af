import {
  bytesToHex,
  type Hash,
  invitationCount,
  type ModelLayout,
  type ParticipantId,
  type RunPlan,
} from "@chorus/aggregation";
import type { Session } from "../participants/sessions.ts";
import type { ActiveRound } from "../round/active-round.ts";
import type { Departure } from "../round/gathering.ts";
import { nextChange } from "../round/next-change.ts";
import { selectUniformly } from "../selection/uniform.ts";
import { type RunRecord, StoreError } from "../store/store.ts";
import { Attempt } from "./attempt.ts";
import type { RunDependencies } from "./dependencies.ts";
import { Keeper } from "./keeper.ts";
import type { RunState } from "./state.ts";
import type { WaitingLine } from "./waiting-line.ts";

const firstBackoffMs = 1_000;
const longestBackoffMs = 30_000;
/** What is told of an error that is nobody's but ours. */
const bug = "internal error: see the coordinator's log";

/** Drives one run from the round after the last completed one to the plan's last. */
export class RunLoop {
  readonly plan: RunPlan;
  readonly #layout: ModelLayout;
  readonly #keeper: Keeper;
  /** Where the federation's runs wait for participants. */
  readonly #line: WaitingLine;
  readonly #deps: RunDependencies;
  #run: RunRecord;
  #state: RunState = { kind: "between-rounds" };
  #problem = "";
  #departures: readonly Departure[] = [];
  /** Who did not hand the next round's model over as it should: others are asked first. */
  #doubted: ReadonlySet<ParticipantId> = new Set();

  constructor(
    options: {
      readonly run: RunRecord;
      readonly plan: RunPlan;
      readonly layout: ModelLayout;
      readonly line: WaitingLine;
    },
    dependencies: RunDependencies,
  ) {
    this.#run = options.run;
    this.plan = options.plan;
    this.#layout = options.layout;
    this.#keeper = new Keeper(options, dependencies);
    this.#line = options.line;
    this.#deps = dependencies;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Why the last step failed: the store, a file or a bug; "" when it did not. */
  get problem(): string {
    return this.#problem;
  }

  /** The round that runs now, if one does. */
  get active(): ActiveRound | undefined {
    return this.#state.kind === "in-round" ? this.#state.active : undefined;
  }

  /** Who left the present round; between rounds, the last one. */
  get departures(): readonly Departure[] {
    return this.active?.departures ?? this.#departures;
  }

  /** Goes from step to step until the run has ended or the signal aborts (a round is then abandoned). */
  async drive(signal: AbortSignal): Promise<void> {
    let backoffMs = firstBackoffMs;
    while (!signal.aborted && this.#run.status === "running") {
      const setback = await this.#step(signal).catch((error: unknown) =>
        this.#failed(error, signal),
      );
      if (setback === "") backoffMs = firstBackoffMs;
      else if (!signal.aborted) {
        await this.#backOff(backoffMs, setback, signal);
        backoffMs = Math.min(backoffMs * 2, longestBackoffMs);
      }
    }
  }

  /** An attempt at the next round or, after the last, the run's end. Resolves with what set the run back; "" if nothing. */
  async #step(signal: AbortSignal): Promise<string> {
    // Anew each time: a step that failed may have been stored all the same.
    await this.#reload();
    const { runId, status, completedRounds, plannedRounds } = this.#run;
    let setback = "";
    if (completedRounds < plannedRounds) setback = await this.#attempt(signal);
    else if (status === "running") {
      await this.#deps.store.endRun(runId, "completed", this.#deps.clock.now());
      this.#deps.log.info({ runId }, "run completed");
      await this.#reload();
    }
    this.#problem = "";
    return setback;
  }

  /** Reads the run again and tells watchers what is new. */
  async #reload(): Promise<void> {
    const { store, feed } = this.#deps;
    this.#state = { kind: "between-rounds" };
    const { runId, status, completedRounds } = this.#run;
    const run = await store.run(runId);
    if (run === undefined) throw new Error(`run ${runId} is no longer in the store`);
    this.#run = run;
    if (run.status !== status || run.completedRounds !== completedRounds)
      feed.publish(runId, { kind: "run", run });
  }

  /** One attempt at the next round. Resolves with why it was abandoned; "" when it was completed. */
  async #attempt(signal: AbortSignal): Promise<string> {
    const { sessions, log } = this.#deps;
    const run = this.#run;
    const roundId = this.#newRoundId();
    try {
      const invited = await this.#takeParticipants(roundId, signal);
      const options = { run, plan: this.plan, layout: this.#layout, roundId, invited };
      const attempt = await Attempt.begin(options, this.#keeper, this.#deps);
      const { active } = attempt;
      this.#state = { kind: "in-round", active };
      const { round } = active.facts;
      log.info(
        { runId: run.runId, round, attempt: active.facts.attempt, invited: invited.length },
        "round begins",
      );
      const abandoned = await attempt.run(signal).finally(() => {
        this.#departures = active.departures;
      });
      const doubted = active.doubts.map(({ participantId }) => participantId);
      this.#doubted = abandoned === "" ? new Set() : new Set([...this.#doubted, ...doubted]);
      return abandoned === "" ? "" : `round ${round} was abandoned (${abandoned})`;
    } finally {
      sessions.release(roundId);
    }
  }

  /** Takes those to invite, when it is this run's turn: when `select` are free, or at the soft deadline when a quorum is. */
  async #takeParticipants(roundId: Hash, signal: AbortSignal): Promise<readonly Session[]> {
    const { sessions, clock, random } = this.#deps;
    const { roundPolicy } = this.plan;
    const { select, quorum, softDeadlineMs } = roundPolicy;
    const softAtMs = clock.monotonicMs() + softDeadlineMs.exchange;
    const need = () => (clock.monotonicMs() < softAtMs ? select : quorum);
    using place = this.#line.join(need);
    this.#state = { kind: "waiting-for-participants", softAtMs, place };
    for (;;) {
      signal.throwIfAborted();
      const { free } = sessions;
      if (free.length >= need() && place.isNext) {
        const invited = selectUniformly(free, invitationCount(roundPolicy), random);
        const ids = invited.map(({ participantId }) => participantId);
        sessions.take(roundId, ids);
        const isDoubted = ({ participantId }: Session) => this.#doubted.has(participantId);
        // In this order they are asked for the model.
        return invited.toSorted((a, b) => Number(isDoubted(a)) - Number(isDoubted(b)));
      }
      const waitMs = softAtMs - clock.monotonicMs();
      const patienceMs = waitMs > 0 ? waitMs : softDeadlineMs.exchange;
      await nextChange(sessions.changed, patienceMs, clock, signal);
    }
  }

  #newRoundId(): Hash {
    const id = new Uint8Array(32);
    this.#deps.random.fill(id);
    return bytesToHex(id, 32);
  }

  /** A store that fails, a damaged file or a bug ends the step, not the run. Returns what it came to. */
  #failed(error: unknown, signal: AbortSignal): string {
    const { runId, completedRounds, plannedRounds } = this.#run;
    if (signal.aborted) return "aborted";
    this.#problem = error instanceof StoreError ? `${error.code}: ${error.message}` : bug;
    const isEnd = completedRounds === plannedRounds;
    const what = isEnd ? "the end of a run was not stored" : "an attempt at a round failed";
    this.#deps.log.error({ err: error, runId }, what);
    const said = isEnd
      ? "the run's end was not stored"
      : `an attempt at round ${completedRounds + 1} failed`;
    return `${said} (${this.#problem})`;
  }

  async #backOff(ms: number, because: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    this.#state = { kind: "backing-off", untilMs: clock.monotonicMs() + ms, because };
    await clock.sleep(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
