import { checkInStatement, createIdentity, type Identity, seededRandom } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { openStore } from "../store/pglite-store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { type CheckIn, Reception } from "./check-in.ts";
import { Sessions } from "./sessions.ts";

const invitation = "welcome";

async function openReception() {
  const clock = new FakeClock();
  const store = await openStore(
    { directory: undefined, federationName: "test", clock, random: seededRandom("federation") },
    AbortSignal.timeout(60_000),
  );
  const sessions = new Sessions();
  const reception = new Reception({ invitation }, { store, sessions, clock });
  return {
    clock,
    store,
    sessions,
    reception,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function identityOf(seed: string): Identity {
  const bytes = new Uint8Array(32);
  seededRandom(seed).fill(bytes);
  return createIdentity(bytes);
}

type Opened = Awaited<ReturnType<typeof openReception>>;

function request({ reception, store }: Opened, identity: Identity, change: Partial<CheckIn> = {}) {
  const challenge = reception.challenge(identity.publicKey);
  const { federationId } = store.federation;
  return {
    identityKey: identity.publicKey,
    name: "Charité Berlin",
    challenge,
    signature: identity.sign(checkInStatement(federationId, challenge)),
    invitation,
    backend: "wasm",
    softwareVersion: "0.1.0",
    ...change,
  };
}

test("an invited participant enrols once and checks in without an invitation afterwards", async () => {
  await using opened = await openReception();
  const { reception, sessions, store } = opened;
  const anna = identityOf("anna");
  const { token, session } = await reception.checkIn(request(opened, anna));
  expect(sessions.find(token)).toEqual(session);
  expect(session).toMatchObject({ participantId: anna.participantId, name: "Charité Berlin" });
  await reception.checkIn(request(opened, anna, { invitation: "", name: "another name" }));
  expect(await store.participants()).toMatchObject([{ name: "Charité Berlin", backend: "wasm" }]);
});

test("whoever does not prove to be invited or enrolled stays outside, each with a reason", async () => {
  await using opened = await openReception();
  const { reception, store, clock } = opened;
  const [anna, bert] = [identityOf("anna"), identityOf("bert")];
  const refused = (code: string, wanted: CheckIn) =>
    expect(reception.checkIn(wanted)).rejects.toMatchObject({ code });
  await refused("not-enrolled", request(opened, anna, { invitation: "" }));
  await refused("bad-invitation", request(opened, anna, { invitation: "guess" }));
  await refused("bad-name", request(opened, anna, { name: "\u001b[31m" }));
  await refused("bad-signature", request(opened, anna, { signature: new Uint8Array(64) }));
  await refused("bad-challenge", request(opened, anna, { challenge: new Uint8Array(32) }));
  const used = request(opened, anna);
  await reception.checkIn(used);
  await refused("bad-challenge", used);
  await refused("bad-challenge", { ...request(opened, anna), identityKey: bert.publicKey });
  const late = request(opened, anna);
  clock.advance(60_001);
  await refused("bad-challenge", late);
  await refused("name-taken", request(opened, bert));
  expect(await store.participants()).toHaveLength(1);
});

test("however many challenges strangers ask for, an earlier one of a participant is good", async () => {
  await using opened = await openReception();
  const [anna, stranger] = [identityOf("anna"), identityOf("stranger")];
  const honest = request(opened, anna);
  for (let i = 0; i < 100_000; i++) opened.reception.challenge(stranger.publicKey);
  for (let i = 0; i < 100; i++) opened.reception.challenge(anna.publicKey);
  const { session } = await opened.reception.checkIn(honest);
  expect(session.participantId).toBe(anna.participantId);
});

test("a challenge in which any one bit is changed is not ours", async () => {
  await using opened = await openReception();
  const anna = identityOf("anna");
  const honest = request(opened, anna);
  for (let bit = 0; bit < 256; bit++) {
    const challenge = Uint8Array.from(honest.challenge);
    challenge[bit >> 3] = (challenge[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const signature = identityOf("anna").sign(
      checkInStatement(opened.store.federation.federationId, challenge),
    );
    const changed = { ...honest, challenge, signature };
    await expect(opened.reception.checkIn(changed)).rejects.toMatchObject({
      code: "bad-challenge",
    });
  }
});

test("of two check-ins with one challenge at the same time, one opens a session", async () => {
  await using opened = await openReception();
  const anna = identityOf("anna");
  await opened.reception.checkIn(request(opened, anna));
  const twice = request(opened, anna);
  const outcomes = await Promise.allSettled([
    opened.reception.checkIn(twice),
    opened.reception.checkIn(twice),
  ]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("an identity that follows is not let in a second time, until it has gone", async () => {
  await using opened = await openReception();
  const { reception, sessions } = opened;
  const anna = identityOf("anna");
  const first = await reception.checkIn(request(opened, anna));
  const here = new AbortController();
  const instructions = sessions.follow(first.session, [], here.signal);
  const next = instructions.next();
  const second = request(opened, anna);
  await expect(reception.checkIn(second)).rejects.toMatchObject({ code: "identity-in-use" });
  expect(sessions.find(first.token)).toEqual(first.session);
  await expect(reception.checkIn(second)).rejects.toMatchObject({ code: "bad-challenge" });
  here.abort();
  await next;
  const { session } = await reception.checkIn(request(opened, anna));
  expect(session).toEqual(first.session);
});

test("what a participant says of itself is cut between characters", async () => {
  await using opened = await openReception();
  const { reception, store } = opened;
  const backend = `${"a".repeat(63)}\u{1f600}`;
  await reception.checkIn(request(opened, identityOf("anna"), { backend }));
  expect(await store.participants()).toMatchObject([{ backend: "a".repeat(63) }]);
});
