export { canonicalJson } from "./canonical.ts";
export { checkInStatement } from "./check-in.ts";
export { COMMITMENT_BYTES, Commitment } from "./commitment/commitment.ts";
export { CommitmentScheme } from "./commitment/commitment-scheme.ts";
export { openCommitmentScheme } from "./commitment/open-scheme.ts";
export { RANDOMNESS_WORDS } from "./commitment/randomness.ts";
export { GRAPH_NONCE_BYTES, graphNonceCommitment } from "./graph/graph-seed.ts";
export { bytesToHex, hexToBytes, sha256, sha256Hex } from "./hash.ts";
export {
  createIdentity,
  type Identity,
  participantIdOf,
  verifySignature,
} from "./identity.ts";
export type { OpenKernels } from "./kernels/kernels.ts";
export { openFastKernels, openPlainKernels } from "./kernels/open-kernels.ts";
export { KeyAdvertising } from "./masking/aggregator-advertising.ts";
export { Collection } from "./masking/aggregator-collection.ts";
export { Confirmation } from "./masking/aggregator-confirmation.ts";
export { type OpenedRound, Opening } from "./masking/aggregator-opening.ts";
export { KeySharing } from "./masking/aggregator-sharing.ts";
export { Unmasking } from "./masking/aggregator-unmasking.ts";
export {
  type CohortMember,
  type CommonRoundConfig,
  configHash,
  type EncryptedRoundConfig,
  type HeConfig,
  isEncrypted,
  type MaskedRoundConfig,
  parseRoundConfig,
  type RoundConfig,
  scaleBitsFor,
  serialiseRoundConfig,
} from "./masking/config.ts";
export { checkRoundConfig, type RoundExpectation } from "./masking/config-check.ts";
export {
  ciphertextBytes,
  encryptedSumBytes,
  heConfigFor,
  heParametersOf,
  valueCountOf,
} from "./masking/encryption.ts";
export { MaskingError, type MaskingErrorCode } from "./masking/error.ts";
export type { MaskSeeds } from "./masking/mask-set.ts";
export type {
  CommittedUpload,
  Hash,
  KeyAdvertisement,
  ModelReport,
  ParticipantId,
  RevealedShares,
  SealedShare,
  SurvivorAck,
  UploadCommitment,
} from "./masking/messages.ts";
export { type MadeModel, signModelReport } from "./masking/model-report.ts";
export { neighbourhoodFor } from "./masking/neighbourhood.ts";
export { AdvertisingStage, type ParticipantSecrets } from "./masking/participant-advertising.ts";
export { ConfirmingStage } from "./masking/participant-confirming.ts";
export { EncryptedStage, type EncryptionJob } from "./masking/participant-encrypting.ts";
export {
  MaskingStage,
  type MaskingTools,
  type VectorCommitter,
} from "./masking/participant-masking.ts";
export { RevealingStage } from "./masking/participant-revealing.ts";
export { SharingStage } from "./masking/participant-sharing.ts";
export { decodeSum, encodeUpdate, type Update } from "./masking/quantiser.ts";
export {
  runUnmasking,
  splitUnmasking,
  type UnmaskingJob,
  type UnmaskingPart,
} from "./masking/unmasking-job.ts";
export type { UpdateCounts } from "./masking/update-counts.ts";
export {
  contentLength,
  contentOf,
  vectorLength,
} from "./masking/update-vector.ts";
export { UPLOAD_CHUNK_BYTES, uploadRoot } from "./merkle.ts";
export {
  type CategoryColumn,
  type ColumnStatistics,
  intoRange,
  NUMBER_PARAMETERS,
  type NumberColumn,
  parametersOf,
  type StatisticsColumn,
} from "./model/column-statistics.ts";
export type { GraphLayer, ModelGraph } from "./model/graph-builder.ts";
export { initialModel } from "./model/initial-model.ts";
export { ACTIVATIONS } from "./model/layers/activation-names.ts";
export { layoutOf, type ModelLayout } from "./model/layout.ts";
export { modelFromBytes, modelToBytes, vectorFromBytes } from "./model/model-bytes.ts";
export { ModelError } from "./model/model-error.ts";
export { modelGraph } from "./model/model-graph.ts";
export { modelHash } from "./model/model-hash.ts";
export type {
  FunctionalTopology,
  Layer,
  LayerConfigs,
  LayerOf,
  ModelTopology,
  SequentialTopology,
} from "./model/topology.ts";
export { vocabularyOf } from "./model/vocabulary.ts";
export { canonicalPlan, parsePlan, parseRunPlan, planHash } from "./plan/parse-plan.ts";
export type * from "./plan/plan.ts";
export type * from "./plan/plan-data.ts";
export { PlanError } from "./plan/plan-error.ts";
export {
  classCount,
  encodedFeatureCount,
  exampleShape,
  invitationCount,
} from "./plan/plan-facts.ts";
export { SMALLEST_RUN } from "./plan/smallest-run.ts";
export { isStatisticsPlan, type RunPlan, type StatisticsPlan } from "./plan/statistics-plan.ts";
export {
  type PooledCategory,
  type PooledColumn,
  type PooledNumber,
  pooledColumns,
} from "./preparation/pooled-columns.ts";
export {
  type PreparedDifference,
  preparedDifferences,
  preparedPlan,
} from "./preparation/prepared-plan.ts";
export { type SummedRound, statisticsError } from "./preparation/statistics-error.ts";
export { statisticsPlanFor } from "./preparation/statistics-plan-for.ts";
export { type MeasuredFeature, parseTemplate, type Template } from "./preparation/template.ts";
export {
  RandomNumbers,
  type RandomSource,
  seededRandom,
  systemRandom,
} from "./random.ts";
export { applyOuterStep, stateLength } from "./strategies/outer-step.ts";
export { stateHash } from "./strategies/state-hash.ts";
export { verifiedExchange } from "./transcript/signed-round.ts";
export {
  type EncryptedTranscript,
  isEncryptedTranscript,
  type MaskedTranscript,
  type RoundTranscript,
} from "./transcript/transcript.ts";
export { verifyOpenedSum } from "./transcript/verify-opened-sum.ts";
export { type VerifiedReports, verifyReports } from "./transcript/verify-reports.ts";
export { requireOpenedSum, type SumVerifier } from "./transcript/verify-sum.ts";
export {
  type TranscriptReader,
  type VerifiedSum,
  verifyTranscript,
} from "./transcript/verify-transcript.ts";
export { bytesOfWords, firstNonFinite, wordsOfBytes } from "./vector.ts";
