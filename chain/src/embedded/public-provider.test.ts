import { type Address, createWalletClient, custom, encodeFunctionData, type Hex } from "viem";
import { describe, expect, test } from "vitest";
import { openLedgerReader } from "../contract/ledger-reader.ts";
import { roundLedgerAbi as abi } from "../generated/round-ledger.ts";
import { hashOf, recordOf } from "../testing/records.ts";
import { never, openTestChain, openTestLedger, owner } from "../testing/test-chain.ts";
import type { EmbeddedChain } from "./embedded-chain.ts";
import type { Provider, ProviderRequest } from "./provider.ts";
import { publicProvider } from "./public-provider.ts";

/** JUMPDEST PUSH0 JUMP: burns all gas that it is given. Deployed by PUSH3 code PUSH0 MSTORE PUSH1 3 PUSH1 29 RETURN. */
const loop: Hex = "0x625b5f565f526003601df3";

const headOf = encodeFunctionData({
  abi,
  functionName: "headOf",
  args: [owner.address, `0x${hashOf("run a")}`],
});

async function deployLoop({ transport, provider }: EmbeddedChain): Promise<Hex> {
  const wallet = createWalletClient({ transport, account: owner });
  const hash = await wallet.sendTransaction({ chain: null, data: loop });
  const receipt = await provider.request({ method: "eth_getTransactionReceipt", params: [hash] });
  const { contractAddress } = receipt as { contractAddress: Hex };
  expect(await provider.request({ method: "eth_getCode", params: [contractAddress] })).toBe(
    "0x5b5f56",
  );
  return contractAddress;
}

test("an auditor reads a history through it, while a ledger and strangers use the chain", async () => {
  await using chain = await openTestChain();
  const ledger = await openTestLedger(chain);
  const { contractAddress, committer } = ledger;
  for (let round = 1; round <= 20; round += 1) await ledger.commit(recordOf("a", round), never);
  const shown = publicProvider(chain.provider, () => contractAddress);
  const options = { transport: custom(shown), contractAddress, committer, timeoutMs: 60_000 };
  const readers = await Promise.all([1, 2, 3].map(() => openLedgerReader(options, never)));
  const runId = hashOf("run a");
  const histories = await Promise.all(readers.map((reader) => reader.history(runId, never)));
  const wanted = await ledger.history(runId, never);
  expect(wanted).toHaveLength(20);
  for (const history of histories) expect(history).toEqual(wanted);
});

test("transactions, estimates and unknown methods are not there", async () => {
  await using chain = await openTestChain();
  const shown = publicProvider(chain.provider, () => undefined);
  for (const method of ["eth_sendRawTransaction", "eth_estimateGas", "eth_sign", "debug_trace"])
    await expect(shown.request({ method, params: [{}] })).rejects.toMatchObject({ code: -32601 });
  expect(await shown.request({ method: "eth_blockNumber" })).toBe("0x0");
});

describe("a call", () => {
  test("of another contract is refused, however dear it is", async () => {
    await using chain = await openTestChain();
    const { contractAddress } = await openTestLedger(chain);
    const to = await deployLoop(chain);
    const shown = publicProvider(chain.provider, () => contractAddress);
    const asking = shown.request({ method: "eth_call", params: [{ to }, "latest"] });
    await expect(asking).rejects.toMatchObject({ name: "RpcError", code: -32602 });
    await expect(asking).rejects.toThrow(
      `to: got ${to}, wanted the ledger's address, ${contractAddress}`,
    );
  });

  test.each<[string, (ledger: Address) => readonly unknown[]]>([
    ["that makes a contract", () => [{ data: loop }, "latest"]],
    ["of nothing at all", () => []],
    ["with other state", (to) => [{ to, data: headOf }, "latest", { [to]: { code: "0x5b5f56" } }]],
    ["with another block", (to) => [{ to, data: headOf }, "latest", {}, { number: "0x1" }]],
  ])("%s is refused", async (_what, params) => {
    await using chain = await openTestChain();
    const { contractAddress } = await openTestLedger(chain);
    const shown = publicProvider(chain.provider, () => contractAddress);
    const asking = shown.request({ method: "eth_call", params: params(contractAddress) });
    await expect(asking).rejects.toMatchObject({ name: "RpcError", code: -32602 });
  });

  test("is refused while there is no ledger", async () => {
    await using chain = await openTestChain();
    const { contractAddress: to } = await openTestLedger(chain);
    const shown = publicProvider(chain.provider, () => undefined);
    const asking = shown.request({ method: "eth_call", params: [{ to, data: headOf }] });
    await expect(asking).rejects.toThrow("there is no ledger yet");
  });

  test("ends when it has taken 100 thousand gas, whatever it asks for", async () => {
    await using chain = await openTestChain();
    await openTestLedger(chain);
    const address = (await deployLoop(chain)) as Address;
    const requests: ProviderRequest[] = [];
    const watched: Provider = {
      request(request) {
        requests.push(request);
        return chain.provider.request(request);
      },
    };
    const shown = publicProvider(watched, () => address);
    const message = { to: address, gas: "0x989680", value: "0x1", from: owner.address };
    const asking = shown.request({ method: "eth_call", params: [message, "latest"] });
    await expect(asking).rejects.toMatchObject({ code: 3 });
    const allowed = { to: address, data: undefined, gas: "0x186a0" };
    expect(requests).toEqual([{ method: "eth_call", params: [allowed, "latest"] }]);
  });
});

test("questions are answered one at a time, and too many at once are refused", async () => {
  let running = 0;
  let most = 0;
  const open = Promise.withResolvers<void>();
  const slow: Provider = {
    async request({ method }) {
      running += 1;
      most = Math.max(most, running);
      await open.promise;
      running -= 1;
      return method;
    },
  };
  const shown = publicProvider(slow, () => undefined);
  const ask = () => shown.request({ method: "eth_blockNumber" });
  const answers = Array.from({ length: 128 }, ask);
  await expect(ask()).rejects.toMatchObject({ name: "RpcError", code: -32005 });
  open.resolve();
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["eth_blockNumber"]));
  expect(most).toBe(1);
  expect(await ask()).toBe("eth_blockNumber");
});
