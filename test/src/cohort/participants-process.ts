import { once } from "node:events";
import { ParticipantServiceService } from "@chorus/proto/v1/participant";
import { unaryCall } from "../support/call.ts";
import { childLog, childOptions, parentSignal } from "../support/child-side.ts";
import type { CoordinatorAddress } from "../support/coordinator.ts";
import { RawParticipant } from "../support/raw-participant.ts";
import { Turns } from "../support/turns.ts";
import { UsageMeter } from "./usage.ts";

/** What a process of participants is started with. */
export interface ParticipantsProcessOptions extends CoordinatorAddress {
  readonly places: readonly number[];
  /** Which of them leave instead of uploading. */
  readonly lost: readonly number[];
}

const { places, lost, ...address } = childOptions<ParticipantsProcessOptions>();
const log = childLog();
const signal = parentSignal();
await using participants = new AsyncDisposableStack();
const turns = new Turns();
for (const place of places) {
  const participant = participants.use(await RawParticipant.enrol(address, place, turns));
  if (lost.includes(place)) void leaveAtUpload(participant);
}
using meter = new UsageMeter();
log.info("enrolled");
if (!signal.aborted) await once(signal, "abort");
log.info({ ...meter.usage }, "used");

/** By then its masks are in the updates of its neighbours. */
function leaveAtUpload(participant: RawParticipant): Promise<void> {
  return participant.before("submitUpdate", async () => {
    const shared = participant.sent.get("shareKeys");
    if (shared?.step !== "shareKeys") throw new Error("it uploads before it shares");
    const { client, session } = participant;
    const leaving = { roundId: shared.request.roundId, reason: "lost" };
    await unaryCall(client, ParticipantServiceService.leaveRound, leaving, session);
    return "silent";
  });
}
