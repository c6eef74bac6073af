import { once } from "node:events";
import { connect } from "node:http2";
import { expect, test } from "vitest";
import { openTestServer } from "../testing/rpc-server.ts";

test("a participant may send 8 MiB ahead, on a stream and on the connection", async () => {
  await using server = await openTestServer();
  const session = connect(`http://127.0.0.1:${server.port}`);
  await once(session, "remoteSettings");
  expect(session.remoteSettings.initialWindowSize).toBe(8 * 1_048_576);
  const pinged = new Promise((resolve) => session.ping(resolve));
  await pinged;
  expect(session.state.remoteWindowSize).toBe(8 * 1_048_576);
  session.destroy();
});
