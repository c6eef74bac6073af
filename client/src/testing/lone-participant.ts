import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelHash, stateHash } from "@chorus/aggregation";
import type { HandoverBinding, HeldModel, ModelRequest } from "@chorus/aggregation/he";
import type { FollowResponse, Invitation, Train } from "@chorus/proto/v1/participant";
import { type Logger, pino } from "pino";
import { onTestFinished } from "vitest";
import { ModelStore, type RunModel } from "../models/model-store.ts";
import { readModelRequest } from "../wire/messages.ts";
import { ENCRYPTED_PLAN, nextOffer } from "./encrypted-round.ts";
import type { GatedTrainer } from "./fake-trainer.ts";
import { RunningParticipant } from "./running-participant.ts";
import { FEDERATION_ID, ScriptedCoordinator } from "./scripted-coordinator.ts";
import { invitation, LAYOUT, offer, RUN_ID, UNHANDED } from "./tiny-round.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

export const filled = (value: number): Float32Array =>
  new Float32Array(LAYOUT.parameters).fill(value);
export const HELD: HeldModel = { model: filled(2), state: filled(3) };
export const HASH: string = modelHash(LAYOUT, HELD.model);
export const STATE_HASH: string = stateHash(HELD.state);
export const NEXT: Partial<Invitation> = nextOffer(2, { modelHash: HASH, stateHash: STATE_HASH });
const NEXT_ID: string = Buffer.from(NEXT.roundId ?? []).toString("hex");
export const BINDING: HandoverBinding = {
  ...{ federationId: FEDERATION_ID, runId: RUN_ID, round: 2 },
  ...{ roundId: NEXT_ID, modelHash: HASH, stateHash: STATE_HASH },
};
export const silent: Logger = pino({ level: "silent" });

/** A participant in a round of an encrypted run, alone. */
export interface Alone extends AsyncDisposable {
  readonly coordinator: ScriptedCoordinator;
  readonly participant: RunningParticipant;
  readonly directory: string;
}

/** `has`: whether it has the model that the second round begins with. */
export async function start(options: {
  readonly has: boolean;
  readonly trainer?: GatedTrainer;
  readonly directory?: string;
}): Promise<Alone> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "handover-")));
  if (options.directory === undefined) onTestFinished(() => rm(directory, { recursive: true }));
  if (options.has) await keepHeld(directory);
  const stack = new AsyncDisposableStack();
  const coordinator = stack.use(await ScriptedCoordinator.start());
  const { trainer } = options;
  const own = { directory, ...(trainer === undefined ? {} : { trainer }) };
  const participant = await RunningParticipant.start({ coordinator: coordinator.address, ...own });
  stack.use(participant);
  await coordinator.nextFollower();
  const dispose = () => stack.disposeAsync();
  return { coordinator, participant, directory, [Symbol.asyncDispose]: dispose };
}

export async function keepHeld(
  directory: string,
  { model, state }: HeldModel = HELD,
): Promise<string> {
  const store = await ModelStore.open(directory, silent);
  const name = { runId: RUN_ID, round: 1, modelHash: HASH, plan: ENCRYPTED_PLAN };
  return await store.keep(name, { model, state });
}

export async function readHeld(directory: string): Promise<RunModel | undefined> {
  const store = await ModelStore.open(directory, silent);
  const wanted = { runId: RUN_ID, modelHash: HASH, layout: LAYOUT, stateLength: LAYOUT.parameters };
  return await store.read(wanted);
}

/** Invites to the second round, and returns what is asked for. */
export async function invite({ coordinator }: Alone): Promise<ModelRequest | undefined> {
  coordinator.tell(invitation(NEXT));
  const { request } = await coordinator.answers.next("acceptRound");
  return request.modelRequest && readModelRequest(request.modelRequest);
}

export function trainWith(handing: Partial<Train>): Instruction {
  return { $case: "train", value: { ...UNHANDED, round: offer(NEXT), ...handing } };
}

export async function leaveReason({ coordinator }: Alone): Promise<string> {
  return (await coordinator.answers.next("leaveRound")).request.reason;
}
