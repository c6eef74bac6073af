import { expect, test } from "vitest";
import { drawCommitmentRandomness } from "../commitment/randomness.ts";
import { sha256 } from "../hash.ts";
import { uploadRoot } from "../merkle.ts";
import { bytesOfWords } from "../vector.ts";
import type { MaskingErrorCode } from "./error.ts";
import type { ParticipantId, SurvivorAck, UploadCommitment } from "./messages.ts";
import { signUpload } from "./survivors.ts";
import { permissiveGuard } from "./testing/permissive-guard.ts";
import {
  advertise,
  confirm,
  itemAt,
  makeConfig,
  makeExchange,
  makeIdentities,
  makeVector,
  SCHEME,
  share,
  stageOf,
  toolsFor,
  upload,
} from "./testing/round.ts";
import { contentOf } from "./update-vector.ts";

// Six participants, threshold four, of whom the last uploads nothing; the server lies to the first.
const IDENTITIES = makeIdentities(6);
const CONFIG = makeConfig(IDENTITIES, { minSurvivors: 5 });
const CONTEXT = makeExchange(CONFIG, IDENTITIES);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const SELF = itemAt(IDS, 0);
const DROPOUT = itemAt(IDS, 5);
const SURVIVORS = IDS.slice(0, 5);

const withCode = (code: MaskingErrorCode) => expect.objectContaining({ code });
const vectorOf = (id: ParticipantId) => makeVector(CONFIG, id);
const uploaded = (who = SURVIVORS, config = CONFIG) =>
  upload(share(advertise(config, IDENTITIES)), vectorOf, who);

function masking() {
  const step = share(advertise(CONFIG, IDENTITIES));
  const collection = step.server.close();
  const sealed = collection.sealedSharesFor(SELF);
  return stageOf(step, SELF).openShares(collection.sharers, sealed);
}

test("one vector is masked, once: a second one under the same masks would give away the difference", () => {
  const stage = masking();
  const tools = toolsFor(SELF);
  expect(() => stage.mask(vectorOf(SELF).subarray(1), tools)).toThrow(withCode("wrong-dimension"));
  stage.mask(vectorOf(SELF), tools);
  const second = vectorOf(SELF);
  expect(() => stage.mask(second, tools)).toThrow(withCode("stage-used"));
  expect(second).toEqual(vectorOf(SELF));
});

test("what is signed is the root of the masked bytes and the hash of a commitment that the vector opens", () => {
  const masked = vectorOf(SELF);
  const { upload, commitment } = masking().mask(masked, toolsFor(SELF));
  expect(upload.uploadRoot).toEqual(uploadRoot(bytesOfWords(masked)));
  expect(upload.commitmentHash).toEqual(sha256(commitment));
  const randomness = drawCommitmentRandomness(toolsFor(SELF).random);
  const wanted = SCHEME.commit(contentOf(vectorOf(SELF)), randomness);
  expect(commitment).toEqual(wanted.toBytes());
});

test("a survivor set that was tampered with is not signed, and the honest one still is, in any order", () => {
  const step = uploaded();
  const server = step.server.close();
  const { survivors } = server;
  const stage = stageOf(step, SELF);
  const [own, second] = [itemAt(survivors, 0), itemAt(survivors, 1)];
  const rest = survivors.slice(2);
  const root = uploadRoot(bytesOfWords(vectorOf("forged")));
  const forged = { uploadRoot: root, commitment: new Uint8Array(3) };
  const signedBy = (index: number) => signUpload(itemAt(IDENTITIES, index), CONTEXT, forged).upload;
  const cases: [readonly UploadCommitment[], MaskingErrorCode][] = [
    [[second, ...rest, signedBy(5)], "own-message-missing"],
    [[own, ...rest], "too-few"],
    [[own, second, second, ...rest], "duplicate-id"],
    [[own, { ...second, participantId: "0".repeat(32) }, ...rest], "unknown-participant"],
    [[own, { ...second, uploadRoot: root }, ...rest], "bad-signature"],
    [[own, { ...second, uploadRoot: root.subarray(1) }, ...rest], "wrong-length"],
    [[own, { ...second, commitmentHash: root }, ...rest], "bad-signature"],
    [[own, { ...second, commitmentHash: root.subarray(1) }, ...rest], "wrong-length"],
    [[signedBy(0), second, ...rest], "own-message-altered"],
  ];
  for (const [lie, code] of cases) expect(() => stage.confirm(lie)).toThrow(withCode(code));
  const { ack } = stage.confirm(survivors.toReversed());
  expect(() => server.confirm(ack)).not.toThrow();
});

