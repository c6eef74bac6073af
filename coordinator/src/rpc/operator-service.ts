import {
  type OperatorServiceServer,
  OperatorServiceService,
  type WatchRunResponse,
} from "@chorus/proto/v1/operator";
import type { Sessions } from "../participants/sessions.ts";
import type { RunFeed } from "../runs/feed.ts";
import type { Runs } from "../runs/runs.ts";
import type { BlobStore, RoundRow, Store } from "../store/store.ts";
import { checkOperator } from "./authentication.ts";
import type { CallContext, Calls } from "./calls.ts";
import { modelChunks } from "./file-streams.ts";
import {
  eventToWire,
  evidenceToWire,
  participantToWire,
  roundToWire,
  runToWire,
} from "./operator-wire.ts";
import type { RpcService } from "./server.ts";
import { hashFromWire } from "./wire-fields.ts";

/** Rounds that one answer, or one read of the store, holds at most: some 500 KiB. */
const maxRounds = 1_000;

/** Evidence that an answer holds at most. */
const maxEvidence = 100;

/** What the operators' service needs. */
export interface OperatorServiceDependencies {
  readonly operatorToken: string;
  readonly runs: Runs;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly sessions: Sessions;
  readonly feed: RunFeed;
  readonly calls: Calls;
}

/** Serves operators: decodes, checks the token, asks the runs and the store. */
export function operatorService(deps: OperatorServiceDependencies): RpcService {
  const implementation = { ...runHandlers(deps), ...readHandlers(deps) };
  return { definition: OperatorServiceService, implementation };
}

type RunHandlers = Pick<OperatorServiceServer, "startRun" | "stopRun" | "watchRun">;

function runHandlers(deps: OperatorServiceDependencies): RunHandlers {
  const { runs, calls } = deps;
  return {
    startRun: calls.unary(async ({ plan }, context) => {
      checkOperator(context, deps.operatorToken);
      return { run: runToWire(await runs.start(plan)) };
    }),
    stopRun: calls.unary(async (request, context) => {
      checkOperator(context, deps.operatorToken);
      return { run: runToWire(await runs.stop(hashFromWire(request.runId, "run_id"))) };
    }),
    watchRun: calls.endlessStream((request, context) => {
      checkOperator(context, deps.operatorToken);
      return watch(hashFromWire(request.runId, "run_id"), deps, context.signal);
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
  for await (const row of roundsOf(runId, store)) {
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

/** The rounds so far, read a page at a time. */
async function* roundsOf(runId: string, store: Store): AsyncGenerator<RoundRow, void> {
  let after = 0;
  for (;;) {
    const page = await store.rounds(runId, { after, limit: maxRounds });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < maxRounds) return;
    after = last.round;
  }
}

function readHandlers(
  deps: OperatorServiceDependencies,
): Omit<OperatorServiceServer, keyof RunHandlers> {
  const { runs, store, sessions, calls } = deps;
  const checked = (context: CallContext) => checkOperator(context, deps.operatorToken);
  return {
    listRuns: calls.unary(async (_request, context) => {
      checked(context);
      return { runs: (await store.runs()).map(runToWire) };
    }),
    getRun: calls.unary(async (request, context) => {
      checked(context);
      const run = await runs.record(hashFromWire(request.runId, "run_id"));
      const limit = Math.min(request.maxRounds || maxRounds, maxRounds);
      const rounds = await store.rounds(run.runId, { after: request.afterRound, limit });
      const isFirstPage = request.afterRound === 0;
      const evidence = isFirstPage ? await store.evidence(run.runId, maxEvidence) : [];
      return {
        run: runToWire(run),
        plan: run.plan,
        rounds: rounds.map(roundToWire),
        evidence: evidence.map(evidenceToWire),
      };
    }),
    explainRun: calls.unary(async (request, context) => {
      checked(context);
      return runs.explain(hashFromWire(request.runId, "run_id"));
    }),
    listParticipants: calls.unary(async (_request, context) => {
      checked(context);
      const records = await store.participants();
      const participants = records.map((record) =>
        participantToWire(record, sessions.isConnected(record.participantId)),
      );
      return { participants };
    }),
    fetchModel: calls.serverStream((request, context) => {
      checked(context);
      return modelChunks(deps, hashFromWire(request.modelHash, "model_hash"), request.offset);
    }),
  };
}
