export type { Sleep } from "./backoff.ts";
export type { ColumnSummary } from "./data/column-summary.ts";
export type { Dataset } from "./data/dataset.ts";
export type { ExampleStorage } from "./data/example-writer.ts";
export type { Examples } from "./data/examples.ts";
export { type LoadedDataset, loadDataset } from "./data/load.ts";
export { type Survey, surveyData } from "./data/survey.ts";
export { ClientError, type ClientErrorCode } from "./error.ts";
export { type KeptModel, ModelStore } from "./models/model-store.ts";
export {
  type ParticipantDependencies,
  type ParticipantOptions,
  runParticipant,
} from "./participant.ts";
export type { Floors } from "./session/site.ts";
export type { CreateTrainer, PlannedRun } from "./session/trainers.ts";
export { type BackendCheck, checkBackend, gradientProblem } from "./tfjs/backend-check.ts";
export { BACKEND_NAMES, type BackendName } from "./tfjs/backends/backend.ts";
export { type BackendChoice, chooseBackend, objection } from "./tfjs/backends/choose-backend.ts";
export type { Measurements } from "./tfjs/backends/measure.ts";
export type { Absence, Probe } from "./tfjs/backends/probe.ts";
export { ChildProbe, type DeviceProbe } from "./tfjs/backends/probe-child.ts";
export type {
  Held,
  Impossible,
  Part,
  ProgramResults,
  StepCosts,
} from "./tfjs/static/speed/results.ts";
export { createTrainer, type TrainerOptions } from "./tfjs/trainer.ts";
export type { Evaluation, LocalUpdate, Trainer } from "./trainer.ts";
export { readTranscript } from "./transcript/read-transcript.ts";
