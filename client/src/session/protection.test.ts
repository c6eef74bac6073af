import {
  heConfigFor,
  parseRoundConfig,
  type RoundConfig,
  scaleBitsFor,
  serialiseRoundConfig,
} from "@chorus/aggregation";
import type { Invitation } from "@chorus/proto/v1/participant";
import { expect, test } from "vitest";
import { encryptedOffer } from "../testing/encrypted-round.ts";
import { askForKeys, factsOf } from "../testing/masked-round.ts";
import { RunningParticipant } from "../testing/running-participant.ts";
import { ScriptedCoordinator } from "../testing/scripted-coordinator.ts";
import { offer, serve, train } from "../testing/tiny-round.ts";

type Change = (config: RoundConfig) => object;

const encrypted =
  (valueBits: 8 | 15 | 16, parentStateHash = ""): Change =>
  ({ cohort }) => ({ he: heConfigFor(valueBits, cohort.length, parentStateHash) });

const masked: Change = ({ cohort, clippingNorm }) => ({
  ringBits: 32,
  scaleBits: scaleBitsFor(cohort.length, clippingNorm),
});

test.each<[string, Partial<Invitation>, Change, string | undefined]>([
  ["encrypted as its plan has it", encryptedOffer(), encrypted(15), undefined],
  ["masked only, though its plan is encrypted", encryptedOffer(), masked, "wrong-protection"],
  ["encrypted, though its plan is masked only", {}, encrypted(15), "wrong-protection"],
  ["rounded to fewer bits than its plan's", encryptedOffer(), encrypted(8), "wrong-protection"],
  [
    "going on with another state than was offered",
    encryptedOffer(),
    encrypted(15, "0".repeat(64)),
    "wrong-parent-state",
  ],
])(
  "a round that is %s is taken, or left before any key is out: %#",
  async (_, changes, change, code) => {
    await using coordinator = await ScriptedCoordinator.start();
    coordinator.download = serve();
    const { address } = coordinator;
    await using _participant = await RunningParticipant.start({ coordinator: address });
    await coordinator.nextFollower();
    coordinator.tell(train(changes));
    await coordinator.answers.next("reportTrained");
    const asked = askForKeys(coordinator);
    if (asked.$case !== "advertiseKeys") throw new Error("asked for something else than keys");
    const config = parseRoundConfig(asked.value.roundConfig);
    const { ringBits, scaleBits, ...common } = { ringBits: 32, scaleBits: 0, ...config };
    const lie = { ...common, ...factsOf(offer(changes)), ...change(config) } as RoundConfig;
    coordinator.tell({
      ...asked,
      value: { ...asked.value, roundConfig: serialiseRoundConfig(lie) },
    });
    if (code === undefined) {
      const { request } = await coordinator.answers.next("advertiseKeys");
      expect(request.advertisement?.keyCommitment).toHaveLength(32);
      return;
    }
    expect((await coordinator.answers.next("leaveRound")).request.reason).toBe(code);
    expect(coordinator.answers.heard("advertiseKeys")).toEqual([]);
  },
);
