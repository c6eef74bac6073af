import { type Address, encodeAbiParameters, type Hex, keccak256 } from "viem";
import type { Hash, RoundRecord } from "./ledger.ts";

/** Stands for "no entry": the entry before a run's first round. */
export const NO_ENTRY: Hash = "0".repeat(64);

/** A record in the form that the contract takes. */
interface ContractRound {
  readonly runId: Hex;
  readonly round: bigint;
  readonly planHash: Hex;
  readonly parentModelHash: Hex;
  readonly modelHash: Hex;
  readonly updatesRoot: Hex;
  readonly survivors: number;
}

const entryParameters = [
  { type: "bytes32" },
  { type: "address" },
  {
    type: "tuple",
    components: [
      { name: "runId", type: "bytes32" },
      { name: "round", type: "uint64" },
      { name: "planHash", type: "bytes32" },
      { name: "parentModelHash", type: "bytes32" },
      { name: "modelHash", type: "bytes32" },
      { name: "updatesRoot", type: "bytes32" },
      { name: "survivors", type: "uint32" },
    ],
  },
] as const;

/**
 * The entry that a record makes: keccak256(abi.encode(entry before, committer, record)), as in RoundLedger.sol.
 * `previous` is {@link NO_ENTRY} for round 1. Whoever knows the records can recompute every entry with this.
 */
export function entryHash(previous: Hash, committer: Address, record: RoundRecord): Hash {
  const round = toContractRound(record);
  return fromHex(
    keccak256(encodeAbiParameters(entryParameters, [toHex(previous), committer, round])),
  );
}

/** The record in the form that the contract takes. */
export function toContractRound(record: RoundRecord): ContractRound {
  return {
    runId: toHex(record.runId),
    round: BigInt(record.round),
    planHash: toHex(record.planHash),
    parentModelHash: toHex(record.parentModelHash),
    modelHash: toHex(record.modelHash),
    updatesRoot: toHex(record.updatesRoot),
    survivors: record.survivors,
  };
}

/** With 0x, as the chain writes it. */
export function toHex(hash: Hash): Hex {
  return `0x${hash}`;
}

/** Without 0x and in lowercase, as the rest of the system writes it. */
export function fromHex(hex: Hex): Hash {
  return hex.slice(2).toLowerCase();
}
