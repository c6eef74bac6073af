import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bytesToHex,
  layoutOf,
  type ModelLayout,
  modelFromBytes,
  modelHash,
  openCommitmentScheme,
  parsePlan,
  sha256Hex,
  systemRandom,
  verifyTranscript,
} from "@chorus/aggregation";
import {
  knownContract,
  type LedgerEntry,
  loadOrCreateAccount,
  openEmbeddedChain,
  openLedgerReader,
} from "@chorus/chain";
import {
  type BlobStore,
  type DataPaths,
  openBlobStore,
  openDataDirectory,
  openStore,
  type RoundRow,
  type Store,
  systemClock,
} from "@chorus/coordinator";
import { readMaskedTranscript } from "../support/transcripts.ts";
import { survivorsOf } from "../support/unit-rounds.ts";

/** What the data directory of a coordinator that has ended holds of a run. */
interface Findings {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly runId: string;
  readonly rounds: readonly RoundRow[];
  readonly layout: ModelLayout;
  readonly initialModelHash: string;
  readonly entries: readonly LedgerEntry[];
}

const patience = () => AbortSignal.timeout(120_000);

/** What must hold of every run, however often the coordinator was killed. Each throws what does not. */
const laws: Readonly<Record<string, (findings: Findings) => Promise<void>>> = {
  "the store's log and tables agree": ({ store }) => store.verify(patience()),
  async "no attempt is open and nothing waits for the chain"({ store }) {
    requireEqual((await store.openAttempts()).length, 0, "open attempts");
    requireEqual((await store.outbox()).length, 0, "rounds in the outbox");
  },
  async "the run completed every round once, each from the model of the one before"(findings) {
    const { store, runId, rounds, initialModelHash } = findings;
    const run = await store.run(runId);
    requireEqual(run?.status, "completed", "status");
    requireEqual(rounds.length, run?.plannedRounds, "rounds");
    const parents = [initialModelHash, ...rounds.map((row) => row.modelHash)];
    for (const [index, row] of rounds.entries()) {
      requireEqual(row.round, index + 1, "round");
      requireEqual(row.parentModelHash, parents[index], `parent of round ${row.round}`);
    }
    requireEqual(run?.modelHash, parents.at(-1), "the run's model");
  },
  async "every model holds each survivor's update once and nothing else"(findings) {
    const { blobs, rounds, layout, initialModelHash } = findings;
    const hashes = [initialModelHash, ...rounds.map((row) => row.modelHash)];
    const models: Float32Array[] = [];
    for (const hash of hashes) models.push(modelFromBytes(layout, await blobs.get(hash)));
    for (const [index, survivors] of survivorsOf(models).entries()) {
      const row = rounds[index];
      requireEqual(survivors.length, row?.survivors, `survivors of round ${index + 1}`);
      requireEqual(row?.trainingExamples, row?.survivors, `examples of round ${index + 1}`);
    }
  },
  async "every round's transcript proves what the round is kept with"({ blobs, rounds }) {
    const verifier = openCommitmentScheme();
    for (const row of rounds) {
      const transcript = readMaskedTranscript(await blobs.get(row.transcriptHash));
      const { counts, updatesRoot } = verifyTranscript(transcript, { verifier });
      const which = `of round ${row.round}`;
      requireEqual(transcript.config.roundId, row.roundId, `round id ${which}`);
      requireEqual(updatesRoot, row.updatesRoot, `updates root ${which}`);
      requireEqual(counts.trainingExamples, row.trainingExamples, `examples ${which}`);
    }
  },
  async "the chain has one entry a round, the store's"({ rounds, entries }) {
    requireEqual(entries.length, rounds.length, "entries");
    for (const [index, { record, entry, transactionHash, blockNumber }] of entries.entries()) {
      const row = rounds[index];
      const which = `of round ${index + 1}`;
      requireEqual(record.round, row?.round, `round ${which}`);
      requireEqual(record.modelHash, row?.modelHash, `model ${which}`);
      requireEqual(record.parentModelHash, row?.parentModelHash, `parent ${which}`);
      requireEqual(record.updatesRoot, row?.updatesRoot, `updates root ${which}`);
      requireEqual(record.survivors, row?.survivors, `survivors ${which}`);
      requireEqual(entry, row?.commit?.entry, `entry ${which}`);
      requireEqual(transactionHash, row?.commit?.transactionHash, `transaction ${which}`);
      requireEqual(blockNumber, row?.commit?.blockNumber, `block ${which}`);
    }
  },
};

/**
 * Opens a data directory whose coordinator has ended and looks for what must not be after whatever kills. Resolves with
 * what it found, in words; empty when all is well.
 */
export async function violationsIn(
  directory: string,
  runId: Uint8Array,
): Promise<readonly string[]> {
  await using data = await openDataDirectory(directory, { random: systemRandom });
  const { paths } = data;
  const dependencies = { federationName: "chaos", clock: systemClock, random: systemRandom };
  await using store = await openStore({ directory: paths.store, ...dependencies }, patience());
  const blobs = await openBlobStore(paths.blobs);
  const run = await store.run(bytesToHex(runId, 32));
  if (run === undefined) return ["the store does not know the run"];
  const layout = layoutOf(parsePlan(run.plan).model);
  const rounds = await store.rounds(run.runId);
  const { initialModelHash } = run;
  const entries = await entriesOf(paths, run.runId);
  const findings = { store, blobs, runId: run.runId, rounds, layout, initialModelHash, entries };
  const violations: string[] = [];
  for (const [law, check] of Object.entries(laws))
    await check(findings).catch((error: unknown) => violations.push(`${law}: ${String(error)}`));
  return [...violations, ...(await tornFiles(paths.blobs, layout))];
}

/** The run's records on the embedded chain, which is made again block by block and compared. */
async function entriesOf(paths: DataPaths, runId: string): Promise<readonly LedgerEntry[]> {
  const { address: committer } = await loadOrCreateAccount(paths.key);
  const contractAddress = await knownContract(paths.contract);
  if (contractAddress === undefined) throw new Error("no contract is known");
  const now = () => systemClock.now();
  await using chain = await openEmbeddedChain({ directory: paths.chain, account: undefined, now });
  await chain.audit(patience());
  const { transport } = chain;
  const timeoutMs = 60_000;
  const reader = await openLedgerReader(
    { transport, contractAddress, committer, timeoutMs },
    patience(),
  );
  return await reader.history(runId, patience());
}

/** Files that do not hold what their names say. All runs here have one layout. */
async function tornFiles(folder: string, layout: ModelLayout): Promise<readonly string[]> {
  const torn: string[] = [];
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    if (!holds(layout, bytes, file.name)) torn.push(`a torn file: ${file.name}`);
  }
  return torn;
}

/** A transcript is named after its bytes, a model after its layout and its bytes. */
function holds(layout: ModelLayout, bytes: Uint8Array, hash: string): boolean {
  if (sha256Hex(bytes) === hash) return true;
  try {
    return modelHash(layout, modelFromBytes(layout, bytes)) === hash;
  } catch {
    return false;
  }
}

function requireEqual(got: unknown, wanted: unknown, what: string): void {
  if (got !== wanted) throw new Error(`${what}: got ${String(got)}, wanted ${String(wanted)}`);
}
