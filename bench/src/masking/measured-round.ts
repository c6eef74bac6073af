import {
  AdvertisingStage,
  bytesOfWords,
  type Collection,
  type Confirmation,
  type ConfirmingStage,
  encodeUpdate,
  type Identity,
  KeyAdvertising,
  type KeySharing,
  type OpenKernels,
  type RevealingStage,
  type SharingStage,
  systemRandom,
  uploadRoot,
  vectorLength,
} from "@chorus/aggregation";
import { CpuMeter } from "./cpu-meter.ts";
import { FedAvg } from "./fed-avg.ts";
import { payloadBytes } from "./payload-bytes.ts";
import { type SyntheticRound, syntheticUpdate } from "./synthetic-round.ts";

/** A participant and the stage that it is at. */
type At<Stage> = readonly { readonly identity: Identity; readonly stage: Stage }[];

/** The server's stage and its participants'. */
interface Step<Server, Stage> {
  readonly server: Server;
  readonly participants: At<Stage>;
}

/**
 * A masked round in this process that meters who spends what. The first `dropouts` participants share keys and are never
 * heard of again; their costs are not in the survivors'.
 */
export class MeasuredRound {
  readonly survivors: readonly Identity[];
  readonly survivorCpu: CpuMeter = new CpuMeter();
  readonly coordinatorCpu: CpuMeter = new CpuMeter();
  readonly fedAvgCpu: CpuMeter = new CpuMeter();
  /** Payload that survivors sent and received so far, all together. */
  sentBytes = 0;
  receivedBytes = 0;
  /** Sum of the survivors' quantised updates before they were masked. */
  readonly plainSum: Uint32Array;
  readonly fedAvg: FedAvg;
  readonly #round: SyntheticRound;
  readonly #openKernels: OpenKernels;
  readonly #dropoutCpu = new CpuMeter();

  constructor(round: SyntheticRound, dropouts: number, openKernels: OpenKernels) {
    this.#round = round;
    this.#openKernels = openKernels;
    this.survivors = round.identities.slice(dropouts);
    this.plainSum = new Uint32Array(vectorLength(round.config.dimension));
    this.fedAvg = new FedAvg(round.config.dimension);
  }

  /** The unmasked sum, after the whole round. */
  run(): Uint32Array {
    return this.#reveal(this.#confirm(this.#upload(this.#share(this.#advertise()))));
  }

  #advertise(): Step<KeyAdvertising, AdvertisingStage> {
    const { config, identities } = this.#round;
    const server = new KeyAdvertising(config);
    const participants = identities.map((identity) => {
      const stage = this.#cpuOf(identity).measure(() =>
        AdvertisingStage.begin(config, identity, systemRandom),
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
      const next = this.survivorCpu.measure(() => {
        const masking = stage.openShares(server.sharers, sealed);
        masking.mask(masked, this.#openKernels);
        return masking.commit(uploadRoot(bytesOfWords(masked)));
      });
      this.coordinatorCpu.measure(() => server.submit(next.commitment, masked));
      const sent = [next.commitment, bytesOfWords(masked)];
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
      const shares = this.survivorCpu.measure(() => stage.reveal(server.acks));
      this.coordinatorCpu.measure(() => server.reveal(identity.participantId, shares));
      this.#count(identity, { sent: shares, received: server.acks });
    }
    return this.coordinatorCpu.measure(() => server.close(this.#openKernels));
  }

  /** A survivor's update, quantised; in the plain sum and in plain FedAvg as well. */
  #encoded(participantId: string): Uint32Array {
    const update = syntheticUpdate(this.#round.config, participantId);
    this.fedAvgCpu.measure(() => this.fedAvg.add(update.delta, update.counts.trainingExamples));
    const vector = this.survivorCpu.measure(() =>
      encodeUpdate(update, this.#round.config, systemRandom, this.#openKernels),
    );
    addWords(this.plainSum, vector);
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
