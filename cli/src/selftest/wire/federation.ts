import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalPlan, openCommitmentScheme, systemRandom } from "@chorus/aggregation";
import { type RunningCoordinator, startCoordinator } from "@chorus/coordinator";
import { Metadata } from "@grpc/grpc-js";
import { pino } from "pino";
import { Operator } from "../../operator/operator.ts";
import { counts, type Member, makeMembers } from "../member.ts";
import { HonestAnswers, type Step, type StepCall } from "./honest-answers.ts";
import { KeptSecrets } from "./kept-secrets.ts";
import { contradictions, misdeeds } from "./misdeeds.ts";
import { type Deed, RawParticipant } from "./raw-participant.ts";
import { tinyPlan } from "./tiny-plan.ts";

/** Names of what is no single message. */
export const LATE = "a late upload on the wire";
export const FLOOD = "a flood: many uploads at once";
export const NO_SESSION = "an answer without a session";

const FLOOD_UPLOADS = 16;

/** What became of a lying participant's messages in one round of the coordinator's program. */
export interface WireResults {
  /** By misdeed: why it was refused. */
  readonly reasons: ReadonlyMap<string, string>;
  /** At which steps the same participant's honest message was taken afterwards. */
  readonly taken: ReadonlySet<Step>;
  /**
   * Bytes of the honest participants' secrets that stand in the clear in what the participants were told, or in what the
   * honest ones said to the coordinator: it may look at all of it, and side with those who lie.
   */
  readonly releasedBytes: number;
}

/** What a participant does that gives away its own secrets: to show that it is measured. */
export type Leak = (own: StepCall, participant: RawParticipant, kept: KeptSecrets) => Promise<void>;

/**
 * Runs the coordinator's program for one round with two participants that lie, and two that do not. `leak`: what these two
 * do before their honest answers; nothing unless told.
 */
export async function playFederation(
  signal: AbortSignal,
  leak: Leak = async () => {},
): Promise<WireResults> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "chorus-selftest-"));
  opened.defer(() => rm(folder, { recursive: true }));
  const coordinator = opened.use(await start(folder, signal));
  const invitation = (await readFile(coordinator.invitationFile, "utf8")).trim();
  const lies = new Lies();
  const members = makeMembers(4);
  const kept = members.map(() => new KeptSecrets(systemRandom));
  const deeds = [lies.deed, lies.lateDeed];
  const participants = members.map((member, i) => {
    const own = kept[i] ?? new KeptSecrets(systemRandom);
    return opened.use(participantOf(coordinator, member, own, deeds[i] ?? honestBut(leak, own)));
  });
  for (const [i, it] of participants.entries()) await it.enrol(`member ${i}`, invitation);
  const following = participants.map((it) => it.follow());
  await startRun(coordinator, signal);
  await Promise.race([
    Promise.all(participants.map(({ ended }) => ended)),
    Promise.all(following),
    aborted(signal),
  ]);
  const [liar] = participants;
  const honest = participants.slice(deeds.length);
  const got = [...participants.flatMap((it) => it.heard), ...honest.flatMap((it) => it.said)];
  const released = honest.map(
    ({ identity }, i) => kept[deeds.length + i]?.releasedBytes(identity.participantId, got) ?? 0,
  );
  return {
    reasons: lies.reasons,
    taken: liar?.taken ?? new Set(),
    releasedBytes: released.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** What two participants do at their steps, and why it was refused. */
class Lies {
  readonly reasons: Map<string, string> = new Map();
  readonly #sent = new Map<Step, StepCall>();
  #late: (() => Promise<string>) | undefined;

  /** Says everything that is wrong before its honest message, and contradicts what it said before. */
  readonly deed: Deed = async (own, participant) => {
    if (own.step === "acceptRound")
      this.reasons.set(NO_SESSION, await participant.attempt(own, new Metadata()));
    if (own.step === "confirmSurvivors") this.reasons.set(LATE, (await this.#late?.()) ?? "");
    const flood = own.step === "submitUpdate" ? this.#flood(own, participant) : undefined;
    for (const { name, of, step } of misdeeds)
      if (step === own.step) this.reasons.set(name, await participant.attempt(of(own)));
    for (const { name, of, step } of contradictions) {
      const before = this.#sent.get(step);
      if (before !== undefined && !this.reasons.has(name))
        this.reasons.set(name, await participant.attempt(of(before)));
    }
    if (flood !== undefined) this.reasons.set(FLOOD, [...new Set(await flood)].join());
    this.#sent.set(own.step, own);
    return undefined;
  };

  /** Keeps its upload back until the survivors are fixed. */
  readonly lateDeed: Deed = async (own, participant) => {
    if (own.step !== "submitUpdate") return undefined;
    this.#late = () => participant.attempt(own);
    return "silent";
  };

  #flood(own: StepCall<"submitUpdate">, participant: RawParticipant): Promise<string[]> {
    const [header] = own.request;
    const begun = header === undefined ? [] : [header];
    return Promise.all(Array.from({ length: FLOOD_UPLOADS }, () => participant.hang(begun)));
  }
}

function honestBut(leak: Leak, kept: KeptSecrets): Deed {
  return async (own, participant) => {
    await leak(own, participant, kept);
    return undefined;
  };
}

function start(folder: string, signal: AbortSignal): Promise<RunningCoordinator> {
  const loopback = "127.0.0.1:0";
  const config = {
    directory: join(folder, "coordinator"),
    federationName: "selftest",
    grpcAddress: loopback,
    httpAddress: loopback,
    chain: { kind: "embedded" },
  } as const;
  return startCoordinator(config, { log: pino({ level: "silent" }) }, signal);
}

async function startRun(
  { grpcPort, operatorTokenFile }: RunningCoordinator,
  signal: AbortSignal,
): Promise<void> {
  const token = (await readFile(operatorTokenFile, "utf8")).trim();
  using operator = new Operator({ grpcAddress: `127.0.0.1:${grpcPort}`, token });
  await operator.startRun(canonicalPlan(tinyPlan(4)), signal);
}

function participantOf(
  { grpcPort }: RunningCoordinator,
  { identity, delta }: Member,
  kept: KeptSecrets,
  deed: Deed,
): RawParticipant {
  const tools = { committer: kept.committer(openCommitmentScheme()), random: kept.random };
  kept.keep(delta);
  const answers = new HonestAnswers(identity, () => ({ delta, counts }), tools);
  return new RawParticipant(grpcPort, identity, answers, deed);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
