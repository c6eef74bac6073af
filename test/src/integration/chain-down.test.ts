import { join } from "node:path";
import { bytesToHex } from "@chorus/aggregation";
import {
  type EmbeddedChain,
  httpTransport,
  knownContract,
  type LedgerEntry,
  loadOrCreateAccount,
  openEmbeddedChain,
  openLedgerReader,
} from "@chorus/chain";
import { pathsIn } from "@chorus/coordinator";
import { FakeClock } from "@chorus/coordinator/testing/fake-clock";
import { RunStatus } from "@chorus/proto/v1/operator";
import { describe, expect, test } from "vitest";
import { ChainEndpoint } from "../support/chain-endpoint.ts";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { temporaryFolder } from "../support/folder.ts";
import { TestOperator } from "../support/operator.ts";
import { startParticipants, unitParticipants } from "../support/participants.ts";
import { patienceMs } from "../support/patience.ts";
import { testPlan } from "../support/plan.ts";

const waiting = "the chain takes no commits; they wait in the outbox";
const committed = "round committed to the chain";

/** A chain elsewhere that a coordinator has been told of, and that is not there yet. */
interface Elsewhere {
  readonly port: number;
  /** Makes the chain answer. */
  readonly come: (chain: EmbeddedChain) => Promise<ChainEndpoint>;
}

/** Nobody listens at the port. */
async function refusing(opened: AsyncDisposableStack): Promise<Elsewhere> {
  const endpoint = await ChainEndpoint.open();
  const { port } = endpoint;
  await endpoint[Symbol.asyncDispose]();
  return {
    port,
    async come({ provider }) {
      const reopened = opened.use(await ChainEndpoint.open(port));
      reopened.provider = provider;
      return reopened;
    },
  };
}

/** Somebody listens and never answers. */
async function silent(opened: AsyncDisposableStack): Promise<Elsewhere> {
  const endpoint = opened.use(await ChainEndpoint.open());
  return {
    port: endpoint.port,
    async come({ provider }) {
      endpoint.provider = provider;
      return endpoint;
    },
  };
}

/** The chain that the coordinator's account can pay on. */
async function chainFor({ directory }: TestCoordinator): Promise<EmbeddedChain> {
  const { address: account } = await loadOrCreateAccount(pathsIn(directory).key);
  return await openEmbeddedChain({ directory: undefined, account, now: () => Date.now() });
}

/** What anybody reads from the chain of a run. */
async function historyOf(
  { directory }: TestCoordinator,
  port: number,
  runId: Uint8Array,
): Promise<readonly LedgerEntry[]> {
  const { contract, key } = pathsIn(directory);
  const contractAddress = await knownContract(contract);
  if (contractAddress === undefined) throw new Error("no contract is known");
  const { address: committer } = await loadOrCreateAccount(key);
  const transport = httpTransport(`http://127.0.0.1:${port}`);
  const where = { transport, contractAddress, committer, timeoutMs: patienceMs };
  const reader = await openLedgerReader(where, AbortSignal.timeout(patienceMs));
  return await reader.history(bytesToHex(runId, 32), AbortSignal.timeout(patienceMs));
}

async function ask({ httpPort }: TestCoordinator, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${httpPort}${path}`);
  return `${response.status} ${await response.text()}`;
}

describe.concurrent("while the chain", () => {
  test.each([
    ["refuses connections", refusing, "ECONNREFUSED"],
    ["never answers", silent, "no answer within 15000 ms"],
  ])(
    "%s rounds complete, and when it comes they are committed in order, once",
    async (_how, elsewhere, why) => {
      await using opened = new AsyncDisposableStack();
      const folder = opened.use(await temporaryFolder());
      const { port, come } = await elsewhere(opened);
      const clock = new FakeClock();
      const url = `http://127.0.0.1:${port}/key-5ecret`;
      const directory = join(folder.path, "coordinator");
      const options = { clock, chain: { kind: "rpc", url } } as const;
      const coordinator = opened.use(await startTestCoordinator(directory, options));
      opened.use(startParticipants(coordinator, folder.path, unitParticipants(4)));
      const operator = opened.use(await TestOperator.connect(coordinator));
      // Said before there is anything to commit.
      await coordinator.log.entry(waiting);

      const { runId } = await operator.startRun(testPlan({ rounds: 3, participants: 4 }));
      const ended = await operator.ended(runId);
      expect(ended.run?.status).toBe(RunStatus.COMPLETED);
      expect(ended.rounds.map(({ ledgerEntry }) => ledgerEntry)).toEqual(Array(3).fill(undefined));
      const { summary } = await operator.explainRun(runId);
      expect(summary).toContain(
        "the run is completed: it waits for nobody; 3 completed rounds are not on the chain yet (",
      );
      expect(summary).toContain(why);
      const told = await ask(coordinator, "/readyz");
      expect(told).toMatch(/^503 unreachable: /);
      expect(told).toContain(why);
      expect(await ask(coordinator, "/metrics")).toContain("\nchorus_chain_waiting_rounds 3\n");
      expect(told + summary + JSON.stringify(coordinator.log.entries)).not.toContain("key-5ecret");

      const chain = opened.use(await chainFor(coordinator));
      const endpoint = await come(chain);
      // The contract, the first round, the second: on the chain, and the coordinator does not know.
      endpoint.lostTransaction = 3;
      const lost = coordinator.log.next(waiting);
      clock.advance(60_000);
      await lost;
      clock.advance(60_000);
      await coordinator.log.entry(committed, { round: 3 });
      const inLog = coordinator.log.entries.filter(({ msg }) => msg === committed);
      expect(inLog.map(({ round }) => round)).toEqual([1, 2, 3]);
      expect(await ask(coordinator, "/readyz")).toBe("200 ready\n");
      expect(await ask(coordinator, "/metrics")).toContain("\nchorus_chain_waiting_rounds 0\n");

      expect(await chain.audit(AbortSignal.timeout(patienceMs))).toEqual({ blocks: 5 });
      const history = await historyOf(coordinator, port, runId);
      expect(history.map(({ record }) => record.round)).toEqual([1, 2, 3]);
      const { rounds } = await operator.getRun(runId);
      expect(
        rounds.map(({ ledgerEntry }) => bytesToHex(ledgerEntry?.entry ?? new Uint8Array(), 32)),
      ).toEqual(history.map(({ entry }) => entry));
    },
    patienceMs,
  );
});
