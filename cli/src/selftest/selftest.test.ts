import { permissiveGuard } from "@chorus/aggregation/testing/permissive-guard";
import { beforeAll, expect, test } from "vitest";
import { runChorus } from "../testing/run-chorus.ts";
import { attacks } from "./attacks.ts";
import { attacksNamed, requireThatAttacksFail, runAttacks, type SelftestReport } from "./suite.ts";
import { formatAttacks } from "./table.ts";

const { signal } = new AbortController();
const begun: string[] = [];
let report: SelftestReport;
beforeAll(async () => {
  report = await runAttacks(attacks, ({ name }) => begun.push(name), signal);
});

test("every attack is refused with the code that is expected and releases no byte", () => {
  const told = report.findings.map((it) => [it.attack, it.got, it.secretBytesReleased ?? 0]);
  expect(told).toEqual(attacks.map(({ name, expected }) => [name, expected, 0]));
  expect(report.secretBytesReleased).toBe(0);
  expect(report.refused).toBe(attacks.length);
});

test("bytes are told of no attack but those that a victim refuses before it has sealed or masked anything", () => {
  const untold = report.findings.filter((it) => it.secretBytesReleased === null);
  expect(untold.length).toBeGreaterThan(20);
  expect(untold.filter(({ by }) => by === "participant")).toEqual([]);
  const later = /^publish|survivor|acknowledge|upload|sharer|sealed share|both halves|model$/;
  const early = ["different models", "another model size"];
  const wrong = untold.filter(({ attack }) => later.test(attack));
  expect(wrong.filter(({ attack }) => !early.some((it) => attack.startsWith(it)))).toEqual([]);
});

test("every control goes through: with the check off the attack succeeds, without its defect a message is taken", () => {
  const failed = report.findings.filter(({ control }) => !control.wentThrough);
  expect(failed.map(({ attack }) => attack)).toEqual([]);
  expect(report.holds).toBe(true);
});

test("with a check off secrets do leave, as the recovery measures: both halves, the whole vector, or all of it", () => {
  const bytes = new Map(report.findings.map((it) => [it.attack, it.control.secretBytesReleased]));
  expect(bytes.get("lower the threshold")).toBe(128);
  expect(bytes.get("ask for both halves: two survivor sets")).toBe(128);
  expect(bytes.get("man in the middle: own keys for everybody")).toBe(64);
  expect(bytes.get("different models: the others' has no gradients")).toBe(64);
  expect([...bytes.values()].filter((released) => (released ?? 0) > 0).length).toBeGreaterThan(15);
});

test("there are at least 20 attacks by a coordinator and 6 by participants, and no two share a name", () => {
  const by = (who: string) => attacks.filter((attack) => attack.by === who).length;
  expect(by("coordinator")).toBeGreaterThanOrEqual(20);
  expect(by("participant")).toBeGreaterThanOrEqual(6);
  expect(new Set(attacks.map(({ name }) => name)).size).toBe(attacks.length);
  expect(begun).toEqual(attacks.map(({ name }) => name));
});

test("the suite bites: where one check of the attack itself is off, it tells of the bytes, fails, and exits with 1", async () => {
  const few = attacksNamed(attacks, "both halves: two");
  const bitten = await runAttacks(few, () => {}, signal, permissiveGuard("stage-used"));
  expect(bitten).toMatchObject({ holds: false, refused: 0, secretBytesReleased: 128 });
  expect(formatAttacks(bitten)).toMatch(/accepted, not stage-used +128 .*FAILS/);
  const wanted = expect.objectContaining({ code: "unhealthy", exitCode: 1 });
  expect(() => requireThatAttacksFail(bitten)).toThrow(wanted);
  expect(() => requireThatAttacksFail(report)).not.toThrow();
});

test("an attack that gets bytes, or what it wants, has not been refused, whatever code it got", async () => {
  const [attack] = attacksNamed(attacks, "lower the threshold");
  if (attack === undefined) throw new Error("there is such an attack");
  const { expected: got } = attack;
  const control = { kind: "sound message", run: async () => ended(0, true) } as const;
  const ended = (releasedBytes: number, isGoalReached: boolean) => ({
    got,
    releasedBytes,
    isGoalReached,
  });
  const fakes = [
    { ...attack, control, run: async () => ended(5, false) },
    { ...attack, control, run: async () => ended(0, true) },
    { ...attack, control, run: async () => ended(0, false) },
  ];
  const told = await runAttacks(fakes, () => {}, signal);
  expect(told.findings.map(({ holds }) => holds)).toEqual([false, false, true]);
  expect(told).toMatchObject({ holds: false, refused: 1, secretBytesReleased: 5 });
  expect(formatAttacks(told)).toContain("1 of 3 attacks refused, 5 secret bytes released");
  const wanted = expect.objectContaining({ code: "unhealthy", exitCode: 1 });
  expect(() => requireThatAttacksFail(told)).toThrow(wanted);
});

test("what the attacks want is told where a line has room for it, and no line is longer than the terminal's", () => {
  const longest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));
  expect(formatAttacks(report)).not.toContain("what it wants");
  expect(longest(formatAttacks(report))).toBeLessThanOrEqual(150);
  expect(formatAttacks(report, 200)).toContain("what it wants");
  expect(longest(formatAttacks(report, 200))).toBeLessThanOrEqual(200);
});

test("a control that does not go through fails the suite as well", async () => {
  const toothless = attacksNamed(attacks, "lower the threshold").map((attack) => ({
    ...attack,
    control: { kind: "check off", codes: [] } as const,
  }));
  const bitten = await runAttacks(toothless, () => {}, signal);
  expect(bitten).toMatchObject({ holds: false, refused: 1, controlsThrough: 0 });
  expect(formatAttacks(bitten)).toContain("check off: NO");
});

test("the command prints the table and what it comes to, or the same as one document", async () => {
  const text = await runChorus("selftest", "attack", "--only", "lower");
  expect(text).toMatchObject({ code: 0, stderr: "" });
  expect(text.stdout).toMatch(
    /^lower the threshold +coordinator +low-threshold +- +check off: 128 bytes$/m,
  );
  const summary = "2 attacks refused, 0 secret bytes released, 2 controls went through";
  expect(text.stdout.trimEnd().split("\n").at(-1)).toBe(summary);
  const json = await runChorus("selftest", "attack", "--only", "LOWER", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ holds: true, refused: 2, findings: [{}, {}] });
  const usage = expect.objectContaining({ code: "wrong-usage", exitCode: 2 });
  for (const part of ["no such attack", "", " "])
    expect(() => attacksNamed(attacks, part)).toThrow(usage);
  const blank = await runChorus("selftest", "attack", "--only", "");
  expect(blank).toMatchObject({ code: 2, stdout: "" });
});
