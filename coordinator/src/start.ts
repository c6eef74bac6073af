import { rename, rm, writeFile } from "node:fs/promises";
import { openCommitmentScheme, systemRandom } from "@chorus/aggregation";
import { ChainAccess } from "@chorus/chain";
import type { Logger } from "pino";
import { type Clock, systemClock } from "./clock.ts";
import { type CoordinatorConfig, hostAndPort } from "./config.ts";
import { sumScript } from "./he/attempt-accumulator.ts";
import { answerChain } from "./http/chain-route.ts";
import { openHttpServer } from "./http/http-server.ts";
import { Committer } from "./ledger/committer.ts";
import { requireChainOfStore } from "./ledger/require-commits.ts";
import { listening } from "./listening.ts";
import { createRegistry, LedgerMetrics, RoundMetrics, WireMetrics } from "./metrics.ts";
import { Reception } from "./participants/check-in.ts";
import { Sessions } from "./participants/sessions.ts";
import { ByteStreams } from "./rpc/byte-streams.ts";
import { Calls } from "./rpc/calls.ts";
import { HandoverReceiver } from "./rpc/handover-receiver.ts";
import { operatorService } from "./rpc/operator-service.ts";
import { participantService } from "./rpc/participant-service.ts";
import { RpcServer } from "./rpc/server.ts";
import { statusMapper } from "./rpc/status.ts";
import { UploadReceiver } from "./rpc/upload.ts";
import { WireMeter } from "./rpc/wire-meter.ts";
import { RunFeed } from "./runs/feed.ts";
import { Runs } from "./runs/runs.ts";
import { type DataDirectory, openDataDirectory } from "./store/data-directory.ts";
import { openBlobStore } from "./store/file-blob-store.ts";
import { openStore } from "./store/pglite-store.ts";
import type { BlobStore, Federation, Store } from "./store/store.ts";
import { defaultLimits, UnmaskingPool } from "./unmasking/pool.ts";

/** Grace for calls in flight at a shutdown, twice: half of the ten seconds that container engines give. */
const drainMs = 4_000;

/** Memory: a gibibyte for updates, and one for models that are handed over. Stalls: a chunk of 1 MiB needs 280 kbit/s. */
const streamLimits = { memoryBytes: 1_073_741_824, stallMs: 30_000 };

/** A coordinator that is serving. Disposing it abandons running rounds, lets calls end and closes what is open. */
export interface RunningCoordinator extends AsyncDisposable {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly federation: Federation;
  /** File with the secret that lets participants enrol. */
  readonly invitationFile: string;
  /** File with the secret that lets operators in. */
  readonly operatorTokenFile: string;
}

/** What a coordinator is built from besides its configuration. */
export interface CoordinatorDependencies {
  readonly log: Logger;
  readonly clock?: Clock;
}

interface Parts {
  readonly config: CoordinatorConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly directory: DataDirectory;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly chain: ChainAccess;
  readonly sessions: Sessions;
  readonly feed: RunFeed;
  readonly unmasking: UnmaskingPool;
}

/**
 * Opens the data directory and the chain, goes on with runs that were running, and serves. Throws CoordinatorError
 * `address-in-use`, StoreError `locked` or `unwritable`, LedgerError, each saying what to do; what was opened is closed.
 */
