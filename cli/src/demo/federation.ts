import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hash } from "@chorus/aggregation";
import { z } from "zod";
import { Operator } from "../operator/operator.ts";
import type { CompletedRound } from "../operator/run.ts";
import type { Child, Children } from "./children.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Shard } from "./shards.ts";

const pollMs = 100;

const servingLine = z.object({
  grpcPort: z.int().positive(),
  invitationFile: z.string(),
});

/** A coordinator and its participants, each in a process of its own, on loopback. */
export class DemoFederation {
  readonly dataDirectory: string;
  readonly coordinator: Child;
  readonly #children: Children;
  readonly #folder: RunFolder;
  readonly #grpcAddress: string;
  readonly #invitationFile: string;
  readonly #participants = new Map<string, Child>();
  /** Aborted with the reason when a process ends that should not. */
  readonly #failed = new AbortController();

  private constructor(
    children: Children,
    folder: RunFolder,
    coordinator: Child,
    serving: z.infer<typeof servingLine>,
  ) {
    this.#children = children;
    this.#folder = folder;
    this.coordinator = coordinator;
    this.dataDirectory = join(folder.path, "coordinator");
    this.#grpcAddress = `127.0.0.1:${serving.grpcPort}`;
    this.#invitationFile = serving.invitationFile;
    this.#watch(coordinator);
  }

  /** Starts the coordinator on free ports and waits until it serves. Throws {@link CliError} `child-failed`. */
  static async start(
    children: Children,
    folder: RunFolder,
    signal: AbortSignal,
  ): Promise<DemoFederation> {
    const logs = await folder.folder("logs");
    const address = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    const coordinator = children.start({
      name: "the coordinator",
      args: [
        ...["coordinator", "serve", "--json", "--name", "demo", ...address],
        ...["--data-dir", join(folder.path, "coordinator")],
      ],
      logFile: join(logs, "coordinator.log"),
    });
    const serving = servingLine.parse(await coordinator.event("serving", signal));
    return new DemoFederation(children, folder, coordinator, serving);
  }

  /** Aborts when a process of the federation ends that should not have. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Connects as an operator. */
  async operator(): Promise<Operator> {
    const dataDirectory = this.dataDirectory;
    return await Operator.open({ dataDirectory, coordinator: undefined, tokenFile: undefined });
  }

  /** Starts a participant, or starts it again. */
  startParticipant({ name, path }: Shard): void {
    const child = this.#children.start({
      name,
      args: [
        ...["participant", "run", "--json", "--name", name, "--data", path],
        ...["--state-dir", this.stateDirectory(name)],
        ...["--coordinator", this.#grpcAddress, "--invitation-file", this.#invitationFile],
      ],
      logFile: join(this.#folder.path, "logs", `${name}.log`),
    });
    this.#participants.set(name, child);
    this.#watch(child);
  }

  /** Where a participant keeps its identity, and the models of encrypted runs. */
  stateDirectory(name: string): string {
    return join(this.#folder.path, "participants", name, "state");
  }

  /** Kills a participant, as a power cut would. */
  async killParticipant(name: string): Promise<void> {
    const child = this.#participants.get(name);
    this.#participants.delete(name);
    await child?.kill();
  }

  /** Resolves when all participants are connected. */
  async allConnected(operator: Operator, signal: AbortSignal): Promise<void> {
    const wanted = this.#participants.size;
    for (;;) {
      const known = await operator.listParticipants(signal);
      if (known.filter(({ isConnected }) => isConnected).length >= wanted) return;
      await sleep(pollMs, undefined, { signal });
    }
  }

  /** Resolves with a run's completed rounds when every one of them is on the chain. */
  async allCommitted(
    operator: Operator,
    runId: Hash,
    signal: AbortSignal,
  ): Promise<readonly CompletedRound[]> {
    for (;;) {
      const { rounds } = await operator.getRun(runId, signal);
      if (rounds.every(({ ledgerEntry }) => ledgerEntry !== undefined)) return rounds;
      await sleep(pollMs, undefined, { signal });
    }
  }

  /** Stops all participants, then the coordinator. Resolves when they are gone. */
  async stop(): Promise<void> {
    const participants = [...this.#participants.values()];
    this.#participants.clear();
    await Promise.all(participants.map((child) => child.stop()));
    this.#isStopping = true;
    await this.coordinator.stop();
  }

  #isStopping = false;

  #watch(child: Child): void {
    void child.ended.then(async () => {
      const isWanted = child === this.coordinator ? !this.#isStopping : this.#isParticipant(child);
      if (isWanted) this.#failed.abort(await child.failure());
    });
  }

  #isParticipant(child: Child): boolean {
    return this.#participants.get(child.name) === child;
  }
}
