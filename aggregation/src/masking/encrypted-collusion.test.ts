import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import type { ParticipantId } from "./messages.ts";
import { collusionTable, type PlayedCollusion } from "./testing/collusion-table.ts";
import {
  type EncryptedCoalition,
  type EncryptedFindings,
  findingsIn,
  keySeedOf,
  readWithoutMasks,
} from "./testing/encrypted-coalition.ts";
import { Memory } from "./testing/memory.ts";
import {
  type ObservedEncryptedRound,
  observeEncryptedRound,
} from "./testing/observed-encrypted-round.ts";
import { itemAt, makeIdentities } from "./testing/round.ts";

// Who learns what of an encrypted round of ten, of whom one is lost after it shared its keys: played, and written into the
// threat model (`npx vitest run -u` on this file).

const IDENTITIES = makeIdentities(10);
const IDS = IDENTITIES.map(({ participantId }) => participantId);
const LOST = itemAt(IDS, 4);
const SURVIVORS = IDS.filter((id) => id !== LOST);

const memory = new Memory<Promise<EncryptedFindings>>();
let round: ObservedEncryptedRound;
beforeAll(async () => {
  round = await observeEncryptedRound(IDENTITIES, new Set([LOST]));
});

/** What a coalition reads, looked at once. */
function findings(played: EncryptedCoalition): Promise<EncryptedFindings> {
  const key = `${[...played.colluders].join()} ${played.hasCoordinator}`;
  return memory.get(key, () => findingsIn(round, played));
}

function coalition(participants: number, hasCoordinator: boolean): EncryptedCoalition {
  return { colluders: new Set(SURVIVORS.slice(0, participants)), hasCoordinator };
}

function outside({ colluders }: EncryptedCoalition): ParticipantId[] {
  return SURVIVORS.filter((id) => !colluders.has(id));
}

async function play(who: string, played: EncryptedCoalition): Promise<PlayedCollusion> {
  const { updates, hasSum } = await findings(played);
  const others = outside(played).length;
  return { who, updates: updates.length, others, hasSum, hasCounts: played.hasCoordinator };
}

test("the threshold of ten is six", () => {
  expect(round.config.threshold).toBe(6);
});

test("the coordinator alone reads nothing", async () => {
  expect(await findings(coalition(0, true))).toEqual({ updates: [], hasSum: false });
});

test("a participant alone reads the sum, and no update", async () => {
  expect(await findings(coalition(1, false))).toEqual({ updates: [], hasSum: true });
});

test("all survivors but one, without the coordinator, read the last one's update", async () => {
  const played = coalition(SURVIVORS.length - 1, false);
  expect(await findings(played)).toEqual({ updates: outside(played), hasSum: true });
});

test("the coordinator and fewer than a threshold, who hold the key, read the sum, and no update", async () => {
  for (const participants of [1, 5])
    expect(await findings(coalition(participants, true))).toEqual({
      updates: [],
      hasSum: true,
    });
});

test("the coordinator and a threshold read every update: the others' secrets are theirs", async () => {
  const played = coalition(6, true);
  expect(await findings(played)).toEqual({ updates: outside(played), hasSum: true });
});

test("nothing that reaches the coordinator holds the round's key", () => {
  const seed = Buffer.from(keySeedOf(round, new Set(IDS.slice(0, 1))));
  expect(keySeedOf(round, new Set(IDS.slice(1, 2)))).toEqual(new Uint8Array(seed));
  const { transcript, sealed, ciphertexts, revealed } = round;
  const shares = [...revealed.values()].flatMap(({ selfMaskShares, maskKeyShares }) =>
    [...selfMaskShares, ...maskKeyShares].map(({ share }) => share),
  );
  const received = [
    transcript.encryptedSum,
    ...transcript.keyBook.flatMap(({ keyCommitment = new Uint8Array() }) => [keyCommitment]),
    ...[...sealed.values()].flat().map(({ ciphertext }) => ciphertext),
    ...ciphertexts.values(),
    ...shares,
  ];
  for (const bytes of received) expect(Buffer.from(bytes).indexOf(seed)).toBe(-1);
});

test("control: without masks, under a key that all have, the coordinator and one participant read every update", async () => {
  const [colluder] = coalition(1, true).colluders;
  expect(await readWithoutMasks(round, colluder ?? "")).toEqual(outside(coalition(1, true)));
});

async function playWithoutMasks(): Promise<PlayedCollusion> {
  const played = coalition(1, true);
  const [colluder] = played.colluders;
  const who = "for comparison, one key for all and no masks: coordinator and one participant";
  const updates = (await readWithoutMasks(round, colluder ?? "")).length;
  return { who, updates, others: outside(played).length, hasSum: true, hasCounts: true };
}

test("the threat model's table of encrypted rounds is what was played", async () => {
  const rows = [
    await play("coordinator", coalition(0, true)),
    await play("one participant", coalition(1, false)),
    await play("all survivors but one, no coordinator", coalition(8, false)),
    await play("coordinator and one participant, who holds the key", coalition(1, true)),
    await play("coordinator and t - 1 participants", coalition(5, true)),
    await play("coordinator and t participants", coalition(6, true)),
    await playWithoutMasks(),
  ];
  const file = fileURLToPath(new URL("../../../docs/threat-model.md", import.meta.url));
  const [before = "", rest = ""] = readFileSync(file, "utf8").split("<!-- played -->\n");
  const after = rest.split("<!-- /played -->\n")[1] ?? "";
  const text = `${before}<!-- played -->\n${collusionTable(rows)}<!-- /played -->\n${after}`;
  await expect(text).toMatchFileSnapshot(file);
});
