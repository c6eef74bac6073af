import { setImmediate } from "node:timers/promises";
import { seededRandom, sha256 } from "@chorus/aggregation";
import { expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import { downloadFile, type WantedFile } from "./resumed-download.ts";
import { FakeSleep } from "./testing/fake-sleep.ts";
import { Queue } from "./testing/queue.ts";
import { Uplink } from "./uplink.ts";
import type { FilePart } from "./wire/files.ts";

const SILENCE_MS = 60_000;

/** Has a connection that nobody uses. */
class IdleUplink extends Uplink {
  override call<Result>(
    make: (connection: Connection, signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    return make({} as Connection, signal);
  }
}

/** A file of which the test hands out one byte after the other. */
class DrippingFile {
  readonly #totalBytes: number;
  readonly #drops = new Queue<true>();
  /** When the download has taken all that was handed out, and wants more. */
  readonly #thirst = new Queue<true>();

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  readonly from: WantedFile["from"] = (_, offset, signal) => this.#pieces(offset, signal);

  async *#pieces(offset: number, signal: AbortSignal): AsyncGenerator<FilePart> {
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
    for (let at = offset; at < this.#totalBytes; at++) {
      this.#thirst.push(true);
      await Promise.race([this.#drops.shift(), aborted.promise]);
      const data = new Uint8Array([at]);
      yield { totalBytes: this.#totalBytes, offset: at, data, sha256: sha256(data) };
    }
  }

  thirst(): Promise<true> {
    return this.#thirst.shift();
  }

  /** Hands out a byte. */
  drip(): void {
    this.#drops.push(true);
  }
}

/** Begins a download of this many bytes. */
function begin(totalBytes: number) {
  const time = new FakeSleep();
  const uplink = new IdleUplink({ random: seededRandom("drip"), sleep: time.sleep });
  const file = new DrippingFile(totalBytes);
  const wanted = { what: "model", allows: () => true, wanted: "any", from: file.from } as const;
  const outcome = downloadFile(wanted, uplink, new AbortController().signal).catch(
    (error: unknown) => error,
  );
  return { time, file, outcome };
}

test("a download that brings something in every minute goes on to its end, and leaves no clock behind", async () => {
  const { time, file, outcome } = begin(4);
  await file.thirst();
  for (let bytes = 0; bytes < 3; bytes++) {
    file.drip();
    await file.thirst();
    time.elapse(SILENCE_MS);
    await setImmediate();
  }
  file.drip();
  expect(await outcome).toEqual(new Uint8Array([0, 1, 2, 3]));
  expect(time.longWaits).toEqual([]);
});

test("a download that brings nothing for a minute is given up", async () => {
  const { time, file, outcome } = begin(4);
  await file.thirst();
  file.drip();
  await file.thirst();
  time.elapse(SILENCE_MS);
  await setImmediate();
  time.elapse(SILENCE_MS);
  expect(await outcome).toMatchObject({
    ...{ name: "ClientError", code: "unreachable" },
    message: "got nothing of the model after byte 1 for 60 s, wanted more",
  });
  expect(time.longWaits).toEqual([]);
});
