import { createIdentity, type Hash, seededRandom } from "@chorus/aggregation";
import { ModelRequestKeys } from "@chorus/aggregation/he";
import { pino } from "pino";
import { expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { FakeSleep } from "../testing/fake-sleep.ts";
import { MODEL, MODEL_HASH, offer, ROUND_ID, RUN_ID } from "../testing/tiny-round.ts";
import { Uplink } from "../uplink.ts";
import type { Answer } from "./answer.ts";
import { ModelGiver } from "./model-giver.ts";

const { signal } = new AbortController();
const FEDERATION_ID = "fe".repeat(32);
const random = seededRandom("giver");

/** Takes answers, but for the first few. */
class ReluctantUplink extends Uplink {
  readonly taken: Answer[] = [];
  #refusals: number;

  constructor(refusals: number) {
    super({ random, sleep: new FakeSleep().sleep });
    this.#refusals = refusals;
  }

  override async federationId(): Promise<Hash> {
    return FEDERATION_ID;
  }

  override async send(answer: Answer): Promise<void> {
    if (this.#refusals-- > 0) throw new ClientError("refused", "not now");
    this.taken.push(answer);
  }
}

function giving(refusals: number) {
  const identity = createIdentity(new Uint8Array(32).fill(1));
  const uplink = new ReluctantUplink(refusals);
  const giver = new ModelGiver({ identity, random, uplink, log: pino({ level: "silent" }) });
  const binding = { federationId: FEDERATION_ID, runId: RUN_ID, roundId: ROUND_ID };
  const asked = { ...binding, round: 1, modelHash: MODEL_HASH, stateHash: "" };
  const other = createIdentity(new Uint8Array(32).fill(2));
  const { request } = ModelRequestKeys.make(asked, other, random);
  const { plan } = offer();
  const offered = { ...asked, plan, planHash: "" };
  const give = () => giver.give(offered, { model: MODEL, state: undefined }, [request], signal);
  return { uplink, give };
}

test("a model is handed over once, however often it is asked for, at the same time or later", async () => {
  const { uplink, give } = giving(0);
  await Promise.all([give(), give()]);
  await give();
  expect(uplink.taken).toMatchObject([{ kind: "hand-over-model", roundId: ROUND_ID }]);
});

test("a model that was not taken is handed over when it is asked for again", async () => {
  const { uplink, give } = giving(1);
  await expect(give()).rejects.toMatchObject({ code: "refused" });
  expect(uplink.taken).toEqual([]);
  await give();
  expect(uplink.taken).toHaveLength(1);
});
