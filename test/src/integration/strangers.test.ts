import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { patienceMs } from "../support/patience.ts";
import { RawFederation } from "../support/raw-federation.ts";
import { RawParticipant } from "../support/raw-participant.ts";

const opened = new AsyncDisposableStack();
let federation: RawFederation;

beforeAll(async () => {
  federation = opened.use(await RawFederation.start());
  expect(await federation.round()).toEqual([0, 1, 2, 3]);
}, patienceMs);

afterAll(() => opened.disposeAsync(), patienceMs);

/** A connection that the coordinator has taken, and that asks for nothing. */
async function stranger(): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${federation.coordinator.grpcPort}`);
  opened.defer(() => session.destroy());
  await once(session, "remoteSettings");
  return session;
}

test("strangers take every place of an address: who has checked in trains on, and others can after ten seconds", async () => {
  const { clock, coordinator } = federation;
  const strangers = await Promise.all(Array.from({ length: 64 }, stranger));
  const cut = Promise.all(strangers.map((session) => once(session, "close")));
  await expect(RawParticipant.enrol(coordinator, 4)).rejects.toMatchObject({ code: 14 });
  expect(await federation.round()).toEqual([0, 1, 2, 3]);
  clock.advance(10_000);
  await cut;
  using late = await RawParticipant.enrol(coordinator, 4);
  expect(late.identity).toBeDefined();
  const { entries } = coordinator.log;
  expect(entries.filter(({ msg }) => msg === "participant disconnected")).toEqual([]);
});
