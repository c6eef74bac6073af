import {
  AdvertisingStage,
  bytesOfWords,
  type Collection,
  type Confirmation,
  type ConfirmingStage,
  contentLength,
  contentOf,
  encodeUpdate,
  type Identity,
  KeyAdvertising,
  type KeySharing,
  type MaskedTranscript,
  type OpenKernels,
  openCommitmentScheme,
  RANDOMNESS_WORDS,
  type RevealingStage,
  requireOpenedSum,
  type SharingStage,
  systemRandom,
  type VectorCommitter,
} from "@chorus/aggregation";
import { CpuMeter } from "./cpu-meter.ts";
import { FedAvg } from "./fed-avg.ts";
import { payloadBytes } from "./payload-bytes.ts";
import { type SyntheticRound, syntheticNonce, syntheticUpdate } from "./synthetic-round.ts";

/** A participant and the stage that it is at. */
type At<Stage> = readonly { readonly identity: Identity; readonly stage: Stage }[];

/** The server's stage and its participants'. */
interface Step<Server, Stage> {
  readonly server: Server;
  readonly participants: At<Stage>;
}

/** Who looks on while a round runs, without being measured. */
export interface RoundWatcher {
  /** Everything is prepared. */
  begins(): void;
  /** Every survivor has uploaded, and nobody has seen the survivors yet. */
  uploaded(): void;
}

const nobody: RoundWatcher = { begins: () => undefined, uploaded: () => undefined };

/**
 * A masked round in this process that meters who spends what. The first `dropouts` participants share keys and are never
 * heard of again; their costs are not in the survivors'.
 */
export class MeasuredRound {
  readonly survivors: readonly Identity[];
  readonly survivorCpu: CpuMeter = new CpuMeter();
  readonly coordinatorCpu: CpuMeter = new CpuMeter();
  readonly fedAvgCpu: CpuMeter = new CpuMeter();
  /** Of the survivors' cost: commitments to their vectors. */
  readonly commitmentCpu: CpuMeter = new CpuMeter();
  /** Of the coordinator's cost: checking that the commitments open to the sum. */
  readonly verificationCpu: CpuMeter = new CpuMeter();
  /** Payload that survivors sent and received so far, all together. */
  sentBytes = 0;
  receivedBytes = 0;
  /** Sum of the survivors' quantised updates before they were masked. */
  readonly plainSum: Uint32Array;
  readonly fedAvg: FedAvg;
  readonly #round: SyntheticRound;
  readonly #openKernels: OpenKernels;
  readonly #scheme = openCommitmentScheme();
  readonly #committer: VectorCommitter;
  readonly #dropoutCpu = new CpuMeter();
  readonly #watcher: RoundWatcher;

  constructor(
    round: SyntheticRound,
    dropouts: number,
    openKernels: OpenKernels,
    watcher: RoundWatcher = nobody,
  ) {
    this.#round = round;
    this.#watcher = watcher;
    this.#openKernels = openKernels;
    this.#committer = {
      commit: (words, randomness) =>
        this.commitmentCpu.measure(() => this.#scheme.commit(words, randomness)),
    };
    this.survivors = round.identities.slice(dropouts);
    this.plainSum = new Uint32Array(contentLength(round.config.dimension));
    this.fedAvg = new FedAvg(round.config.dimension);
  }

  /** The unmasked sum, after the whole round: model and counts. */
  run(): Uint32Array {
    // Public factors are kept from a run's first round on: made before anything is measured.
    this.#scheme.commit(this.plainSum, new Int32Array(RANDOMNESS_WORDS));
    this.#watcher.begins();
    const uploaded = this.#upload(this.#share(this.#advertise()));
    this.#watcher.uploaded();
    return this.#reveal(this.#confirm(uploaded));
  }

