import {
  canonicalPlan,
  type Hash,
  initialModel,
  layoutOf,
  modelHash,
  modelToBytes,
  planHash,
  seededRandom,
  sha256Hex,
} from "@chorus/aggregation";
import { ChainAccess } from "@chorus/chain";
import {
  type BlobStore,
  openBlobStore,
  openDataDirectory,
  openStore,
  type Store,
} from "@chorus/coordinator";
import { samplePlan } from "./sample-plan.ts";

const never = new AbortController().signal;
const layout = layoutOf(samplePlan.model);

/** The model that a round of the sample run makes: nothing was trained for it. */
export function sampleModel(round: number): Float32Array {
  return Float32Array.of(round, 0.5, -0.25);
}

/** The strategy's state that a round of the sample run leaves. */
export function sampleState(round: number): Uint8Array {
  return modelToBytes(Float32Array.of(round, 7, 7));
}

/**
 * What a coordinator leaves behind after a run of three rounds, without anybody having trained; with `isCommitted` false,
 * when it could not reach its chain. Returns the run's id.
 */
export async function writeSampleRun(directory: string, isCommitted = true): Promise<Hash> {
  const random = seededRandom("sample run");
  await using opened = new AsyncDisposableStack();
  const { paths } = opened.use(await openDataDirectory(directory, { random }));
  const options = { directory: paths.store, federationName: "sample", random };
  const clock = { now: () => 1_700_000_000_000 };
  const store = opened.use(await openStore({ ...options, clock }, never));
  const blobs = await openBlobStore(paths.blobs);
  const chain = opened.use(await ChainAccess.open({ kind: "embedded" }, paths, clock.now));
  const runId = await startSampleRun(store, blobs);
  for (const round of [1, 2, 3]) await completeRound(store, blobs, runId, round);
  if (isCommitted) await commitAll(store, chain);
  await store.endRun(runId, "completed", clock.now());
  return runId;
}

async function keep(blobs: BlobStore, model: Float32Array): Promise<Hash> {
  const hash = modelHash(layout, model);
  await blobs.put(hash, modelToBytes(model));
  return hash;
}

async function startSampleRun(store: Store, blobs: BlobStore): Promise<Hash> {
  const runId = sha256Hex("sample run");
  const initialModelHash = await keep(blobs, initialModel(layout, samplePlan.seed));
  await store.createRun({
    runId,
    name: samplePlan.name,
    plan: canonicalPlan(samplePlan),
    planHash: planHash(samplePlan),
    plannedRounds: samplePlan.rounds,
    initialModelHash,
    startedAtMs: 1_700_000_000_000,
  });
  return runId;
}

async function completeRound(
  store: Store,
  blobs: BlobStore,
  runId: Hash,
  round: number,
): Promise<void> {
  const run = await store.run(runId);
  const strategyStateHash = sha256Hex(sampleState(round));
  await blobs.put(strategyStateHash, sampleState(round));
  const roundId = sha256Hex(`round ${round}`);
  const [startedAtMs, endedAtMs] = [1_700_000_000_000, 1_700_000_001_000];
  await store.startAttempt({ roundId, runId, round, attempt: 1, startedAtMs });
  await store.completeRound({
    roundId,
    runId,
    round,
    attempts: 1,
    parentModelHash: run?.modelHash ?? "",
    modelHash: await keep(blobs, sampleModel(round)),
    strategyStateHash,
    updatesRoot: sha256Hex(`updates ${round}`),
    cohort: 3,
    survivors: 3,
    startedAtMs,
    endedAtMs,
    phases: [{ phase: "training", seconds: 1 }],
    receivedBytes: 1000,
    sentBytes: 1000,
    trainingExamples: 30,
    evaluationExamples: 3,
    evaluationCorrect: 2,
    evaluationLoss: 0.5,
  });
}

async function commitAll(store: Store, chain: ChainAccess): Promise<void> {
  const ledger = await chain.ledger(never);
  for (const result of await store.outbox()) {
    const { runId, round, parentModelHash, updatesRoot, survivors } = result;
    const facts = { runId, round, parentModelHash, updatesRoot, survivors };
    const record = { ...facts, modelHash: result.modelHash, planHash: planHash(samplePlan) };
    const { entry, transactionHash, blockNumber } = await ledger.commit(record, never);
    await store.recordCommit({ runId, round, entry, transactionHash, blockNumber });
  }
}
