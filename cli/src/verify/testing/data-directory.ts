import { canonicalPlan, type Hash, planHash, seededRandom, sha256Hex } from "@chorus/aggregation";
import { ChainAccess } from "@chorus/chain";
import {
  openBlobStore,
  openDataDirectory,
  openStore,
  type RoundRow,
  type Store,
} from "@chorus/coordinator";
import { samplePlan } from "./sample-plan.ts";
import { type SampleRounds, sampleRounds } from "./sample-rounds.ts";

const never = new AbortController().signal;

/**
 * What a coordinator leaves behind after a run of three rounds with real exchanges, without anybody having trained; with
 * `isCommitted` false, when it could not reach its chain. Returns the run's id.
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
  const runId = sha256Hex("sample run");
  const { federationId } = store.federation;
  const sample = sampleRounds({ plan: samplePlan, runId, federationId });
  for (const [hash, bytes] of sample.files) await blobs.put(hash, bytes);
  await startSampleRun(store, runId, sample);
  for (const { commit: _, ...round } of sample.rounds) await completeRound(store, round);
  if (isCommitted) await commitAll(store, chain);
  await store.endRun(runId, "completed", clock.now());
  return runId;
}

async function startSampleRun(
  store: Store,
  runId: Hash,
  { initialModelHash }: SampleRounds,
): Promise<void> {
  await store.createRun({
    runId,
    name: samplePlan.name,
    plan: canonicalPlan(samplePlan),
    planHash: planHash(samplePlan),
    plannedRounds: samplePlan.rounds,
    initialModelHash,
    startedAtMs: 1_700_000_000_000,
  });
}

async function completeRound(store: Store, result: Omit<RoundRow, "commit">): Promise<void> {
  const { roundId, runId, round, startedAtMs } = result;
  await store.startAttempt({ roundId, runId, round, attempt: 1, startedAtMs });
  await store.completeRound(result);
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
