import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { sha256Hex } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { Journal } from "../journal/journal.ts";

// A process to be killed, or to run out of disk: records entries for ever in the folder named by its argument, and says
// which are durable. After a failure it waits for a line before it goes on.

const { signal } = new AbortController();
const goOn = createInterface(process.stdin)[Symbol.asyncIterator]();
await using journal = await Journal.open(process.argv[2] ?? "");
for (let number = 0; ; number++) {
  const roundId = sha256Hex(`round ${number}`);
  try {
    await journal.record(roundId, "advertise-keys", sha256Hex(`answer ${number}`), signal);
    writeSync(1, `${roundId}\n`);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    writeSync(1, `${error.code} ${error.message}\n`);
    if ((await goOn.next()).done) break;
  }
}
