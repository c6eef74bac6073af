import { join } from "node:path";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { startTestCoordinator, type TestCoordinator } from "./coordinator.ts";
import { temporaryFolder } from "./folder.ts";
import { TestOperator } from "./operator.ts";
import { startParticipants, unitParticipants } from "./participants.ts";
import { testPlan } from "./plan.ts";
import { RawParticipant } from "./raw-participant.ts";
import { survivorsOf } from "./unit-rounds.ts";

/**
 * A coordinator whose time stands still, two participants with unit trainers at places 0 and 1, and two raw ones at
 * places 2 and 3.
 */
export class RawFederation implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly coordinator: TestCoordinator;
  readonly operator: TestOperator;
  readonly raw: RawParticipant;
  readonly otherRaw: RawParticipant;
  readonly #opened: AsyncDisposableStack;

  private constructor(
    clock: FakeClock,
    coordinator: TestCoordinator,
    operator: TestOperator,
    [raw, otherRaw]: readonly [RawParticipant, RawParticipant],
    opened: AsyncDisposableStack,
  ) {
    this.clock = clock;
    this.coordinator = coordinator;
    this.operator = operator;
    this.raw = raw;
    this.otherRaw = otherRaw;
    this.#opened = opened;
  }

  static async start(): Promise<RawFederation> {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(await temporaryFolder());
    const clock = new FakeClock();
    const directory = join(folder.path, "coordinator");
    const coordinator = opened.use(await startTestCoordinator(directory, { clock }));
    const operator = opened.use(await TestOperator.connect(coordinator));
    opened.use(startParticipants(coordinator, folder.path, unitParticipants(2)));
    const raw = opened.use(await RawParticipant.enrol(coordinator, 2));
    const otherRaw = opened.use(await RawParticipant.enrol(coordinator, 3));
    return new RawFederation(clock, coordinator, operator, [raw, otherRaw], opened.move());
  }

  /** Runs one round of all four; resolves with the places whose updates are in its model. */
  async round(): Promise<readonly number[]> {
    const { runId } = await this.operator.startRun(testPlan({ rounds: 1, participants: 4 }));
    await this.operator.ended(runId);
    return survivorsOf(await this.operator.models(runId)).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
