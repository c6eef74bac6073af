import { type Hash, hexToBytes } from "@chorus/aggregation";
import { OperatorServiceClient } from "@chorus/proto/v1/operator";
import {
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { CliError } from "../cli-error.ts";
import { shortHash } from "../terminal/format.ts";
import {
  type CoordinatorAddress,
  type CoordinatorChoice,
  locateCoordinator,
} from "./connection.ts";
import type {
  CompletedRound,
  KnownParticipant,
  RunEvent,
  RunEvidence,
  RunExplanation,
  RunReport,
  RunSummary,
} from "./run.ts";
import { errorFromStatus } from "./status.ts";
import {
  eventFromWire,
  explanationFromWire,
  participantFromWire,
  reportFromWire,
  runFromWire,
} from "./wire.ts";

/** One short question may take this long; streams may take as long as they like. */
const callTimeoutMs = 30_000;
/** Rounds of one answer of GetRun: the most that a coordinator gives. */
const pageRounds = 1_000;

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** A watched coordinator whose machine or network has died is noticed in 7 s; by default never. */
const channelOptions = {
  "grpc.keepalive_time_ms": 5_000,
  "grpc.keepalive_timeout_ms": 2_000,
};

/**
 * What an operator asks of a coordinator. Every method throws {@link CliError} `unreachable`, `refused`,
 * `unknown-run`, `bad-plan` or `timed-out` with what to do, or the signal's reason.
 */
export class Operator implements Disposable {
  readonly #client: OperatorServiceClient;
  readonly #metadata = new Metadata();
  readonly #address: string;

  constructor(address: CoordinatorAddress) {
    this.#address = address.grpcAddress;
    this.#client = new OperatorServiceClient(
      address.grpcAddress,
      credentials.createInsecure(),
      channelOptions,
    );
    this.#metadata.set("authorization", `Bearer ${address.token}`);
  }

  /** Connects to the coordinator that was chosen. */
  static async open(choice: CoordinatorChoice): Promise<Operator> {
    return new Operator(await locateCoordinator(choice));
  }

  /** Starts a run of a plan (JSON text). */
  async startRun(plan: string, signal: AbortSignal): Promise<RunSummary> {
    const { startRun } = this.#client;
    const response = await this.#ask(startRun.bind(this.#client), { plan }, signal);
    return runFromWire(response.run);
  }

  /** Newest first. */
  async listRuns(signal: AbortSignal): Promise<readonly RunSummary[]> {
    const { listRuns } = this.#client;
    const response = await this.#ask(listRuns.bind(this.#client), {}, signal);
    return response.runs.map(runFromWire);
  }

  /** The run with all its rounds, fetched a page at a time. */
  async getRun(runId: Hash, signal: AbortSignal): Promise<RunReport> {
    const rounds: CompletedRound[] = [];
    const evidence: RunEvidence[] = [];
    for (;;) {
      const page = await this.#page(runId, rounds.at(-1)?.round ?? 0, signal);
      rounds.push(...page.rounds);
      evidence.push(...page.evidence);
      if (page.rounds.length < pageRounds) return { ...page, rounds, evidence };
    }
  }

  async #page(runId: Hash, afterRound: number, signal: AbortSignal): Promise<RunReport> {
    const { getRun } = this.#client;
    const request = { ...wireId(runId), afterRound, maxRounds: pageRounds };
    return reportFromWire(await this.#ask(getRun.bind(this.#client), request, signal));
  }

  async explainRun(runId: Hash, signal: AbortSignal): Promise<RunExplanation> {
    const { explainRun } = this.#client;
    return explanationFromWire(
      await this.#ask(explainRun.bind(this.#client), wireId(runId), signal),
    );
  }

  async stopRun(runId: Hash, signal: AbortSignal): Promise<RunSummary> {
    const { stopRun } = this.#client;
    const response = await this.#ask(stopRun.bind(this.#client), wireId(runId), signal);
    return runFromWire(response.run);
  }

  /** By name. */
  async listParticipants(signal: AbortSignal): Promise<readonly KnownParticipant[]> {
    const { listParticipants } = this.#client;
    const response = await this.#ask(listParticipants.bind(this.#client), {}, signal);
    return response.participants.map(participantFromWire);
  }

  /** The run's events, from its present state to its end. */
  async *watchRun(runId: Hash, signal: AbortSignal): AsyncGenerator<RunEvent, void> {
    const stream = this.#client.watchRun(wireId(runId), this.#metadata);
    for await (const message of this.#messages(stream, signal)) {
      const event = eventFromWire(message);
      if (event !== undefined) yield event;
    }
  }

  /**
   * The bytes of a file that the coordinator keeps under this hash: a model's, a transcript's. Throws {@link CliError}
   * `failed` as soon as they are more than `mostBytes`, and fetches no more of them.
   */
  async fetchFile(hash: Hash, mostBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const request = { modelHash: hexToBytes(hash, 32), offset: 0 };
    const stream = this.#client.fetchModel(request, this.#metadata);
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const { chunk } of this.#messages(stream, signal)) {
      if (chunk === undefined) continue;
      bytes += chunk.data.length;
      if (bytes > mostBytes) throw oversize(hash, mostBytes);
      pieces.push(chunk.data);
    }
    return new Uint8Array(Buffer.concat(pieces));
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #ask<Request, Response>(
    call: Unary<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const options = { deadline: Date.now() + callTimeoutMs };
    const running = call(request, this.#metadata, options, (error, response) => {
      if (error === null) resolve(response);
      else reject(errorFromStatus(error, this.#address));
    });
    const cancel = (): void => running.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await promise;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async *#messages<Message>(
    stream: ClientReadableStream<Message>,
    signal: AbortSignal,
  ): AsyncGenerator<Message, void> {
    const cancel = (): void => stream.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      for await (const message of stream as AsyncIterable<Message>) yield message;
    } catch (error) {
      signal.throwIfAborted();
      throw isServiceError(error) ? errorFromStatus(error, this.#address) : error;
    } finally {
      signal.removeEventListener("abort", cancel);
      stream.cancel();
    }
  }
}

/**
 * The one run whose id begins with `prefix` (hexadecimal digits, any case). Throws {@link CliError} `unknown-run` when
 * there is none, `wrong-usage` when there are several.
 */
export async function findRun(
  operator: Operator,
  prefix: string,
  signal: AbortSignal,
): Promise<RunSummary> {
  return pickRun(await operator.listRuns(signal), prefix);
}

/** {@link findRun} among runs at hand. */
export function pickRun<Known extends { readonly runId: Hash }>(
  runs: readonly Known[],
  prefix: string,
): Known {
  const wanted = prefix.toLowerCase();
  const matching = runs.filter((run) => run.runId.startsWith(wanted));
  const [run, another] = matching;
  if (run === undefined)
    throw new CliError(
      "unknown-run",
      `no run's id begins with ${prefix}`,
      "List the runs with `chorus run ls`.",
    );
  if (another !== undefined)
    throw new CliError(
      "wrong-usage",
      `${matching.length} runs have ids that begin with ${prefix}`,
      "Give more digits of the id.",
    );
  return run;
}

function oversize(hash: Hash, mostBytes: number): CliError {
  return new CliError(
    "failed",
    `the coordinator sends more than the ${mostBytes} bytes that the file ${shortHash(hash)}… can have`,
    "Do not use what it sends; ask the coordinator's operator.",
  );
}

function wireId(runId: Hash): { readonly runId: Uint8Array } {
  return { runId: hexToBytes(runId, 32) };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}
