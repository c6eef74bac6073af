import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getAddress } from "viem";
import { describe, expect, test } from "vitest";
import { ChainAccess, type ChainChoice } from "./chain-access.ts";
import { knownContract } from "./contract-file.ts";
import { chainPathsIn } from "./testing/chain-paths.ts";
import { recordOf } from "./testing/records.ts";
import { TemporaryFolder } from "./testing/temporary-folder.ts";
import { never } from "./testing/test-chain.ts";

const embedded: ChainChoice = { kind: "embedded" };
const mixed = getAddress("0x52908400098527886e0f7030069857d2e4169ee7");
/** One letter of the other case: EIP-55's checksum does not hold. */
const odd = mixed.replace("E", "e");

async function openIn(folder: string, choice = embedded): Promise<ChainAccess> {
  return await ChainAccess.open(choice, chainPathsIn(folder), () => 1_750_000_000_000);
}

/** A chain with a contract and one round. Returns the contract's address. */
async function makeChainIn(folder: string) {
  await using access = await openIn(folder);
  const ledger = await access.ledger(never);
  await ledger.commit(recordOf("a", 1), never);
  return ledger.contractAddress;
}

function rpc(contract?: string): ChainChoice {
  return { kind: "rpc", url: "http://127.0.0.1:1/", contract };
}

describe("a contract's address", () => {
  test.each([
    ["in EIP-55's letters", mixed],
    ["in small letters", mixed.toLowerCase()],
    ["in capitals", `0x${mixed.slice(2).toUpperCase()}`],
    ["with a checksum that does not hold", odd],
  ])("%s is used, as an option and from the file", async (_how, text) => {
    expect(odd).not.toBe(mixed);
    await using folder = await TemporaryFolder.make();
    await using access = await openIn(folder.path, rpc(text));
    expect(access.contract).toBe(mixed);
    const file = join(folder.path, "contract");
    await writeFile(file, `${text}\n`);
    expect(await knownContract(file)).toBe(mixed);
  });

  test.each([
    ["text", "the usual one"],
    ["nothing", ""],
    ["half an address", mixed.slice(0, 20)],
  ])("that is %s is refused, as an option and from the file", async (_what, text) => {
    await using folder = await TemporaryFolder.make();
    const refusal = { name: "LedgerError", code: "bad-address" };
    const wanted = "wanted 0x and 40 hexadecimal digits";
    const opening = openIn(folder.path, rpc(text));
    await expect(opening).rejects.toMatchObject(refusal);
    await expect(opening).rejects.toThrow(wanted);
    await writeFile(join(folder.path, "contract"), text);
    for (const choice of [embedded, rpc()])
      await expect(openIn(folder.path, choice)).rejects.toMatchObject(refusal);
  });

  test("in the file, in small letters: the contract is used and no other is deployed", async () => {
    await using folder = await TemporaryFolder.make();
    const address = await makeChainIn(folder.path);
    await writeFile(join(folder.path, "contract"), address.toLowerCase());
    await using access = await openIn(folder.path);
    const ledger = await access.ledger(never);
    expect(ledger.contractAddress).toBe(address);
    expect(await ledger.history(recordOf("a", 1).runId, never)).toHaveLength(1);
  });
});

test("a chain whose contract is known is not made anew when its folder is lost", async () => {
  await using folder = await TemporaryFolder.make();
  await makeChainIn(folder.path);
  await rm(join(folder.path, "chain"), { recursive: true });
  for (const _attempt of [1, 2]) {
    const opening = openIn(folder.path);
    await expect(opening).rejects.toMatchObject({ name: "LedgerError", code: "missing-chain" });
    await expect(opening).rejects.toThrow("there is no chain");
  }
});
