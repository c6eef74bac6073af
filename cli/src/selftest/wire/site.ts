import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import {
  bytesToHex,
  canonicalPlan,
  hexToBytes,
  type MaskedRoundConfig,
  neighbourhoodFor,
  type Plan,
  participantIdOf,
  planHash,
  type RandomSource,
  scaleBitsFor,
  serialiseRoundConfig,
  systemRandom,
} from "@chorus/aggregation";
import { runParticipant, type Trainer } from "@chorus/client";
import type { Invitation } from "@chorus/proto/v1/participant";
import { pino } from "pino";
import { makeMembers } from "../member.ts";
import { KeptSecrets } from "./kept-secrets.ts";
import { FEDERATION_ID, LyingServer, type Said, type Serve } from "./lying-server.ts";
import { firstModel, tinyPlan, WEIGHTS } from "./tiny-plan.ts";

/** Members of the round with the participant that is attacked. */
const MEMBERS = 5;

const RUN_ID = new Uint8Array(32).fill(0xbb);

/** The participant that sites run, in a folder of its own, at a server that lies to it. */
export class Site implements AsyncDisposable {
  readonly server: LyingServer;
  /** The model of every round, as it should be served. */
  readonly model: { readonly bytes: Uint8Array; readonly hash: string };
  readonly #plan: Plan = tinyPlan(MEMBERS);
  readonly #folder: string;
  #leaving = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #rounds = 0;
  /** The participant's update. */
  readonly #delta = Float32Array.from({ length: WEIGHTS }, (_, i) => 1 + Math.sqrt(i + 2) / 8);

  /** Why the participant left last, as only its own log tells; "" when it has not since it was told something. */
  #departure = "";
  readonly #kept: KeptSecrets;

  private constructor(server: LyingServer, folder: string, random: RandomSource) {
    this.server = server;
    this.#kept = new KeptSecrets(random);
    this.#kept.keep(this.#delta);
    this.#folder = folder;
    this.model = firstModel(this.#plan);
  }

  /** `random`: what the participant's secrets are drawn from. */
  static async open(random: RandomSource = systemRandom): Promise<Site> {
    await using opened = new AsyncDisposableStack();
    const server = opened.use(await LyingServer.start());
    const folder = await mkdtemp(join(tmpdir(), "chorus-selftest-"));
    opened.move();
    const site = new Site(server, folder, random);
    site.#start();
    return site;
  }

  /** Another round's id. */
  nextRoundId(): Uint8Array {
    this.#rounds += 1;
    return hexToBytes(this.#rounds.toString(16).padStart(64, "0"), 32);
  }

  /** Asks the participant to train from what is served. Resolves with what it says then. */
  async train(roundId: Uint8Array, serve: Serve, signal: AbortSignal): Promise<Said> {
    this.server.serve = serve;
    this.#departure = "";
    await this.server.tell({
      $case: "train",
      value: { round: this.#offer(roundId), remainingMs: 60_000, modelRequests: [] },
    });
    return this.server.next(signal);
  }

  /** Shows the participant a configuration. Resolves with what it says then. */
  async advertise(config: MaskedRoundConfig, signal: AbortSignal): Promise<Said> {
    this.#departure = "";
    const roundConfig = serialiseRoundConfig(config);
    const roundId = hexToBytes(config.roundId, 32);
    await this.server.tell({ $case: "advertiseKeys", value: { roundId, roundConfig } });
    return this.server.next(signal);
  }

  /** Stops the participant and starts it again from what is on its disk, with its journal or without. */
  async restart(hasJournal: boolean): Promise<void> {
    await this.#stop();
    if (!hasJournal) await rm(join(this.#folder, "journal"));
    this.server.forget();
    this.#start();
  }

  /** The code with which the participant left; with what it says of that in its log, where `because` is no part of it. */
  refusalOf({ reason }: Said, because: string): string {
    return this.#departure.includes(because) ? reason : `${reason}: ${this.#departure}`;
  }

  /** Bytes of the participant's update and of its seeds that the server was sent in the clear. */
  releasedBytes(): number {
    return this.#kept.releasedBytes(participantIdOf(this.server.identityKey), this.server.heard);
  }

  /** A sound configuration of a round in which the participant has trained, with four others. */
  configOf(roundId: Uint8Array, { nonceCommitment }: Said): MaskedRoundConfig {
    const { identityKey } = this.server;
    const own = {
      participantId: participantIdOf(identityKey),
      identityKey: bytesToHex(identityKey, 32),
      nonceCommitment: bytesToHex(nonceCommitment, 32),
    };
    const cohort = [own, ...makeMembers(MEMBERS - 1).map(({ listed }) => listed)];
    const { clippingNorm, maxExamples } = this.#plan.protection;
    return {
      protocol: "SA-1",
      prg: "aes-128-ctr",
      commitment: "ring-sis-v1",
      federationId: FEDERATION_ID,
      runId: bytesToHex(RUN_ID, 32),
      round: 1,
      roundId: bytesToHex(roundId, 32),
      planHash: planHash(this.#plan),
      parentModelHash: this.model.hash,
      cohort: cohort.toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1)),
      ...neighbourhoodFor(MEMBERS),
      minSurvivors: this.#plan.roundPolicy.minSurvivors,
      dimension: WEIGHTS,
      ringBits: 32,
      scaleBits: scaleBitsFor(MEMBERS, clippingNorm),
      clippingNorm,
      maxExamples,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.server[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }

  #offer(roundId: Uint8Array): Invitation {
    return {
      roundId,
      runId: RUN_ID,
      round: 1,
      plan: canonicalPlan(this.#plan),
      planHash: hexToBytes(planHash(this.#plan), 32),
      modelHash: hexToBytes(this.model.hash, 32),
      stateHash: new Uint8Array(),
    };
  }

  #start(): void {
    this.#leaving = new AbortController();
    this.#running = runParticipant(
      {
        coordinator: this.server.address,
        name: "victim",
        dataPath: this.#folder,
        stateDirectory: this.#folder,
        floors: { minSurvivors: 3 },
      },
      {
        log: pino({ level: "warn" }, { write: (line) => this.#note(line) }),
        sleep: async (ms, signal) => {
          await setTimeout(ms, undefined, { signal });
        },
        random: this.#kept.random,
        createTrainer: async () => trainerOf(this.#delta),
      },
      this.#leaving.signal,
    );
  }

  #note(line: string): void {
    const { reason, detail } = JSON.parse(line) as { reason?: string; detail?: string };
    if (reason !== undefined) this.#departure = detail ?? "";
  }

  async #stop(): Promise<void> {
    this.#leaving.abort();
    await this.#running;
  }
}

/** Training that always makes the same of every model. */
function trainerOf(delta: Float32Array): Trainer {
  return {
    backend: "none",
    train: async () => ({ delta: delta.slice(), examples: 90, meanLoss: 0.5 }),
    evaluate: async () => ({ examples: 9, correct: 6, meanLoss: 0.5 }),
    [Symbol.dispose]: () => {},
  };
}
