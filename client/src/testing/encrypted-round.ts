import {
  bytesToHex,
  type CommonRoundConfig,
  canonicalPlan,
  configHash,
  type EncryptedRoundConfig,
  type EncryptedTranscript,
  type Hash,
  heConfigFor,
  heParametersOf,
  hexToBytes,
  type MadeModel,
  type ModelReport,
  type OpenedRound,
  Opening,
  parsePlan,
  planHash,
  valueCountOf,
} from "@chorus/aggregation";
import { EncryptedSum } from "@chorus/aggregation/he";
import type { FollowResponse, Invitation, Train } from "@chorus/proto/v1/participant";
import { type EncryptedPlan, isEncryptedPlan } from "../session/run-model.ts";
import { readReport } from "../wire/messages.ts";
import type { Received } from "./answer-desk.ts";
import { Everybody } from "./everybody.ts";
import { leadExchange } from "./lead-exchange.ts";
import { commonFacts, factsOf, type Trained } from "./masked-round.ts";
import { publish, transcriptBytes } from "./published.ts";
import type { ScriptedCoordinator } from "./scripted-coordinator.ts";
import { invitation, offer, PLAN, UNHANDED } from "./tiny-round.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

/** Bits of a value: enough that rounding hides no unit vector. */
const VALUE_BITS = 15;

/** The tiny plan, encrypted, with a strategy that has a state. */
export const ENCRYPTED_PLAN: EncryptedPlan = requireEncrypted({
  ...PLAN,
  strategy: { kind: "fedavgm", learningRate: 1, momentum: 0.5 },
  protection: { ...PLAN.protection, kind: "he", valueBits: VALUE_BITS },
});

function requireEncrypted(value: unknown): EncryptedPlan {
  const plan = parsePlan(value);
  if (isEncryptedPlan(plan)) return plan;
  throw new Error("the plan is masked only");
}

/** What is offered of an encrypted round. */
export function encryptedOffer(changes: Partial<Invitation> = {}): Partial<Invitation> {
  return {
    plan: canonicalPlan(ENCRYPTED_PLAN),
    planHash: hexToBytes(planHash(ENCRYPTED_PLAN), 32),
    ...changes,
  };
}

/** What is offered after a round that made this model, and this state. */
export function nextOffer(
  round: number,
  made: Pick<MadeModel, "modelHash" | "stateHash">,
  attempt = 0,
): Partial<Invitation> {
  const roundId = new Uint8Array(32).fill(round).fill(attempt, 31);
  const stateHash = Buffer.from(made.stateHash, "hex");
  return encryptedOffer({ round, roundId, stateHash, modelHash: hexToBytes(made.modelHash, 32) });
}

/** The configuration of the tiny round, encrypted, for participants that have checked in and trained. */
export function encryptedConfigFor(
  trained: readonly Trained[],
  changes: Partial<CommonRoundConfig> = {},
  parentStateHash: Hash | "" = "",
): EncryptedRoundConfig {
  const he = heConfigFor(VALUE_BITS, trained.length, parentStateHash);
  return { ...commonFacts(trained), he, ...changes };
}

/** Leads everybody who has checked in through encrypted rounds. */
export class EncryptedRound {
  readonly everybody: Everybody;
  readonly #coordinator: ScriptedCoordinator;

  /** `beforeRepeating`: see {@link Everybody}. */
  constructor(
    coordinator: ScriptedCoordinator,
    beforeRepeating?: (sentence: string) => Promise<unknown>,
  ) {
    this.#coordinator = coordinator;
    this.everybody = new Everybody(coordinator, beforeRepeating);
  }

  accept(changes: Partial<Invitation>): Promise<Received<"acceptRound">[]> {
    return this.everybody.ask("acceptRound", () => invitation(changes));
  }

  /** `handing`: what a participant's instruction says beside the round. */
  train(
    changes: Partial<Invitation>,
    handing: (participantId: string) => Partial<Train> = () => ({}),
  ): Promise<Received<"reportTrained">[]> {
    const value = { ...UNHANDED, round: offer(changes) };
    return this.everybody.ask("reportTrained", (id) => ({
      $case: "train",
      value: { ...value, ...handing(id) },
    }));
  }

  /** The exchange of those who have trained, to what is opened: the sum without its masks, and no reports. */
  async exchange(
    changes: Partial<Invitation>,
    trained: readonly Received<"reportTrained">[],
  ): Promise<EncryptedTranscript> {
    const config = this.#configFor(changes, trained);
    using sum = await EncryptedSum.open(heParametersOf(config), valueCountOf(config));
    const uploads: Uint8Array[] = [];
    const unmasking = await leadExchange(this.everybody, config, (collection, committed, bytes) => {
      collection.accept(committed, bytes);
      uploads.push(bytes);
    });
    for (const upload of uploads) await sum.add(sum.check(upload));
    return unmasking.encryptedTranscript(await sum.takeOff(unmasking.closeAsSeeds()));
  }

  /** All steps up to the sum. */
  async run(changes: Partial<Invitation> = encryptedOffer()): Promise<EncryptedTranscript> {
    await this.accept(changes);
    return await this.exchange(changes, await this.train(changes));
  }

  /** Has the sum opened, by everybody or by these; what is published then is what they agree on. */
  async open(
    transcript: EncryptedTranscript,
    ids: readonly string[] = this.everybody.ids,
  ): Promise<OpenedRound> {
    this.publish(transcript);
    const opening = new Opening(transcript);
    const asked = askToOpen(transcript);
    for (const { request } of await this.everybody.ask("reportModel", () => asked, ids)) {
      if (request.report === undefined) throw new Error("an answer lacks its report");
      if (bytesToHex(request.configHash, 32) !== configHash(transcript.config))
        throw new Error("a report is of another configuration");
      opening.report(readReport(request.report));
    }
    const opened = opening.close();
    this.publish(opened.transcript);
    return opened;
  }

  /** Has the sum opened by one participant alone. */
  async openBy(id: string, transcript: EncryptedTranscript): Promise<ModelReport> {
    this.publish(transcript);
    const asked = askToOpen(transcript);
    const [answer] = await this.everybody.ask("reportModel", () => asked, [id]);
    if (answer?.request.report === undefined) throw new Error("an answer lacks its report");
    return readReport(answer.request.report);
  }

  publish(transcript: EncryptedTranscript): void {
    this.#coordinator.publish = publish(transcriptBytes(transcript));
  }

  #configFor(
    changes: Partial<Invitation>,
    reports: readonly Received<"reportTrained">[],
  ): EncryptedRoundConfig {
    const trained = reports.map(({ participantId, request: { graphNonceCommitment } }) => ({
      identityKey: this.everybody.identityKeyOf(participantId),
      graphNonceCommitment,
    }));
    const offered = offer(changes);
    const parentStateHash = Buffer.from(offered.stateHash).toString("hex");
    return encryptedConfigFor(trained, factsOf(offered), parentStateHash);
  }
}

/** Asks to open a round's sum. */
export function askToOpen({ config }: EncryptedTranscript): Instruction {
  return { $case: "openSum", value: { roundId: hexToBytes(config.roundId, 32) } };
}
