import { type Address, type Hex, keccak256 } from "viem";
import { fromHex, toContractRound, toHex } from "../entry-hash.ts";
import { roundLedgerAbi as abi, roundLedgerRuntimeCode } from "../generated/round-ledger.ts";
import { type Hash, type LedgerEntry, LedgerError, type RoundRecord } from "../ledger.ts";
import type { RunHead } from "../run-rules.ts";
import type { ChainClient } from "./chain-client.ts";
import { commitRefusal } from "./commit-refusal.ts";

/** The event RoundCommitted, decoded. */
interface CommittedLog {
  readonly args: {
    readonly runId: Hex;
    readonly round: bigint;
    readonly planHash: Hex;
    readonly parentModelHash: Hex;
    readonly modelHash: Hex;
    readonly updatesRoot: Hex;
    readonly survivors: number;
    readonly entry: Hex;
  };
  readonly transactionHash: Hex;
  readonly blockNumber: bigint;
}

/** Questions about the runs of one committer to a RoundLedger contract. */
export class RoundLedgerContract {
  readonly address: Address;
  readonly committer: Address;
  readonly #client: ChainClient;

  constructor(client: ChainClient, address: Address, committer: Address) {
    this.#client = client;
    this.address = address;
    this.committer = committer;
  }

  /** Throws LedgerError `wrong-chain` unless RoundLedger's code stands at the address. */
  async checkCode(chainName: string, signal: AbortSignal): Promise<void> {
    const { address } = this;
    const code = await this.#client.ask(
      "for the contract",
      (client) => client.getCode({ address }),
      signal,
    );
    if (code === roundLedgerRuntimeCode) return;
    const got = code === undefined ? "no contract" : `other code (keccak256 ${keccak256(code)})`;
    const text = `${chainName}: got ${got} at ${address}, wanted RoundLedger`;
    throw new LedgerError("wrong-chain", text);
  }

  /** A round's entry, zero when there is none. `blockNumber` undefined: as of the last block. */
  async entryOf(
    runId: Hash,
    round: number,
    blockNumber: bigint | undefined,
    signal: AbortSignal,
  ): Promise<Hash> {
    const { address, committer } = this;
    const args = [committer, toHex(runId), BigInt(round)] as const;
    const at = blockNumber === undefined ? {} : { blockNumber };
    const entry = await this.#client.ask(
      `for the entry of round ${round}`,
      (client) => client.readContract({ address, abi, functionName: "entryOf", args, ...at }),
      signal,
    );
    return fromHex(entry);
  }

  /** Where a run stood after the block. */
  async headOf(runId: Hash, blockNumber: bigint, signal: AbortSignal): Promise<RunHead> {
    const { address, committer } = this;
    const args = [committer, toHex(runId)] as const;
    const head = await this.#client.ask(
      "for the run's head",
      (client) => client.readContract({ address, abi, functionName: "headOf", args, blockNumber }),
      signal,
    );
    return {
      round: Number(head.round),
      planHash: fromHex(head.planHash),
      modelHash: fromHex(head.modelHash),
      entry: fromHex(head.entry),
    };
  }

  /** The records of a run, or that of one round, up to the block, as they were announced and in that order. */
  async committed(
    runId: Hash,
    round: number | undefined,
    toBlock: bigint | undefined,
    signal: AbortSignal,
  ): Promise<readonly LedgerEntry[]> {
    const { address, committer } = this;
    const ofRound = round === undefined ? {} : { round: BigInt(round) };
    const filter = {
      address,
      abi,
      eventName: "RoundCommitted",
      args: { committer, runId: toHex(runId), ...ofRound },
      strict: true,
      fromBlock: 0n,
      ...(toBlock === undefined ? {} : { toBlock }),
    } as const;
    const client = this.#client;
    const logs = await client.ask(
      "for the run's records",
      (c) => c.getContractEvents(filter),
      signal,
    );
    return logs.map(toEntry);
  }

  /** Gas for committing the record. Throws what the contract has against it, as LedgerError. */
  async commitGas(record: RoundRecord, signal: AbortSignal): Promise<bigint> {
    const { address, committer: account } = this;
    const args = [toContractRound(record)] as const;
    return await this.#client.ask(
      `for the gas of round ${record.round}`,
      (client) =>
        client.estimateContractGas({ address, abi, functionName: "commit", args, account }),
      signal,
      (error) => commitRefusal(record, error),
    );
  }
}

/** The entry that an event announces. */
export function toEntry(log: CommittedLog): LedgerEntry {
  const { runId, round, planHash, parentModelHash, modelHash, updatesRoot, survivors } = log.args;
  return {
    record: {
      runId: fromHex(runId),
      round: Number(round),
      planHash: fromHex(planHash),
      parentModelHash: fromHex(parentModelHash),
      modelHash: fromHex(modelHash),
      updatesRoot: fromHex(updatesRoot),
      survivors,
    },
    entry: fromHex(log.args.entry),
    transactionHash: fromHex(log.transactionHash),
    blockNumber: Number(log.blockNumber),
  };
}
