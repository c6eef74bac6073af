import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { openCommitmentScheme, seededRandom } from "@chorus/aggregation";
import { pino } from "pino";
import { sumScript } from "../he/attempt-accumulator.ts";
import { createRegistry, RoundMetrics } from "../metrics.ts";
import { Sessions } from "../participants/sessions.ts";
import { RoundError } from "../round/error.ts";
import type { Instruction } from "../round/instruction.ts";
import { RunFeed } from "../runs/feed.ts";
import { Runs } from "../runs/runs.ts";
import { openBlobStore } from "../store/file-blob-store.ts";
import { openStore } from "../store/pglite-store.ts";
import type { BlobStore, Store } from "../store/store.ts";
import { defaultLimits, UnmaskingPool } from "../unmasking/pool.ts";
import { FakeClock } from "./fake-clock.ts";
import { FaultyStore } from "./faulty-store.ts";
import { Puppet } from "./puppet.ts";

/** What a puppet does with an instruction: "answer", nothing ("ignore"), or leave with another text as the reason. */
export type Steer = (place: number, kind: Instruction["kind"]) => string;

type Ended = Extract<Instruction, { kind: "round-ended" }>;

/** Runs over a real store and real files, with puppets for participants; time stands still until a test moves it. */
export class PuppetFederation implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly sessions: Sessions = new Sessions();
  readonly feed: RunFeed = new RunFeed();
  readonly faulty: FaultyStore;
  readonly puppets: readonly Puppet[];
  readonly blobs: BlobStore;
  /** How rounds ended, as puppets were told. */
  readonly told: Ended[] = [];
  /** Times that a completed round was announced for the ledger. */
  announced = 0;
  steer: Steer = () => "answer";
  /** Called when a method of the real store has resolved, before its caller learns of it. */
  stored: (method: string) => void = () => undefined;
  #runs: Runs;
  readonly #hangUp = new AbortController();
  readonly #opened: AsyncDisposableStack;
  readonly #dependencies: ConstructorParameters<typeof Runs>[0];

  private constructor(
    puppets: readonly Puppet[],
    { clock, store, blobs }: { clock: FakeClock; store: Store; blobs: BlobStore },
    opened: AsyncDisposableStack,
  ) {
    this.clock = clock;
    this.faulty = new FaultyStore(store, (method) => this.stored(method));
    const log = pino({ enabled: false });
    this.#dependencies = {
      clock,
      random: seededRandom("rounds"),
      store: this.faulty.store,
      blobs,
      sessions: this.sessions,
      feed: this.feed,
      metrics: new RoundMetrics(createRegistry()),
      log,
      unmasking: opened.use(new UnmaskingPool(defaultLimits, { log })),
      sumVerifier: openCommitmentScheme(),
      sumScript,
      completed: () => {
        this.announced += 1;
      },
      ledgerProblem: () => "",
    };
    this.#runs = new Runs(this.#dependencies);
    this.puppets = puppets;
    this.blobs = blobs;
    this.#opened = opened;
  }

  /** `size` puppets that are connected. */
  static async open(
    size: number,
    puppetAt: (place: number) => Puppet = (place) => new Puppet(place, "federation"),
  ): Promise<PuppetFederation> {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "chorus-runs-"));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const clock = new FakeClock();
    const options = { directory: undefined, federationName: "test", clock };
    const random = seededRandom("federation");
    const store = opened.use(await openStore({ ...options, random }, AbortSignal.timeout(60_000)));
    const blobs = await openBlobStore(join(folder, "blobs"));
    const puppets = Array.from({ length: size }, (_, place) => puppetAt(place));
    const federation = new PuppetFederation(puppets, { clock, store, blobs }, opened.move());
    federation.#connect();
    return federation;
  }

  /** Begins anew over the same store, as a coordinator does that starts again. The runs must be closed. */
  async restart(): Promise<void> {
    this.#runs = new Runs(this.#dependencies);
    await this.#runs.resume();
  }

  get runs(): Runs {
    return this.#runs;
  }

  get store(): Store {
    return this.faulty.store;
  }

  /** Lets the event loop turn until `holds`. */
  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) await setImmediate();
  }

  /** Waits until the run is as `pattern` says, in the words of `run why`. */
  async untilWhy(runId: string, pattern: RegExp): Promise<void> {
    await this.until(async () => pattern.test((await this.runs.explain(runId)).summary));
  }

  async untilEnded(runId: string): Promise<void> {
    await this.until(async () => (await this.runs.record(runId)).status !== "running");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.faulty.empty();
    await this.runs.close();
    this.#hangUp.abort();
    await this.#opened.disposeAsync();
  }

  #connect(): void {
    for (const puppet of this.puppets) {
      this.sessions.open(puppet.member);
      const instructions = this.sessions.follow(puppet.member, [], this.#hangUp.signal);
      const done = this.#follow(puppet, instructions);
      this.#opened.defer(() => done);
    }
  }

  async #follow(puppet: Puppet, instructions: AsyncIterable<Instruction>): Promise<void> {
    for await (const instruction of instructions) {
      if (instruction.kind === "round-ended") this.told.push(instruction);
      else await this.#act(puppet, instruction);
    }
  }

  async #act(puppet: Puppet, instruction: Exclude<Instruction, Ended>): Promise<void> {
    const what = this.steer(puppet.place, instruction.kind);
    if (what === "ignore") return;
    const roundId = "facts" in instruction ? instruction.facts.roundId : instruction.roundId;
    try {
      const round = this.runs.round(roundId);
      if (what === "answer") await puppet.reply(round, instruction);
      else round.leave(puppet.id, what);
    } catch (error) {
      // The round has ended or gone on without it, as for a participant on the network.
      if (!(error instanceof RoundError)) throw error;
    }
  }
}
