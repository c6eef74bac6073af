import { parentPort } from "node:worker_threads";
import { runUnmasking, type UnmaskingPart } from "@chorus/aggregation";

// A thread's script: unmasks one part after the other, and hands the words back. An error ends the thread.

const port = parentPort;
if (port === null) throw new Error("this script is for a worker thread");
port.on("message", (part: UnmaskingPart) => {
  runUnmasking(part);
  port.postMessage(part.words, [part.words.buffer]);
});
