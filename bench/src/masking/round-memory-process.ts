import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openFastKernels } from "@chorus/aggregation";
import { MeasuredRound } from "./measured-round.ts";
import { syntheticRound } from "./synthetic-round.ts";

// A process of its own: buffers that others have left behind are given back whenever the runtime likes.
const [participants, parameters] = process.argv.slice(2).map(Number) as [number, number];
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function bufferBytes(): number {
  // Buffers are freed beside the collection that finds them: the second waits for the first.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

const bytes = { first: Number.NaN, held: Number.NaN };
const round = new MeasuredRound(syntheticRound(participants, parameters), 0, openFastKernels, {
  begins() {
    bytes.first = bufferBytes();
  },
  uploaded() {
    bytes.held = bufferBytes();
  },
});
round.run();
process.stdout.write(String(bytes.held - bytes.first));
