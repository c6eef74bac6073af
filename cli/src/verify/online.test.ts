import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { knownAccount, knownContract } from "@chorus/chain";
import { pathsIn, startCoordinator } from "@chorus/coordinator";
import { pino } from "pino";
import { expect, test } from "vitest";
import { describeDifference } from "./history.ts";
import { openOnlineHistory } from "./online.ts";
import { writeSampleRun } from "./testing/data-directory.ts";
import { verifyRun } from "./verify-run.ts";

const never = new AbortController().signal;

test("a run is recomputed with nothing but what a running coordinator tells, a lost or unreadable transcript is named, and no file is larger than it can be", async () => {
  const folder = await mkdtemp(join(tmpdir(), "chorus-online-"));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(folder, { recursive: true }));
  const directory = join(folder, "coordinator");
  const runId = await writeSampleRun(directory);
  const address = "127.0.0.1:0";
  const config = {
    directory,
    federationName: "sample",
    grpcAddress: address,
    httpAddress: address,
    chain: { kind: "embedded" },
  } as const;
  const log = pino({ level: "silent" });
  const coordinator = opened.use(await startCoordinator(config, { log }, never));
  const choice = {
    coordinator: `127.0.0.1:${coordinator.grpcPort}`,
    dataDirectory: directory,
    tokenFile: coordinator.operatorTokenFile,
  };
  const { blobs, contract, key } = pathsIn(directory);
  const chain = {
    chainUrl: `http://127.0.0.1:${coordinator.httpPort}/chain`,
    contract: await knownContract(contract),
    committer: await knownAccount(key),
  };
  const history = opened.use(await openOnlineHistory(choice, chain, never));
  const found = async () =>
    (await verifyRun(runId, history, never)).differences.map(describeDifference);

  expect(await found()).toEqual([]);
  const { rounds } = await history.source.details(runId, never);
  const hash = rounds[1]?.transcriptHash ?? "";
  const bytes = (await stat(join(blobs, hash.slice(0, 2), hash))).size;
  expect(await history.source.file(hash, bytes, never)).toHaveLength(bytes);
  expect(await history.source.file(hash, bytes - 1, never)).toEqual({
    problem: expect.stringMatching(`sends more than the ${bytes - 1} bytes that the file `),
  });
  await rm(join(blobs, hash.slice(0, 2), hash));
  expect(await found()).toEqual([
    expect.stringMatching(/^round 2: transcript .* got no file$/),
    expect.stringMatching(
      /^round 3: the model .* the strategy's state after round 2 is not known$/,
    ),
  ]);
  await mkdir(join(blobs, hash.slice(0, 2), hash));
  expect(await found()).toContainEqual(
    expect.stringMatching(/^round 2: transcript .* got the coordinator refused: /),
  );
});
