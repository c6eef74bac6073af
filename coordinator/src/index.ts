export { type Clock, systemClock } from "./clock.ts";
export { type CoordinatorConfig, parseConfig } from "./config.ts";
export { CoordinatorError, type CoordinatorErrorCode } from "./error.ts";
export { transcriptToBytes } from "./round/transcript-bytes.ts";
export {
  type CoordinatorDependencies,
  type RunningCoordinator,
  startCoordinator,
} from "./start.ts";
export {
  type DataDirectory,
  type DataPaths,
  openDataDirectory,
  pathsIn,
} from "./store/data-directory.ts";
export { openBlobStore } from "./store/file-blob-store.ts";
export { openStore, type PgliteStore } from "./store/pglite-store.ts";
export {
  type BlobStore,
  type EventRecord,
  type RoundRow,
  type RunRecord,
  type Store,
  StoreError,
  type StoreErrorCode,
} from "./store/store.ts";
