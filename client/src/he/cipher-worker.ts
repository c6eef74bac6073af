import { parentPort } from "node:worker_threads";
import { HeError, ParticipantCipher } from "@chorus/aggregation/he";
import type { CipherAnswer, CipherRequest } from "./cipher-messages.ts";

// A thread's script: holds the key of one round, encrypts the update and opens the sum, one request after the other. What
// encryption refuses is answered; any other error ends the thread.

const port = parentPort;
if (port === null) throw new Error("this script is for a worker thread");

/** The last request's end, and the cipher once there is one. */
let turn: Promise<ParticipantCipher | undefined> = Promise.resolve(undefined);

port.on("message", (request: CipherRequest) => {
  turn = turn.then((cipher) => carryOut(request, cipher));
});

async function carryOut(
  request: CipherRequest,
  cipher: ParticipantCipher | undefined,
): Promise<ParticipantCipher | undefined> {
  switch (request.kind) {
    case "open": {
      const { parameters, keySeed } = request;
      const opened = await ParticipantCipher.open(parameters, keySeed);
      keySeed.fill(0);
      return opened;
    }
    case "close":
      cipher?.[Symbol.dispose]();
      port?.close();
      return undefined;
    case "encrypt":
    case "open-sum":
      answer(request.id, () => resultOf(request, cipher));
      return cipher;
  }
}

function resultOf(
  request: Extract<CipherRequest, { id: number }>,
  cipher: ParticipantCipher | undefined,
): Uint8Array | Uint32Array {
  if (cipher === undefined) throw new Error("the thread has no key");
  if (request.kind === "encrypt") return cipher.encrypt(request.values, request.masks);
  const { encryptedSum, valueCount, survivors } = request;
  return cipher.openSum(encryptedSum, valueCount, survivors);
}

function answer(id: number, work: () => Uint8Array | Uint32Array): void {
  try {
    const result = work();
    // Made for this answer alone, and never in shared memory.
    post({ id, result }, [result.buffer as ArrayBuffer]);
  } catch (error) {
    if (!(error instanceof HeError)) throw error;
    post({ id, code: error.code, message: error.message }, []);
  }
}

function post(message: CipherAnswer, transfer: ArrayBuffer[]): void {
  port?.postMessage(message, transfer);
}
