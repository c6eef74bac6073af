import { readFile } from "node:fs/promises";
import { bytesToHex, layoutOf, modelFromBytes, parseRunPlan } from "@chorus/aggregation";
import {
  type ExplainRunResponse,
  type GetRunRequest,
  type GetRunResponse,
  type ListParticipantsResponse,
  OperatorServiceClient,
  OperatorServiceService,
  type Run,
  type WatchRunResponse,
} from "@chorus/proto/v1/operator";
import { credentials, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import { serverStreamCall, unaryCall } from "./call.ts";
import type { CoordinatorAddress } from "./coordinator.ts";

/** Something that happens in a run. */
export type RunEvent = NonNullable<WatchRunResponse["event"]>;

/** Speaks to a coordinator as an operator does. Calls reject with grpc-js' ServiceError. */
export class TestOperator implements Disposable {
  readonly client: OperatorServiceClient;
  readonly #metadata: Metadata;

  private constructor(client: OperatorServiceClient, metadata: Metadata) {
    this.client = client;
    this.#metadata = metadata;
  }

  static async connect({
    grpcPort,
    operatorTokenFile,
  }: Pick<CoordinatorAddress, "grpcPort" | "operatorTokenFile">): Promise<TestOperator> {
    const token = (await readFile(operatorTokenFile, "utf8")).trim();
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    const address = `127.0.0.1:${grpcPort}`;
    return new TestOperator(
      new OperatorServiceClient(address, credentials.createInsecure()),
      metadata,
    );
  }

  /** Starts a run of a plan, given as an object or as the text itself. */
  async startRun(plan: object | string): Promise<Run> {
    const text = typeof plan === "string" ? plan : JSON.stringify(plan);
    return present((await this.#call(OperatorServiceService.startRun, { plan: text })).run);
  }

  async stopRun(runId: Uint8Array): Promise<Run> {
    return present((await this.#call(OperatorServiceService.stopRun, { runId })).run);
  }

  async listRuns(): Promise<readonly Run[]> {
    return (await this.#call(OperatorServiceService.listRuns, {})).runs;
  }

  /** A run and its rounds: the first thousand, or a page of them. */
  getRun(
    runId: Uint8Array,
    { afterRound = 0, maxRounds = 0 }: Partial<GetRunRequest> = {},
  ): Promise<GetRunResponse> {
    return this.#call(OperatorServiceService.getRun, { runId, afterRound, maxRounds });
  }

  explainRun(runId: Uint8Array): Promise<ExplainRunResponse> {
    return this.#call(OperatorServiceService.explainRun, { runId });
  }

  listParticipants(): Promise<ListParticipantsResponse> {
    return this.#call(OperatorServiceService.listParticipants, {});
  }

  /** A model's file from a byte on. */
  async fetchModel(modelHash: Uint8Array, offset = 0): Promise<Uint8Array> {
    const parts = await serverStreamCall(
      this.client,
      OperatorServiceService.fetchModel,
      { modelHash, offset },
      this.#metadata,
    );
    return Buffer.concat(parts.map(({ chunk }) => chunk?.data ?? new Uint8Array()));
  }

  /** The models of a run: the one before the first round, then that of each round. */
  async models(runId: Uint8Array): Promise<readonly Float32Array[]> {
    const { run, plan, rounds } = await this.getRun(runId);
    const layout = layoutOf(parseRunPlan(plan).model);
    const hashes = [present(run).initialModelHash, ...rounds.map(({ modelHash }) => modelHash)];
    const files = await Promise.all(hashes.map((hash) => this.fetchModel(hash)));
    return files.map((bytes) => modelFromBytes(layout, bytes));
  }

  /** What happens in a run until it ends, or until the caller stops reading. */
  async *watchRun(runId: Uint8Array): AsyncGenerator<RunEvent, void, undefined> {
    const call = this.client.watchRun({ runId }, this.#metadata);
    call.on("error", () => undefined);
    try {
      for await (const { event } of call as AsyncIterable<WatchRunResponse>)
        if (event !== undefined) yield event;
    } finally {
      call.cancel();
    }
  }

  /** The first event of a run, from now on, that is as wanted. Throws when the run ends before. */
  async event(runId: Uint8Array, isWanted: (event: RunEvent) => boolean): Promise<RunEvent> {
    for await (const event of this.watchRun(runId)) if (isWanted(event)) return event;
    throw new Error(`run ${bytesToHex(runId, 32)} ended without the event`);
  }

  /** Waits until the run has ended. Its last rounds may still be on their way to the chain. */
  async ended(runId: Uint8Array): Promise<GetRunResponse> {
    for await (const _ of this.watchRun(runId));
    return this.getRun(runId);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }

  #call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
  ): Promise<Response> {
    return unaryCall(this.client, method, request, this.#metadata);
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the response lacks what it is for");
  return value;
}
