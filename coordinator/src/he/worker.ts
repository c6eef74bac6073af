import { parentPort, workerData } from "node:worker_threads";
import { EncryptedSum, HeError } from "@chorus/aggregation/he";
import type { Checked, Ciphertexts } from "../round/encrypted-accumulator.ts";
import type { HeRefusal, SumAnswer, SumRequest, SumTask } from "./sum-messages.ts";

// A thread's script: the sum of one attempt's encrypted updates, of which nothing else is kept. An error ends the thread.

const port = parentPort;
if (port === null) throw new Error("this script is for a worker thread");
const { parameters, valueCount } = workerData as SumTask;
const sum = await EncryptedSum.open(parameters, valueCount);
let last: Promise<void> = Promise.resolve();
port.on("message", (request: SumRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: SumRequest): Promise<void> {
  const { id } = request;
  switch (request.kind) {
    case "check": {
      const checked = checkedOf(request.ciphertexts);
      return send({ kind: "checked", id, checked }, "code" in checked ? [] : [checked.buffer]);
    }
    case "add": {
      const startedMs = performance.now();
      await sum.add(request.ciphertexts);
      free(request.ciphertexts);
      return send({ kind: "added", id, seconds: (performance.now() - startedMs) / 1000 }, []);
    }
    case "take-off": {
      const { masks } = request;
      const encryptedSum = await sum.takeOff(masks);
      masks.added.fill(0);
      masks.subtracted.fill(0);
      return send({ kind: "taken-off", id, encryptedSum }, [encryptedSum.buffer]);
    }
  }
}

function checkedOf(ciphertexts: Ciphertexts): Checked | HeRefusal {
  try {
    return sum.check(ciphertexts);
  } catch (error) {
    if (!(error instanceof HeError)) throw error;
    free(ciphertexts);
    return { code: error.code, message: error.message };
  }
}

/** Gives memory back now: the garbage of a thread that makes hardly any is collected late. */
function free({ buffer }: Ciphertexts): void {
  buffer.transfer(0);
}

function send(reply: SumAnswer, transfer: readonly ArrayBuffer[]): void {
  port?.postMessage(reply, transfer);
}
