import { parentPort } from "node:worker_threads";
import type { CipherRequest } from "../he/cipher-messages.ts";

// A cipher's thread that fails with an error when it has something to do.

parentPort?.on("message", ({ kind }: CipherRequest) => {
  if (kind === "close") parentPort?.close();
  else if (kind !== "open") throw new Error("out of memory");
});
