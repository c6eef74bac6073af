import {
  bytesToHex,
  type CommonRoundConfig,
  hexToBytes,
  type MaskedRoundConfig,
  type MaskedTranscript,
  neighbourhoodFor,
  openCommitmentScheme,
  participantIdOf,
  requireOpenedSum,
  scaleBitsFor,
  serialiseRoundConfig,
  wordsOfBytes,
} from "@chorus/aggregation";
import {
  type CheckInRequest,
  type FollowResponse,
  type Invitation,
  ReportTrainedRequest,
} from "@chorus/proto/v1/participant";
import { Everybody } from "./everybody.ts";
import { leadExchange } from "./lead-exchange.ts";
import { FEDERATION_ID, type ScriptedCoordinator } from "./scripted-coordinator.ts";
import {
  invitation,
  LAYOUT,
  MODEL_HASH,
  offer,
  PLAN,
  PLAN_HASH,
  ROUND_ID,
  RUN_ID,
  train,
} from "./tiny-round.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

/** Somebody for a cohort. */
export interface Trained extends Pick<CheckInRequest, "identityKey"> {
  readonly graphNonceCommitment: Uint8Array;
}

/** What every configuration of the tiny round has, for participants that have checked in and trained. */
export function commonFacts(trained: readonly Trained[]): CommonRoundConfig {
  const cohort = trained
    .map(({ identityKey, graphNonceCommitment }) => ({
      participantId: participantIdOf(identityKey),
      identityKey: bytesToHex(identityKey, 32),
      nonceCommitment: bytesToHex(graphNonceCommitment, 32),
    }))
    .toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
  const { clippingNorm, maxExamples } = PLAN.protection;
  return {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    commitment: "ring-sis-v1",
    federationId: FEDERATION_ID,
    runId: RUN_ID,
    round: 1,
    roundId: ROUND_ID,
    planHash: PLAN_HASH,
    parentModelHash: MODEL_HASH,
    cohort,
    ...neighbourhoodFor(cohort.length),
    minSurvivors: PLAN.roundPolicy.minSurvivors,
    dimension: LAYOUT.parameters,
    clippingNorm,
    maxExamples,
  };
}

/** The configuration of the tiny round for participants that have checked in and trained. */
export function configFor(
  trained: readonly Trained[],
  changes: Partial<MaskedRoundConfig> = {},
): MaskedRoundConfig {
  const common = commonFacts(trained);
  const scaleBits = scaleBitsFor(common.cohort.length, common.clippingNorm);
  return { ...common, ringBits: 32, scaleBits, ...changes };
}

/** Asks for keys, in a cohort of the first participant that has checked in, as it last trained, and two who are not there. */
export function askForKeys({ checkIns, answers }: ScriptedCoordinator): Instruction {
  const report = answers.heard("reportTrained").at(-1)?.bytes ?? new Uint8Array();
  const { graphNonceCommitment } = ReportTrainedRequest.decode(report);
  const [own, ...others] = [present(checkIns[0]).identityKey, ...[11, 12].map(filled)];
  const trained = [
    { identityKey: present(own), graphNonceCommitment },
    ...others.map((identityKey) => ({ identityKey, graphNonceCommitment: filled(13) })),
  ];
  const roundConfig = serialiseRoundConfig(configFor(trained));
  return { $case: "advertiseKeys", value: { roundId: hexToBytes(ROUND_ID, 32), roundConfig } };
}

/** Leads everybody who has checked in through a round, and keeps what they said. */
export class MaskedRound {
  readonly #everybody: Everybody;

  /** `beforeRepeating`: see {@link Everybody}. */
  constructor(
    coordinator: ScriptedCoordinator,
    beforeRepeating?: (sentence: string) => Promise<unknown>,
  ) {
    this.#everybody = new Everybody(coordinator, beforeRepeating);
  }

  /** All that is to be published of the round, in which everybody survives. `changes`: to what is offered. */
  async run(changes: Partial<Invitation> = {}): Promise<MaskedTranscript> {
    await this.#everybody.ask("acceptRound", () => invitation(changes));
    const reports = await this.#everybody.ask("reportTrained", () => train(changes));
    const trained = reports.map(({ participantId, request: { graphNonceCommitment } }) => ({
      identityKey: this.#everybody.identityKeyOf(participantId),
      graphNonceCommitment,
    }));
    const config = configFor(trained, factsOf(offer(changes)));
    return await this.#exchange(config);
  }

  async #exchange(config: MaskedRoundConfig): Promise<MaskedTranscript> {
    const unmasking = await leadExchange(this.#everybody, config, (collection, committed, bytes) =>
      collection.submit(committed, wordsOfBytes(bytes)),
    );
    const transcript = unmasking.transcriptOf(unmasking.close());
    requireOpenedSum(transcript, openCommitmentScheme());
    return transcript;
  }
}

type OfferedFacts = Pick<
  MaskedRoundConfig,
  "runId" | "round" | "roundId" | "planHash" | "parentModelHash"
>;

/** What an offer decides of a round's configuration. */
export function factsOf(offered: Invitation): OfferedFacts {
  const { runId, round, roundId, planHash, modelHash } = offered;
  return {
    runId: bytesToHex(runId, 32),
    round,
    roundId: bytesToHex(roundId, 32),
    planHash: bytesToHex(planHash, 32),
    parentModelHash: bytesToHex(modelHash, 32),
  };
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("an answer lacks its message");
  return value;
}
