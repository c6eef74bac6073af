import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathsIn } from "@chorus/coordinator";
import { Child } from "../support/child.ts";
import { type RunEvent, TestOperator } from "../support/operator.ts";
import { startParticipants, unitParticipants } from "../support/participants.ts";
import { Relay } from "../support/relay.ts";
import type { CoordinatorProcessOptions } from "./coordinator-process.ts";
import { isAt, type KillPoint } from "./kill-points.ts";

const script = new URL("coordinator-process.ts", import.meta.url);

/** What a kill interrupted. */
export interface Interruption {
  readonly round: number;
  /** Completed rounds that watchers had not seen on the chain. */
  readonly uncommitted: number;
}

/** A coordinator in a process of its own, and four participants in this one that come back whenever it does. */
export class ChaosFederation implements AsyncDisposable {
  /** The coordinator's data directory. */
  readonly directory: string;
  readonly #relay: Relay;
  readonly #opened: AsyncDisposableStack;
  #coordinator: Child;
  #operator: TestOperator;

  private constructor(
    directory: string,
    relay: Relay,
    { coordinator, operator }: Awaited<ReturnType<typeof startCoordinator>>,
    opened: AsyncDisposableStack,
  ) {
    this.directory = directory;
    this.#relay = relay;
    this.#coordinator = coordinator;
    this.#operator = operator;
    this.#opened = opened;
  }

  /** Starts everybody in `folder`. */
  static async start(folder: string): Promise<ChaosFederation> {
    await using opened = new AsyncDisposableStack();
    const directory = join(folder, "coordinator");
    const relay = opened.use(await Relay.open());
    const started = await startCoordinator(directory, relay);
    const { invitation: invitationFile } = pathsIn(directory);
    const address = { grpcPort: relay.port, invitationFile };
    opened.use(startParticipants(address, folder, unitParticipants(4)));
    return new ChaosFederation(directory, relay, started, opened.move());
  }

  /** Asks the coordinator that runs now. */
  get operator(): TestOperator {
    return this.#operator;
  }

  /** Kills the coordinator in a running run. Throws when the run ends before the point is reached. */
  async killAt(point: KillPoint, runId: Uint8Array): Promise<Interruption> {
    const uncommitted = new Set<number>();
    let fromRound: number | undefined;
    for await (const event of this.#watch(runId)) {
      if (event.$case === "run") fromRound ??= event.value.completedRounds + 1 + point.afterRounds;
      noteCommits(event, uncommitted);
      if (fromRound === undefined || !isAt(point, event, fromRound)) continue;
      if (point.delayMs > 0) await setTimeout(point.delayMs);
      await this.#kill();
      return { round: event.value.round, uncommitted: uncommitted.size };
    }
    throw new Error("the run ended before the coordinator was killed");
  }

  /** Starts a coordinator on the data directory of the killed one. Resolves with how long it took to serve. */
  async restart(): Promise<number> {
    const fromMs = performance.now();
    const { coordinator, operator } = await startCoordinator(this.directory, this.#relay);
    this.#coordinator = coordinator;
    this.#operator = operator;
    return performance.now() - fromMs;
  }

  /** Waits until the run has ended and its last round is on the chain, then asks the coordinator to end. */
  async finish(runId: Uint8Array): Promise<string> {
    for await (const _ of this.#watch(runId));
    const { run } = await this.#operator.getRun(runId);
    const last = { round: run?.completedRounds };
    await this.#coordinator.entry("round committed to the chain", last);
    return await this.#coordinator.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kill();
    await this.#opened.disposeAsync();
  }

  /** What happens in the run. Throws when the coordinator gives a round up that nothing but itself can have spoilt. */
  async *#watch(runId: Uint8Array): AsyncGenerator<RunEvent, void, undefined> {
    for await (const event of this.#operator.watchRun(runId)) {
      const { $case, value } = event;
      if ($case === "abandoned" && value.reason.startsWith("the coordinator failed"))
        throw new Error(`round ${value.round} was abandoned: ${value.reason}`);
      yield event;
    }
  }

  async #kill(): Promise<void> {
    this.#relay.target = undefined;
    await this.#coordinator.kill();
    this.#operator[Symbol.dispose]();
  }
}

/** Keeps which completed rounds watchers have not seen on the chain. */
function noteCommits({ $case, value }: RunEvent, uncommitted: Set<number>): void {
  if ($case === "completed" && value.ledgerEntry === undefined) uncommitted.add(value.round);
  if ($case === "committed") uncommitted.delete(value.round);
}

async function startCoordinator(
  directory: string,
  relay: Relay,
): Promise<{ coordinator: Child; operator: TestOperator }> {
  const options: CoordinatorProcessOptions = { directory };
  const coordinator = new Child(script, options);
  const { grpcPort } = await coordinator.entry("serving");
  if (typeof grpcPort !== "number") throw new Error("the coordinator has no port");
  const { operatorToken: operatorTokenFile } = pathsIn(directory);
  const operator = await TestOperator.connect({ grpcPort, operatorTokenFile });
  relay.target = grpcPort;
  return { coordinator, operator };
}
