import { expect, test } from "vitest";
import { chainHost } from "./chain-url.ts";

test.each([
  ["https://rpc.example.org/v3/secret", "rpc.example.org"],
  ["http://127.0.0.1:8545/?key=secret", "127.0.0.1:8545"],
  ["https://secret:secret@[::1]:8545/#secret", "[::1]:8545"],
])("of %s only the host %s is shown", (url, host) => {
  expect(chainHost(url)).toBe(host);
});

test.each(["secret", "ftp://example.org/secret", "example.org:8545/secret", ""])(
  "%j is refused without being quoted",
  (text) => {
    expect(() => chainHost(text)).toThrow("--chain-url is no HTTP address");
    expect(() => chainHost(text)).not.toThrow("secret");
  },
);
