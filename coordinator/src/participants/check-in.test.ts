import { createIdentity, type Identity, seededRandom } from "@chorus/aggregation";
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
  const federation = Buffer.from(store.federation.federationId, "hex");
  return {
    identityKey: identity.publicKey,
    name: "Charité Berlin",
    challenge,
    signature: identity.sign(
      Buffer.concat([Buffer.from("chorus/check-in/v1"), federation, challenge]),
    ),
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

test("strangers cannot fill the memory with challenges", async () => {
  await using opened = await openReception();
  const { reception, clock } = opened;
  const { publicKey } = identityOf("stranger");
  for (let i = 0; i < 10_000; i++) reception.challenge(publicKey);
  expect(() => reception.challenge(publicKey)).toThrow(
    expect.objectContaining({ code: "too-many-challenges" }),
  );
  clock.advance(60_001);
  expect(reception.challenge(publicKey)).toHaveLength(32);
});
