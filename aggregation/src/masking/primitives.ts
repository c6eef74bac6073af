/**
 * What the stages of SA-1 are made of, one by one. Participants and coordinators need the stages alone; who wants to attack
 * them needs these.
 */
export { selfMaskCommitmentOf, signAdvertisement } from "./advertisement.ts";
export type { RoundExpectation } from "./config-check.ts";
export { ExchangeContext } from "./exchange-context.ts";
export { type Guard, strictGuard } from "./guard.ts";
export { AgreementKey } from "./key-agreement.ts";
export { MaskSet } from "./mask-set.ts";
export { type MaskStream, pairwiseMask, selfMask } from "./mask-stream.ts";
export { RoundContext } from "./round-context.ts";
export { RoundKeys } from "./round-keys.ts";
export { openShare, sealingKey } from "./sealing.ts";
export { combineShares, type ShamirShare } from "./shamir.ts";
export { signAck, signUpload, survivorDigest } from "./survivors.ts";
