/** 32 bytes as 64 lowercase hexadecimal digits, without 0x. */
export type Hash = string;

/** What is committed once for every completed round. */
export interface RoundRecord {
  readonly runId: Hash;
  /** Counts from 1 without gaps. */
  readonly round: number;
  readonly planHash: Hash;
  /** Model that the round trained from. */
  readonly parentModelHash: Hash;
  /** Model that the round made. */
  readonly modelHash: Hash;
  /** Merkle root over the survivors' signed upload commitments. */
  readonly updatesRoot: Hash;
  readonly survivors: number;
}

/** A record as it stands on the ledger. */
export interface LedgerEntry {
  readonly record: RoundRecord;
  /** Hash of this record and the entry before it: the run's head after this round. */
  readonly entry: Hash;
  readonly transactionHash: Hash;
  readonly blockNumber: number;
}

/** An append-only, hash-chained record of rounds. Every run is a chain of its own. */
export interface Ledger {
  /** Where the records are, for people: for example "embedded chain, contract 0x…, account 0x…". */
  readonly description: string;
  /**
   * Appends a record and waits until it is included. A record that is already there is returned as it stands
   * (exactly once, whatever is repeated). Throws {@link LedgerError}: `conflict` when another record has that round,
   * `wrong-round` when it does not follow the head (by number, plan or parent model), `unreachable` when the chain does not
   * answer in time: whether the record is there is then unknown, and repeating the call is safe.
   */
  commit(record: RoundRecord, signal: AbortSignal): Promise<LedgerEntry>;
  /**
   * All records of a run, by round; empty for an unknown run. Recomputes the hash chain and compares it with the
   * contract's state. Throws {@link LedgerError} `broken-chain` naming the first round that does not hold, `unreachable`.
   */
  history(runId: Hash, signal: AbortSignal): Promise<readonly LedgerEntry[]>;
  /** The entry of a round, from 1; undefined when it has none. Throws {@link LedgerError} `unreachable`. */
  entryOf(runId: Hash, round: number, signal: AbortSignal): Promise<Hash | undefined>;
}

/** Every way the ledger can refuse or fail. */
export type LedgerErrorCode =
  | "conflict"
  | "wrong-round"
  | "unreachable"
  | "unwritable"
  | "bad-address"
  | "missing-chain"
  | "wrong-chain"
  | "insufficient-funds"
  | "broken-chain"
  | "damaged-block"
  | "locked";

interface LedgerErrorOptions extends ErrorOptions {
  readonly block?: number;
}

/** The ledger refused a record, could not be reached, or does not hold. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerErrorCode;
  /** The block that is damaged or was not written; undefined where it is none, or not known which. */
  readonly block: number | undefined;

  constructor(code: LedgerErrorCode, message: string, options: LedgerErrorOptions = {}) {
    const { cause, block } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.block = block;
  }
}
