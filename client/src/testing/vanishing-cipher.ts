import { parentPort } from "node:worker_threads";
import type { CipherRequest } from "../he/cipher-messages.ts";

// A cipher's thread that ends without a word when it has something to do.

parentPort?.on("message", ({ kind }: CipherRequest) => {
  if (kind !== "open") process.exit(0);
});
