export { ChainAccess, type ChainChoice } from "./chain-access.ts";
export { httpTransport } from "./contract/http-transport.ts";
export { type LedgerReader, openLedgerReader } from "./contract/ledger-reader.ts";
export { knownContract } from "./contract-file.ts";
export { type EmbeddedChain, openEmbeddedChain } from "./embedded/embedded-chain.ts";
export { EMBEDDED_CHAIN_ID } from "./embedded/machine.ts";
export type { Provider } from "./embedded/provider.ts";
export { knownAccount, loadOrCreateAccount } from "./keys.ts";
export {
  type Ledger,
  type LedgerEntry,
  LedgerError,
  type LedgerErrorCode,
  type RoundRecord,
} from "./ledger.ts";
export { MemoryLedger } from "./memory-ledger.ts";