export async function startCoordinator(
  config: CoordinatorConfig,
  { log, clock = systemClock }: CoordinatorDependencies,
  signal: AbortSignal,
): Promise<RunningCoordinator> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openDataDirectory(config.directory, { random: systemRandom }));
  const { federationName } = config;
  const store = opened.use(
    await openStore(
      { directory: directory.paths.store, federationName, clock, random: systemRandom },
      signal,
    ),
  );
  const blobs = await openBlobStore(directory.paths.blobs);
  const { paths } = directory;
  const chain = opened.use(await ChainAccess.open(config.chain, paths, () => clock.now()));
  await requireChainOfStore(store, chain, signal);
  const sessions = new Sessions();
  const feed = new RunFeed();
  const unmasking = opened.use(new UnmaskingPool(defaultLimits, { log }));
  const parts = { config, log, clock, directory, store, blobs, chain, sessions, feed, unmasking };
  const running = await serve(parts, opened);
  const owned = opened.move();
  return { ...running, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function serve(
  parts: Parts,
  opened: AsyncDisposableStack,
): Promise<Omit<RunningCoordinator, typeof Symbol.asyncDispose>> {
  const { config, directory, store, chain, sessions } = parts;
  const registry = createRegistry();
  const committer = new Committer({
    ...parts,
    openLedger: (signal) => chain.ledger(signal),
    metrics: new LedgerMetrics(registry),
  });
  opened.defer(runUntilClosed((signal) => committer.run(signal)));
  const runs = new Runs({
    ...parts,
    random: systemRandom,
    metrics: new RoundMetrics(registry),
    sumVerifier: openCommitmentScheme(),
    sumScript,
    completed: () => committer.wake(),
    ledgerProblem: () => committer.problem,
  });
  const chainRoute = chain.readOnly === undefined ? undefined : answerChain(chain.readOnly);
  const problems = () => [committer.problem, ...runs.problems].filter((problem) => problem !== "");
  const http = opened.use(
    await listening({ purpose: "HTTP", address: config.httpAddress }, (address) =>
      openHttpServer(address, { registry, problems, chain: chainRoute }),
    ),
  );
  opened.defer(() => runs.close());
  // Before anybody can start or stop a run.
  await runs.resume();
  const wire = new WireMetrics(registry, () => sessions.connected.length);
  const rpc = opened.use(
    await listening({ purpose: "gRPC", address: config.grpcAddress }, (address) =>
      openRpc(parts, runs, wire, address),
    ),
  );
  opened.defer(() => closeRuns(runs, rpc));
  const ports = { grpcPort: rpc.port, httpPort: http.port };
  opened.defer(await announce(parts, ports));
  const { invitation: invitationFile, operatorToken: operatorTokenFile } = directory.paths;
  return { ...ports, federation: store.federation, invitationFile, operatorTokenFile };
}

async function openRpc(
  { clock, directory, store, blobs, sessions, feed, log }: Parts,
  runs: Runs,
  metrics: WireMetrics,
  address: { readonly host: string; readonly port: number },
): Promise<RpcServer> {
  const { invitation, operatorToken } = directory.secrets;
  const reception = new Reception({ invitation }, { store, sessions, clock });
  const calls = new Calls(statusMapper(log, (reason) => metrics.refusals.inc({ reason })));
  const shared = { store, blobs, sessions, runs, calls };
  const meter = new WireMeter();
  const openStreams = () => new ByteStreams(streamLimits, { meter, metrics, clock });
  const uploads = new UploadReceiver({ streams: openStreams(), runs });
  const handovers = new HandoverReceiver({ streams: openStreams(), runs });
  const services = [
    participantService({ ...shared, clock, reception, meter, metrics, uploads, handovers, log }),
    operatorService({ ...shared, operatorToken, feed }),
  ];
  return await RpcServer.open({ ...address, drainMs }, { clock, calls, services });
}

/** Lets calls in flight be answered, then abandons rounds, which participants are told while their streams are open. */
async function closeRuns(runs: Runs, rpc: RpcServer): Promise<void> {
  await rpc.drain();
  await runs.close();
}

/** Starts work now; returns what ends it and waits for the end. */
function runUntilClosed(work: (signal: AbortSignal) => Promise<void>): () => Promise<void> {
  const closing = new AbortController();
  const done = work(closing.signal);
  return async () => {
    closing.abort(new Error("the coordinator is shutting down"));
    await done;
  };
}

/** Lets other commands on this machine find the coordinator; returns what takes the note away. */
async function announce(
  { config, directory, chain }: Parts,
  ports: { readonly grpcPort: number; readonly httpPort: number },
): Promise<() => Promise<void>> {
  const note = {
    pid: process.pid,
    grpcAddress: `${hostAndPort(config.grpcAddress).host}:${ports.grpcPort}`,
    httpAddress: `${hostAndPort(config.httpAddress).host}:${ports.httpPort}`,
    chain: config.chain.kind,
    committer: chain.committer,
  };
  const file = directory.paths.announcement;
  await writeFile(`${file}.new`, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return () => rm(file, { force: true });
}
