import { sha256 } from "@chorus/aggregation";
import type { DownloadModelResponse } from "@chorus/proto/v1/participant";
import { ACCEPTED, type Attack, type Outcome, type Setting } from "../attack.ts";
import type { Serve } from "./lying-server.ts";

const MEBIBYTE = 1_048_576;

/** How the bytes of the round's model are served. */
type Serving = (model: Uint8Array) => Serve;

/** A coordinator that serves another model than the round's, or the model in another way than the protocol has it. */
export const downloadAttacks: readonly Attack[] = [
  serving("a truncated model", "protocol", "got the end of the model", (model) => (offset) => {
    return offset === 0 ? [piece(model, 0, model.subarray(0, 32))] : [];
  }),
  serving("an oversize model", "protocol", "got a chunk that ends at byte", (model) => () => [
    piece(model, 0, new Uint8Array([...model, ...model])),
  ]),
  serving("a model of another length", "protocol", "got a model of", (model) => () => [
    { ...piece(model, 0, model), totalBytes: 2 * model.length },
  ]),
  serving("an oversize chunk", "protocol", "got a chunk of", (model) => () => [
    piece(model, 0, new Uint8Array(MEBIBYTE + 1)),
  ]),
  serving("a chunk out of order", "protocol", "got a chunk at byte", (model) => () => [
    piece(model, 32, model.subarray(32)),
  ]),
  serving(
    "a chunk with another hash",
    "protocol",
    "those of the chunk's SHA-256",
    (model) => () => [
      {
        totalBytes: model.length,
        chunk: { offset: 0, data: model, sha256: new Uint8Array(32) },
      },
    ],
  ),
  serving("wrong model bytes under right chunk hashes", "wrong-model", "", (model) => () => [
    piece(model, 0, new Uint8Array(model.length)),
  ]),
  serving("a model that is not finite", "non-finite", "", (model) => () => [
    piece(model, 0, new Uint8Array(model.length).fill(0xff)),
  ]),
];

/** The attack whose goal is that the participant trains from what it is served. `because`: part of why it refuses. */
function serving(name: string, expected: string, because: string, lie: Serving): Attack {
  const run = async ({ wire }: Setting, served: Serving, signal: AbortSignal): Promise<Outcome> => {
    const site = await wire.site();
    const said = await site.train(site.nextRoundId(), served(site.model.bytes), signal);
    const isTrained = said.call === "reportTrained";
    const got = isTrained ? ACCEPTED : site.refusalOf(said, because);
    return { got, releasedBytes: site.releasedBytes(), isGoalReached: isTrained };
  };
  return {
    name,
    by: "coordinator",
    wants: "an update made from it",
    expected,
    control: {
      kind: "sound message",
      run: (setting, signal) => run(setting, soundly, signal),
    },
    run: (setting, signal) => run(setting, lie, signal),
  };
}

/** As an honest coordinator serves it. */
export const soundly: Serving = (model) => (offset) => [
  piece(model, offset, model.subarray(offset)),
];

function piece(model: Uint8Array, offset: number, data: Uint8Array): DownloadModelResponse {
  return { totalBytes: model.length, chunk: { offset, data, sha256: sha256(data) } };
}
