/**
 * Commits round after round until it is killed, and writes each round's number and entry to stdout once its commit has
 * returned. Arguments: the chain's folder, the contract's address.
 */
import { writeSync } from "node:fs";
import { getAddress } from "viem";
import { hashOf, recordOf } from "./records.ts";
import { never, openTestChain, openTestLedger } from "./test-chain.ts";

const [directory, address] = process.argv.slice(2);
if (directory === undefined || address === undefined) throw new Error("wanted folder and address");
await using chain = await openTestChain(directory);
const ledger = await openTestLedger(chain, getAddress(address));
const standing = await ledger.history(hashOf("run a"), never);
for (let round = standing.length + 1; ; round += 1) {
  const { entry } = await ledger.commit(recordOf("a", round), never);
  writeSync(1, `${round} ${entry}\n`);
}
