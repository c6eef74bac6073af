import { parentPort } from "node:worker_threads";

// A thread's script that fails at its first part, in the way that its URL says.

parentPort?.on("message", () => {
  if (import.meta.url.endsWith("?exit")) process.exit(7);
  throw new Error("out of order");
});
