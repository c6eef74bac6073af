import { expect, test } from "vitest";
import type { Instruction } from "../round/instruction.ts";
import { type Session, Sessions } from "./sessions.ts";

const anna: Session = { participantId: "a".repeat(32), name: "anna", identityKey: "1".repeat(64) };
const bert: Session = { participantId: "b".repeat(32), name: "bert", identityKey: "2".repeat(64) };
const end = (roundId: string): Instruction => ({
  kind: "round-ended",
  roundId,
  abandoned: "",
  modelHash: "",
});

test("a token opens its session until the participant checks in again", () => {
  const sessions = new Sessions();
  const first = sessions.open(anna);
  expect(sessions.find(first)).toEqual(anna);
  const second = sessions.open(anna);
  expect(sessions.find(first)).toBeUndefined();
  expect(sessions.find(second)).toEqual(anna);
  expect(sessions.find("guess")).toBeUndefined();
});

test("instructions come in order, first the current one", async () => {
  const sessions = new Sessions();
  sessions.open(anna);
  const stop = new AbortController();
  const stream = sessions.follow(anna, [end("1")], stop.signal);
  sessions.send(anna.participantId, end("2"));
  expect((await stream.next()).value).toEqual(end("1"));
  expect((await stream.next()).value).toEqual(end("2"));
  const waiting = stream.next();
  sessions.send(anna.participantId, end("3"));
  expect((await waiting).value).toEqual(end("3"));
  stop.abort();
  expect(await stream.next()).toMatchObject({ done: true });
  expect(sessions.isConnected(anna.participantId)).toBe(false);
});

test("a second stream ends the first, and only the second gets what is sent then", async () => {
  const sessions = new Sessions();
  sessions.open(anna);
  const { signal } = new AbortController();
  const older = sessions.follow(anna, [], signal);
  const waiting = older.next();
  const newer = sessions.follow(anna, [], signal);
  expect(await waiting).toMatchObject({ done: true });
  expect(sessions.isConnected(anna.participantId)).toBe(true);
  sessions.send(anna.participantId, end("1"));
  expect((await newer.next()).value).toEqual(end("1"));
});

test("a participant in a round is connected but not free until that round ends, and in no other", () => {
  const sessions = new Sessions();
  for (const session of [anna, bert]) {
    sessions.open(session);
    sessions.follow(session, [], new AbortController().signal);
  }
  sessions.take("round 1", [anna.participantId]);
  expect(sessions.connected).toEqual([anna, bert]);
  expect(sessions.free).toEqual([bert]);
  expect(() => sessions.take("round 2", [bert.participantId, anna.participantId])).toThrow(
    `${anna.participantId} is in round round 1, wanted for round 2`,
  );
  expect(sessions.free).toEqual([bert]);
  sessions.release("round 2");
  expect(sessions.roundOf(anna.participantId)).toBe("round 1");
  sessions.release("round 1");
  expect(sessions.free).toEqual([anna, bert]);
});
