import { expect, test } from "vitest";
import type { ParticipantId } from "../masking/messages.ts";
import {
  advertise,
  confirm,
  makeConfig,
  makeIdentities,
  makeVector,
  reveal,
  SCHEME,
  share,
  stageOf,
  toolsFor,
  upload,
} from "../masking/testing/round.ts";
import type { MaskedTranscript } from "./transcript.ts";
import { requireOpenedSum } from "./verify-sum.ts";

const IDENTITIES = makeIdentities(4);
const CONFIG = makeConfig(IDENTITIES);
const IDS = IDENTITIES.map(({ participantId }) => participantId);

function honest(vectorOf = (id: ParticipantId) => makeVector(CONFIG, id)): MaskedTranscript {
  const shared = share(advertise(CONFIG, IDENTITIES));
  const unmasking = reveal(confirm(upload(shared, vectorOf, IDS.slice(1))));
  return unmasking.transcriptOf(unmasking.close());
}

const unopened = expect.objectContaining({ code: "unopened-sum" });

test("the commitments of a round's survivors open to its sum, a dropout's masks and all", () => {
  const transcript = honest();
  expect(transcript.survivors.map(({ upload }) => upload.participantId)).toEqual(IDS.slice(1));
  expect(() => requireOpenedSum(transcript, SCHEME)).not.toThrow();
});

test("a sum that differs by one in one word, model or count, or in its randomness, does not open", () => {
  const transcript = honest();
  for (const part of ["sum", "randomness"] as const) {
    for (const place of [0, transcript[part].length - 1]) {
      const lie = {
        ...transcript,
        [part]: transcript[part].with(place, 1 + (transcript[part][place] ?? 0)),
      };
      expect(() => requireOpenedSum(lie, SCHEME)).toThrow(unopened);
    }
  }
});

test("a sum from which one survivor was left out, or in which it counts twice, does not open", () => {
  const transcript = honest();
  const { survivors } = transcript;
  for (const lie of [survivors.slice(1), [...survivors, ...survivors.slice(0, 1)]]) {
    expect(() => requireOpenedSum({ ...transcript, survivors: lie }, SCHEME)).toThrow(unopened);
  }
});

test("a sum that wrapped does not open: the commitments add up over the integers", () => {
  const large = (id: ParticipantId) => makeVector(CONFIG, id).with(0, 2 ** 30);
  expect(() => requireOpenedSum(honest(large), SCHEME)).toThrow(unopened);
});

test("another commitment than the one that was signed is wrong-commitment and names whose it is", () => {
  const transcript = honest();
  const [first, ...rest] = transcript.survivors;
  if (first === undefined) throw new Error("no survivors");
  const commitment = first.commitment.with(0, (first.commitment[0] ?? 0) ^ 1);
  const lie = { ...transcript, survivors: [{ ...first, commitment }, ...rest] };
  expect(() => requireOpenedSum(lie, SCHEME)).toThrow(
    expect.objectContaining({
      code: "wrong-commitment",
      participantId: first.upload.participantId,
    }),
  );
});

test("a participant that commits to another vector than it masks spoils the sum, which then does not open", () => {
  const shared = share(advertise(CONFIG, IDENTITIES));
  const collection = shared.server.close();
  const { sharers } = collection;
  const stages = new Map(
    sharers.map((id, place) => {
      const stage = stageOf(shared, id).openShares(sharers, collection.sealedSharesFor(id));
      const { random } = toolsFor(id);
      const committer: typeof SCHEME | { commit: typeof SCHEME.commit } =
        place > 0
          ? SCHEME
          : { commit: (words, randomness) => SCHEME.commit(words.with(0, 9), randomness) };
      const masked = makeVector(CONFIG, id);
      const confirming = stage.mask(masked, { committer, random });
      collection.submit(confirming, masked);
      return [id, confirming] as const;
    }),
  );
  const unmasking = reveal(confirm({ server: collection, stages }));
  const transcript = unmasking.transcriptOf(unmasking.close());
  expect(() => requireOpenedSum(transcript, SCHEME)).toThrow(unopened);
});
