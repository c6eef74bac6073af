import { parentPort } from "node:worker_threads";
import type { Checked } from "../../round/encrypted-accumulator.ts";
import type { SumAnswer, SumRequest } from "../sum-messages.ts";

/** How a thread ends. */
type Failure = "throw" | "exit";

/**
 * The script of a sum's thread that says yes to everything until it is asked for `kind`, or at once, and then fails. A
 * thread's script has no parameters but its text: a query of its URL does not reach it.
 */
export function failingScript(how: Failure, kind: SumRequest["kind"] | "start"): URL {
  const call = `import { failAt } from ${JSON.stringify(import.meta.url)}; failAt("${how}", "${kind}");`;
  return new URL(`data:text/javascript,${encodeURIComponent(call)}`);
}

/** What {@link failingScript}'s thread does. */
export function failAt(how: Failure, kind: SumRequest["kind"] | "start"): void {
  const port = parentPort;
  if (kind === "start") fail(how);
  port?.on("message", (request: SumRequest) => {
    if (request.kind === kind) fail(how);
    port.postMessage(yesTo(request));
  });
}

function yesTo(request: SumRequest): SumAnswer {
  const { id } = request;
  switch (request.kind) {
    case "check":
      return { kind: "checked", id, checked: request.ciphertexts as Checked };
    case "add":
      return { kind: "added", id, seconds: 0 };
    case "take-off":
      return { kind: "taken-off", id, encryptedSum: new Uint8Array() };
  }
}

function fail(how: Failure): void {
  if (how === "exit") process.exit(7);
  throw new Error("out of order");
}
