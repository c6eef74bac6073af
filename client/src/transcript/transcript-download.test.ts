import {
  createIdentity,
  graphNonceCommitment,
  type RoundTranscript,
  seededRandom,
} from "@chorus/aggregation";
import { expect, test } from "vitest";
import { Connection } from "../connection.ts";
import { FakeSleep } from "../testing/fake-sleep.ts";
import { formedTranscript } from "../testing/formed-transcript.ts";
import { configFor } from "../testing/masked-round.ts";
import { exchangeAmong } from "../testing/open-exchange.ts";
import { transcriptBytes } from "../testing/published.ts";
import { type Publishing, ScriptedCoordinator } from "../testing/scripted-coordinator.ts";
import { piecesOf } from "../testing/tiny-round.ts";
import { Uplink } from "../uplink.ts";
import { downloadTranscript } from "./transcript-download.ts";

/** Protobuf's fields say their lengths in one to five bytes; of three fields five are allowed for. */
const SPARE_BYTES = 12;

/** A transcript in which the whole cohort survived and signed: no honest one of its configuration is longer. */
function longest(cohort: number): RoundTranscript {
  const members = Array.from({ length: cohort }, (_, i) => ({
    identity: createIdentity(new Uint8Array(32).fill(i + 1)),
    graphNonce: new Uint8Array(32).fill(i + 1),
  }));
  const trained = members.map(({ identity, graphNonce }) => ({
    identityKey: identity.publicKey,
    graphNonceCommitment: graphNonceCommitment(identity.participantId, graphNonce),
  }));
  return exchangeAmong(members, configFor(trained));
}

/** Downloads from a coordinator that publishes like this. */
async function downloadFrom(
  { config }: RoundTranscript,
  publish: (call: Publishing) => void,
): Promise<Uint8Array> {
  await using coordinator = await ScriptedCoordinator.start();
  coordinator.publish = publish;
  const { address } = coordinator;
  const options = { coordinator: address, name: "site", invitation: "", backend: "fake" };
  const { signal } = new AbortController();
  const identity = createIdentity(new Uint8Array(32));
  using connection = await Connection.open({ ...options, softwareVersion: "0" }, identity, signal);
  const uplink = new Uplink({ random: seededRandom("download"), sleep: new FakeSleep().sleep });
  uplink.opened(connection);
  return await downloadTranscript({ config }, uplink, signal);
}

/** Publishes this many zeros. */
const zeros = (count: number) => (call: Publishing) => {
  for (const piece of piecesOf(new Uint8Array(count), call.request.offset, 65_536))
    call.write(piece);
  call.end();
};

test.each([
  ["a masked", longest(3), SPARE_BYTES],
  // What is in one kind alone is empty in the other.
  ["an encrypted", formedTranscript(3), SPARE_BYTES + 6],
])(
  "the longest transcript that %s round can have is taken, and not one byte more than is allowed for",
  async (_, transcript, spare) => {
    const bytes = transcriptBytes(transcript);
    const refusal: unknown = await downloadFrom(transcript, zeros(2 ** 20)).catch((error) => error);
    expect(refusal).toMatchObject({ name: "ClientError", code: "protocol" });
    const most = Number(/wanted 1 to (\d+) /.exec(String(refusal))?.[1]);
    expect(most - bytes.length).toBeGreaterThanOrEqual(0);
    expect(most - bytes.length).toBeLessThanOrEqual(spare);
    expect(await downloadFrom(transcript, zeros(most))).toHaveLength(most);
    await expect(downloadFrom(transcript, zeros(most + 1))).rejects.toThrow(
      `got a transcript of ${most + 1} bytes, wanted 1 to ${most}`,
    );
  },
);