test("in a graph, who is listed without a signed upload is refused by all its neighbours, who alone hold its secrets", () => {
  const twelve = makeIdentities(12);
  const config = makeConfig(twelve, { degree: 4, threshold: 3 });
  const guard = permissiveGuard("wrong-degree", "low-threshold");
  const exchange = makeExchange(config, twelve, guard);
  const [liar, ...others] = exchange.participants;
  if (liar === undefined) throw new Error("nobody is there");
  const step = upload(share(advertise(config, twelve, guard)), (id) => makeVector(config, id));
  const { survivors } = step.server.close();
  const listed = (lie: Partial<UploadCommitment>) =>
    survivors.map((one) => (one.participantId === liar ? { ...one, ...lie } : one));
  for (const id of others) {
    const confirm = (lie: Partial<UploadCommitment>) => stageOf(step, id).confirm(listed(lie));
    expect(() => confirm({ uploadRoot: new Uint8Array(33) })).toThrow(withCode("wrong-length"));
    const forged = { uploadRoot: new Uint8Array(32) };
    if (!exchange.isHolder(liar, id)) expect(() => confirm(forged)).not.toThrow();
    else expect(() => confirm(forged)).toThrow(withCode("bad-signature"));
  }
  expect(others.filter((id) => exchange.isHolder(liar, id))).toHaveLength(config.degree);
});

test("one survivor set is signed, never a second one", () => {
  const step = uploaded(IDS);
  const { survivors } = step.server.close();
  const stage = stageOf(step, SELF);
  stage.confirm(survivors);
  expect(() => stage.confirm(survivors.slice(0, 5))).toThrow(withCode("stage-used"));
});

test("a survivor that did not share keys is not accepted", () => {
  const five = share(advertise(CONFIG, IDENTITIES), SURVIVORS);
  const step = upload(five, vectorOf);
  const { survivors } = step.server.close();
  const vector = { uploadRoot: new Uint8Array(32), commitment: new Uint8Array(3) };
  const { upload: late } = signUpload(itemAt(IDENTITIES, 5), CONTEXT, vector);
  expect(() => stageOf(step, SELF).confirm([...survivors, late])).toThrow(
    withCode("unknown-participant"),
  );
});

test("self-mask shares are revealed of survivors, mask-key shares of dropouts, and never both of one", () => {
  const step = confirm(uploaded());
  const shares = stageOf(step, SELF).reveal(step.server.close().acks);
  expect(shares.selfMaskShares.map(({ owner }) => owner)).toEqual(SURVIVORS);
  expect(shares.maskKeyShares.map(({ owner }) => owner)).toEqual([DROPOUT]);
});

test("shares are revealed once", () => {
  const step = confirm(uploaded());
  const { acks } = step.server.close();
  stageOf(step, SELF).reveal(acks);
  expect(() => stageOf(step, SELF).reveal(acks)).toThrow(withCode("stage-used"));
});

test("signatures that are too few, doubled, a dropout's or forged reveal nothing, and honest ones still do", () => {
  const step = confirm(uploaded());
  const { acks } = step.server.close();
  const stage = stageOf(step, SELF);
  const [first, second] = [itemAt(acks, 0), itemAt(acks, 1)];
  const rest = acks.slice(2);
  const cases: [readonly SurvivorAck[], MaskingErrorCode][] = [
    [acks.slice(0, 3), "too-few"],
    [[first, first, second, ...rest], "duplicate-id"],
    [[{ ...first, participantId: DROPOUT }, second, ...rest], "unknown-participant"],
    [[{ ...first, signature: second.signature }, second, ...rest], "bad-signature"],
    [[{ ...first, signature: new Uint8Array(3) }, second, ...rest], "bad-signature"],
  ];
  for (const [lie, code] of cases) expect(() => stage.reveal(lie)).toThrow(withCode(code));
  expect(() => stage.reveal(acks.slice(0, 4))).not.toThrow();
});

test("survivors that were shown different sets never reveal: the server cannot gather a quorum for both", () => {
  const step = uploaded(IDS);
  const { survivors } = step.server.close();
  const other = survivors.filter(({ participantId }) => participantId !== DROPOUT);
  const stages = IDS.slice(0, 5).map((id, i) =>
    stageOf(step, id).confirm(i < 3 ? survivors : other),
  );
  const acks = stages.map(({ ack }) => ack);
  for (const stage of stages) expect(() => stage.reveal(acks)).toThrow(withCode("bad-signature"));
});

test("survivors that were shown different key books never reveal to each other", () => {
  const five = advertise(CONFIG, IDENTITIES.slice(0, 5));
  const step = confirm(upload(share(five), vectorOf));
  const other = confirm(uploaded(IDS.slice(0, 5)));
  const { acks } = other.server.close();
  expect(() => stageOf(step, SELF).reveal(acks)).toThrow(withCode("bad-signature"));
});

test("signatures of an earlier round do not count", () => {
  const earlier = confirm(uploaded(SURVIVORS, { ...CONFIG, round: 7 })).server.close().acks;
  const step = confirm(uploaded());
  expect(() => stageOf(step, SELF).reveal(earlier)).toThrow(withCode("bad-signature"));
});

test("a stage that was disposed takes no turn", () => {
  const step = uploaded();
  const { survivors } = step.server.close();
  const stage = stageOf(step, SELF);
  stage[Symbol.dispose]();
  expect(() => stage.confirm(survivors)).toThrow(withCode("stage-used"));
  const advertised = stageOf(advertise(CONFIG, IDENTITIES), SELF);
  advertised[Symbol.dispose]();
  expect(() => advertised.openKeyBook([])).toThrow(withCode("stage-used"));
});
