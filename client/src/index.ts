export type { Sleep } from "./backoff.ts";
export type { Dataset } from "./data/dataset.ts";
export { type LoadedDataset, loadDataset } from "./data/load.ts";
export { ClientError, type ClientErrorCode } from "./error.ts";
export {
  type ParticipantDependencies,
  type ParticipantOptions,
  runParticipant,
} from "./participant.ts";
export type { Floors } from "./session/site.ts";
export type { CreateTrainer } from "./session/trainers.ts";
export { type BackendCheck, checkBackend } from "./tfjs/self-test.ts";
export { createTrainer, type TrainerOptions } from "./tfjs/trainer.ts";
export type { Evaluation, LocalUpdate, Trainer } from "./trainer.ts";
export { readTranscript } from "./transcript/read-transcript.ts";
