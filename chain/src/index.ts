export {
  ChainAccess,
  type ChainChoice,
  type ChainPaths,
  knownContract,
} from "./chain-access.ts";
export {
  ContractLedger,
  type ContractLedgerOptions,
  openContractLedger,
} from "./contract/contract-ledger.ts";
export { httpTransport } from "./contract/http-transport.ts";
export {
  type LedgerReader,
  type LedgerReaderOptions,
  openLedgerReader,
} from "./contract/ledger-reader.ts";
export type { AuditReport } from "./embedded/audit.ts";
export {
  EmbeddedChain,
  type EmbeddedChainOptions,
  openEmbeddedChain,
} from "./embedded/embedded-chain.ts";
export { EMBEDDED_CHAIN_ID } from "./embedded/machine.ts";
export type { Provider, ProviderRequest } from "./embedded/provider.ts";
export { type RpcCode, RpcError } from "./embedded/rpc-error.ts";
export { entryHash, NO_ENTRY } from "./entry-hash.ts";
export { KeyFileError, type KeyFileErrorCode, loadOrCreateAccount } from "./keys.ts";
export {
  type Hash,
  type Ledger,
  type LedgerEntry,
  LedgerError,
  type LedgerErrorCode,
  type RoundRecord,
} from "./ledger.ts";
export { MemoryLedger } from "./memory-ledger.ts";