  #advertise(): Step<KeyAdvertising, AdvertisingStage> {
    const { config, identities } = this.#round;
    const server = new KeyAdvertising(config);
    const participants = identities.map((identity) => {
      const stage = this.#cpuOf(identity).measure(() =>
        AdvertisingStage.begin(config, {
          identity,
          graphNonce: syntheticNonce(identity),
          random: systemRandom,
        }),
      );
      this.coordinatorCpu.measure(() => server.advertise(stage.advertisement));
      this.#count(identity, { sent: stage.advertisement, received: config });
      return { identity, stage };
    });
    return { server, participants };
  }

  #share(before: Step<KeyAdvertising, AdvertisingStage>): Step<KeySharing, SharingStage> {
    const server = this.coordinatorCpu.measure(() => before.server.close());
    const participants = before.participants.map(({ identity, stage }) => {
      const next = this.#cpuOf(identity).measure(() => stage.openKeyBook(server.keyBook));
      this.coordinatorCpu.measure(() => server.share(identity.participantId, next.sealedShares));
      this.#count(identity, { sent: next.sealedShares, received: server.keyBook });
      return { identity, stage: next };
    });
    return { server, participants };
  }

  #upload(before: Step<KeySharing, SharingStage>): Step<Collection, ConfirmingStage> {
    const server = this.coordinatorCpu.measure(() => before.server.close());
    const surviving = before.participants.filter(({ identity }) => this.#isSurvivor(identity));
    const participants = surviving.map(({ identity, stage }) => {
      const { participantId } = identity;
      const sealed = this.coordinatorCpu.measure(() => server.sealedSharesFor(participantId));
      const masked = this.#encoded(participantId);
      const tools = { committer: this.#committer, random: systemRandom };
      const next = this.survivorCpu.measure(() => {
        const masking = stage.openShares(server.sharers, sealed);
        return masking.mask(masked, tools, this.#openKernels);
      });
      this.coordinatorCpu.measure(() => server.submit(next, masked));
      const sent = [next.upload, next.commitment, bytesOfWords(masked)];
      this.#count(identity, { sent, received: [server.sharers, sealed] });
      return { identity, stage: next };
    });
    return { server, participants };
  }

  #confirm(before: Step<Collection, ConfirmingStage>): Step<Confirmation, RevealingStage> {
    const server = this.coordinatorCpu.measure(() => before.server.close());
    const participants = before.participants.map(({ identity, stage }) => {
      const next = this.survivorCpu.measure(() => stage.confirm(server.survivors));
      this.coordinatorCpu.measure(() => server.confirm(next.ack));
      this.#count(identity, { sent: next.ack, received: server.survivors });
      return { identity, stage: next };
    });
    return { server, participants };
  }

  #reveal(before: Step<Confirmation, RevealingStage>): Uint32Array {
    const server = this.coordinatorCpu.measure(() => before.server.close());
    for (const { identity, stage } of before.participants) {
      const acks = this.coordinatorCpu.measure(() => server.acksFor(identity.participantId));
      const shares = this.survivorCpu.measure(() => stage.reveal(acks));
      this.coordinatorCpu.measure(() => server.reveal(identity.participantId, shares));
      this.#count(identity, { sent: shares, received: acks });
    }
    const sum = this.coordinatorCpu.measure(() => server.close(this.#openKernels));
    this.#verify(server.transcriptOf(sum));
    return contentOf(sum);
  }

  #verify(transcript: MaskedTranscript): void {
    this.coordinatorCpu.measure(() =>
      this.verificationCpu.measure(() => requireOpenedSum(transcript, this.#scheme)),
    );
  }

  /** A survivor's update, quantised; in the plain sum and in plain FedAvg as well. */
  #encoded(participantId: string): Uint32Array {
    const update = syntheticUpdate(this.#round.config, participantId);
    this.fedAvgCpu.measure(() => this.fedAvg.add(update.delta, update.counts.trainingExamples));
    const vector = this.survivorCpu.measure(() =>
      encodeUpdate(update, this.#round.config, systemRandom, this.#openKernels),
    );
    addWords(this.plainSum, contentOf(vector));
    return vector;
  }

  #isSurvivor(identity: Identity): boolean {
    return this.survivors.includes(identity);
  }

  #cpuOf(identity: Identity): CpuMeter {
    return this.#isSurvivor(identity) ? this.survivorCpu : this.#dropoutCpu;
  }

  #count(identity: Identity, { sent, received }: { sent: unknown; received: unknown }): void {
    if (!this.#isSurvivor(identity)) return;
    this.sentBytes += payloadBytes(sent);
    this.receivedBytes += payloadBytes(received);
  }
}

/** sum += words modulo 2^32, written apart from the package's own kernel, which is what the sum is to check. */
function addWords(sum: Uint32Array, words: Uint32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (words[i] as number);
}
