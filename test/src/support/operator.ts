import { readFile } from "node:fs/promises";
import type { RunningCoordinator } from "@chorus/coordinator";
import {
  type GetRunResponse,
  OperatorServiceClient,
  type Run,
  type WatchRunResponse,
} from "@chorus/proto/v1/operator";
import { credentials, Metadata } from "@grpc/grpc-js";

/** Speaks to a coordinator as an operator does. */
export class TestOperator implements Disposable {
  readonly #client: OperatorServiceClient;
  readonly #metadata: Metadata;

  private constructor(client: OperatorServiceClient, metadata: Metadata) {
    this.#client = client;
    this.#metadata = metadata;
  }

  static async connect(
    coordinator: Pick<RunningCoordinator, "grpcPort" | "operatorTokenFile">,
  ): Promise<TestOperator> {
    const token = (await readFile(coordinator.operatorTokenFile, "utf8")).trim();
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    const address = `127.0.0.1:${coordinator.grpcPort}`;
    return new TestOperator(
      new OperatorServiceClient(address, credentials.createInsecure()),
      metadata,
    );
  }

  startRun(plan: object): Promise<Run> {
    return new Promise((resolve, reject) =>
      this.#client.startRun({ plan: JSON.stringify(plan) }, this.#metadata, (error, reply) =>
        error === null && reply.run !== undefined ? resolve(reply.run) : reject(error),
      ),
    );
  }

  getRun(runId: Uint8Array): Promise<GetRunResponse> {
    return new Promise((resolve, reject) =>
      this.#client.getRun({ runId }, this.#metadata, (error, reply) =>
        error === null ? resolve(reply) : reject(error),
      ),
    );
  }

  /** Everything that happens in a run until it ends. */
  watchRun(runId: Uint8Array): AsyncIterable<WatchRunResponse> {
    return this.#client.watchRun({ runId }, this.#metadata);
  }

  /** Waits until the run has ended and all its rounds are on the chain. */
  async finished(runId: Uint8Array): Promise<GetRunResponse> {
    for await (const _ of this.watchRun(runId));
    for (;;) {
      const details = await this.getRun(runId);
      if (details.rounds.every(({ ledgerEntry }) => ledgerEntry !== undefined)) return details;
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
