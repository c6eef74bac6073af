import { ParticipantServiceClient } from "@chorus/proto/v1/participant";
import { credentials } from "@grpc/grpc-js";
import { pino } from "pino";
import { createRegistry, WireMetrics } from "../metrics.ts";
import { Reception } from "../participants/check-in.ts";
import type { ByteBudget } from "../rpc/byte-budget.ts";
import { ByteStreams, type StreamLimits } from "../rpc/byte-streams.ts";
import { HandoverReceiver } from "../rpc/handover-receiver.ts";
import { participantService } from "../rpc/participant-service.ts";
import type { RpcServer } from "../rpc/server.ts";
import { UploadReceiver } from "../rpc/upload.ts";
import { WireMeter } from "../rpc/wire-meter.ts";
import { Ciphers } from "./ciphers.ts";
import { EncryptedPuppet } from "./encrypted-puppet.ts";
import { PuppetFederation } from "./puppet-federation.ts";
import { openTestServer } from "./rpc-server.ts";
import { WireLine } from "./wire-line.ts";

/** Encrypted puppets whose runs are behind a gRPC server; each has a line to it. */
export class WiredFederation implements AsyncDisposable {
  readonly federation: PuppetFederation;
  readonly puppets: readonly EncryptedPuppet[];
  readonly lines: readonly WireLine[];
  /** Of models that are handed over. */
  readonly handoverMemory: ByteBudget;
  readonly #opened: AsyncDisposableStack;

  private constructor(
    federation: PuppetFederation,
    puppets: readonly EncryptedPuppet[],
    { client, handoverMemory }: { client: ParticipantServiceClient; handoverMemory: ByteBudget },
    opened: AsyncDisposableStack,
  ) {
    this.federation = federation;
    this.puppets = puppets;
    this.lines = puppets.map(
      ({ member }) => new WireLine(client, federation.sessions.open(member)),
    );
    for (const [place, puppet] of puppets.entries()) puppet.line = this.lines[place] ?? puppet.line;
    this.handoverMemory = handoverMemory;
    this.#opened = opened;
  }

  static async open(size: number, limits: StreamLimits): Promise<WiredFederation> {
    await using opened = new AsyncDisposableStack();
    const ciphers = opened.use(new Ciphers());
    const puppets = Array.from(
      { length: size },
      (_, place) => new EncryptedPuppet(place, "wired", ciphers),
    );
    const federation = opened.use(
      await PuppetFederation.open(size, (place) => puppets[place] as EncryptedPuppet),
    );
    const { serving, handoverMemory } = serve(federation, limits);
    const server = opened.use(await serving);
    const address = `127.0.0.1:${server.port}`;
    const client = new ParticipantServiceClient(address, credentials.createInsecure());
    opened.defer(() => client.close());
    return new WiredFederation(federation, puppets, { client, handoverMemory }, opened.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}

/** As `startCoordinator` puts it together. */
function serve(
  federation: PuppetFederation,
  limits: StreamLimits,
): { serving: Promise<RpcServer>; handoverMemory: ByteBudget } {
  const { clock, sessions, store, blobs, runs } = federation;
  const log = pino({ enabled: false });
  const metrics = new WireMetrics(createRegistry(), () => sessions.connected.length);
  const meter = new WireMeter();
  const reception = new Reception({ invitation: "none" }, { store, sessions, clock });
  const openStreams = () => new ByteStreams(limits, { meter, metrics, clock });
  const uploads = new UploadReceiver({ streams: openStreams(), runs });
  const streams = openStreams();
  const handovers = new HandoverReceiver({ streams, runs });
  const shared = { clock, sessions, store, blobs, runs, log, metrics, meter, reception };
  const serving = openTestServer({
    clock,
    servicesOf: (calls) => [participantService({ ...shared, calls, uploads, handovers })],
  });
  return { serving, handoverMemory: streams.memory };
}
