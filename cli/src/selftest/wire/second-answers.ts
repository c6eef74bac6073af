import { ACCEPTED, type Attack, type Outcome, type Setting } from "../attack.ts";
import { soundly } from "./downloads.ts";
import type { Said } from "./lying-server.ts";
import type { Site } from "./site.ts";

/** Why a participant refuses a second configuration, in its own words. */
const SECOND = "got another advertise-keys instruction";

/** A coordinator that asks a participant for a second answer to what it has answered. */
export const secondAnswerAttacks: readonly Attack[] = [
  {
    name: "ask for both halves: after a crash of the participant",
    by: "coordinator",
    wants: "second keys for a round that has its first ones",
    expected: "restarted",
    control: {
      kind: "journal removed",
      run: (setting, signal) => afterCrash(setting, false, signal),
    },
    run: (setting, signal) => afterCrash(setting, true, signal),
  },
  {
    name: "another configuration after the answer to the first",
    by: "coordinator",
    wants: "second keys for a round that has its first ones",
    expected: "protocol",
    control: {
      kind: "sound message",
      run: (setting, signal) => otherConfiguration(setting, false, signal),
    },
    run: (setting, signal) => otherConfiguration(setting, true, signal),
  },
];

/** Everything from the beginning of the round on, once more, to a participant that was restarted. */
async function afterCrash(
  { wire }: Setting,
  hasJournal: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const site = await wire.site();
  const roundId = site.nextRoundId();
  const trained = await site.train(roundId, soundly(site.model.bytes), signal);
  const first = await site.advertise(site.configOf(roundId, trained), signal);
  await site.restart(hasJournal);
  const again = await site.train(roundId, soundly(site.model.bytes), signal);
  if (again.call === "leaveRound") return outcomeOf(site, again, false);
  const second = await site.advertise(site.configOf(roundId, again), signal);
  return outcomeOf(site, second, isAdvertised(second) && !isSame(first, second));
}

/** A configuration that is sound by itself, after the answer to another one or alone. */
async function otherConfiguration(
  { wire }: Setting,
  isSecond: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const site = await wire.site();
  const roundId = site.nextRoundId();
  const config = site.configOf(
    roundId,
    await site.train(roundId, soundly(site.model.bytes), signal),
  );
  if (isSecond) await site.advertise(config, signal);
  const said = await site.advertise({ ...config, minSurvivors: config.minSurvivors + 1 }, signal);
  return outcomeOf(site, said, isAdvertised(said), SECOND);
}

function outcomeOf(site: Site, said: Said, isGoalReached: boolean, because = ""): Outcome {
  const got = said.call === "leaveRound" ? site.refusalOf(said, because) : ACCEPTED;
  return { got, releasedBytes: site.releasedBytes(), isGoalReached };
}

function isAdvertised({ call }: Said): boolean {
  return call === "advertiseKeys";
}

function isSame(a: Said, b: Said): boolean {
  return Buffer.compare(a.bytes, b.bytes) === 0;
}
