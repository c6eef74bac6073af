import {
  type OperatorServiceServer,
  OperatorServiceService,
  type WatchRunResponse,
} from "@chorus/proto/v1/operator";
import type { Metadata, Server } from "@grpc/grpc-js";
import type { Sessions } from "../participants/sessions.ts";
import type { RunFeed } from "../runs/feed.ts";
import type { Runs } from "../runs/runs.ts";
import type { BlobStore, Store } from "../store/store.ts";
import { checkOperator } from "./authentication.ts";
import { serverStream, type ToStatus, unary } from "./calls.ts";
import { modelChunks } from "./model-stream.ts";
import { eventToWire, participantToWire, roundToWire, runToWire } from "./operator-wire.ts";
import { hashFromWire } from "./wire.ts";

/** What the operators' service needs. */
export interface OperatorServiceDependencies {
  readonly operatorToken: string;
  readonly runs: Runs;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly sessions: Sessions;
  readonly feed: RunFeed;
  readonly toStatus: ToStatus;
}

/** Serves operators: decodes, checks the token, asks the runs and the store. */
export function addOperatorService(server: Server, deps: OperatorServiceDependencies): void {
  server.addService(OperatorServiceService, { ...runHandlers(deps), ...readHandlers(deps) });
}

type RunHandlers = Pick<OperatorServiceServer, "startRun" | "stopRun" | "watchRun">;

function runHandlers(deps: OperatorServiceDependencies): RunHandlers {
  const { runs, toStatus } = deps;
  return {
    startRun: unary(toStatus, async ({ plan }, { metadata }) => {
      checkOperator(metadata, deps.operatorToken);
      return { run: runToWire(await runs.start(plan)) };
    }),
    stopRun: unary(toStatus, async (request, { metadata }) => {
      checkOperator(metadata, deps.operatorToken);
      return { run: runToWire(await runs.stop(hashFromWire(request.runId, "run_id"))) };
    }),
    watchRun: serverStream(toStatus, (request, { metadata, signal }) => {
      checkOperator(metadata, deps.operatorToken);
      return watch(hashFromWire(request.runId, "run_id"), deps, signal);
    }),
  };
}

/** The run as it is, its rounds so far, how far the present one has come, then what happens, until the run has ended. */
async function* watch(
  runId: string,
  { runs, store, feed }: OperatorServiceDependencies,
  signal: AbortSignal,
): AsyncGenerator<WatchRunResponse> {
  const events = feed.watch(runId, signal);
  const run = await runs.record(runId);
  yield eventToWire({ kind: "run", run });
  let seen = 0;
  for (const row of await store.rounds(runId)) {
    seen = row.round;
    yield eventToWire({ kind: "completed", row });
  }
  if (run.status !== "running") return;
  const progress = runs.progress(runId);
  if (progress !== undefined) yield eventToWire({ kind: "progress", progress });
  for await (const event of events) {
    if (event.kind === "completed" && event.row.round <= seen) continue;
    yield eventToWire(event);
    if (event.kind === "run" && event.run.status !== "running") return;
  }
}

function readHandlers(
  deps: OperatorServiceDependencies,
): Omit<OperatorServiceServer, keyof RunHandlers> {
  const { runs, store, blobs, sessions, toStatus } = deps;
  const checked = (metadata: Metadata) => checkOperator(metadata, deps.operatorToken);
  return {
    listRuns: unary(toStatus, async (_request, { metadata }) => {
      checked(metadata);
      return { runs: (await store.runs()).map(runToWire) };
    }),
    getRun: unary(toStatus, async (request, { metadata }) => {
      checked(metadata);
      const run = await runs.record(hashFromWire(request.runId, "run_id"));
      const rounds = (await store.rounds(run.runId)).map(roundToWire);
      return { run: runToWire(run), plan: run.plan, rounds };
    }),
    explainRun: unary(toStatus, async (request, { metadata }) => {
      checked(metadata);
      return runs.explain(hashFromWire(request.runId, "run_id"));
    }),
    listParticipants: unary(toStatus, async (_request, { metadata }) => {
      checked(metadata);
      const records = await store.participants();
      const participants = records.map((record) =>
        participantToWire(record, sessions.isConnected(record.participantId)),
      );
      return { participants };
    }),
    fetchModel: serverStream(toStatus, (request, { metadata }) => {
      checked(metadata);
      return modelChunks(blobs, hashFromWire(request.modelHash, "model_hash"), request.offset);
    }),
  };
}
