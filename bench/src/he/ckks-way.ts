import {
  CKKS_SLOTS,
  CkksAdder,
  CkksCipher,
  type CkksSet,
  newCkksKey,
  type Seal,
} from "@chorus/aggregation/he";
import { PARAMETERS, StepMeters, type StepSeconds, type Way } from "./he-costs.ts";
import { syntheticDelta } from "./synthetic-delta.ts";

/** CKKS, a value in each slot, no masks. Quantising is part of encrypting. */
export class CkksWay implements Way {
  readonly name: string;
  readonly sentBytes: number;
  readonly sumBytes: number;
  readonly #cipher: CkksCipher;
  readonly #adder: CkksAdder;

  constructor(seal: Seal, set: CkksSet, name: string) {
    this.name = name;
    const range = { largestValue: 1, participants: 128 };
    this.#cipher = new CkksCipher(seal, set, newCkksKey(seal, set), range);
    this.#adder = new CkksAdder(seal, set);
    const ciphertext = this.#cipher.encrypt(new Float32Array(CKKS_SLOTS));
    const bytesFor = (bytes: Uint8Array) =>
      (Math.ceil(PARAMETERS / CKKS_SLOTS) * bytes.length) / PARAMETERS;
    this.sentBytes = bytesFor(ciphertext);
    this.sumBytes = bytesFor(this.#adder.sumOf([ciphertext]));
  }

  async measure(): Promise<StepSeconds> {
    const meters = new StepMeters();
    const delta = syntheticDelta("update", PARAMETERS);
    for (let offset = 0; offset < PARAMETERS; offset += CKKS_SLOTS) {
      const values = delta.subarray(offset, offset + CKKS_SLOTS);
      const ciphertext = meters.measure("encrypt", () => this.#cipher.encrypt(values));
      // A sum of eight, of which each costs an eighth: what it takes to make a sum is spread over them.
      const sum = meters.measure("add", () => this.#adder.sumOf(ADDENDS.map(() => ciphertext)));
      meters.measure("open", () => this.#cipher.decrypt(sum));
    }
    const { add, ...others } = meters.seconds;
    return { ...others, add: add / ADDENDS.length };
  }
}

const ADDENDS = [1, 2, 3, 4, 5, 6, 7, 8];
