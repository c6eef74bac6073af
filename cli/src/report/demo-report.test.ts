import { expect, test } from "vitest";
import { renderDemoReport } from "./demo-report.ts";
import type { DemoResult } from "./demo-result.ts";
import { exampleResult } from "./testing/example-result.ts";

/** Tags that are opened and never closed, or closed and never opened. */
function unbalancedTags(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const selfClosing = new Set(["meta", "br", "!doctype"]);
  for (const [, slash, name, rest] of page.matchAll(/<(\/?)([a-z!][a-z0-9]*)([^>]*)>/gi)) {
    if (name === undefined || selfClosing.has(name.toLowerCase()) || rest?.endsWith("/")) continue;
    if (slash !== "/") open.push(name);
    else if (open.at(-1) === name) open.pop();
    else wrong.push(name);
  }
  return [...wrong, ...open];
}

test("every tag of the report is closed in order", async () => {
  expect(unbalancedTags(await renderDemoReport(exampleResult))).toEqual([]);
  expect(unbalancedTags("<p><b>not closed</p>")).not.toEqual([]);
});

test("the report loads nothing: no script, no link, no address but XML namespaces", async () => {
  const page = await renderDemoReport(exampleResult);
  const addresses = [...page.matchAll(/https?:[^"'\s<)]*/g)].map(([address]) => address);
  expect(addresses.filter((address) => !address.startsWith("http://www.w3.org/"))).toEqual([]);
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|@import|url\((?!#)/i);
});

test("the report has a chart for accuracy, labels, bytes and phases", async () => {
  const page = await renderDemoReport(exampleResult);
  expect(page.match(/<svg /g)).toHaveLength(4);
  for (const text of ["alice alone", "centralised", "confirming-survivors", "94.30 %"])
    expect(page).toContain(text);
});

test("the report says how updates were protected, who could see what, and what was verified", async () => {
  const masked = await renderDemoReport(exampleResult);
  expect(masked).toMatch(/with masking, made one model/);
  expect(masked).toMatch(/the coordinator saw only sums\./);
  expect(masked).toContain("7 models recomputed");
  const protection = { ...exampleResult.protection, kind: "he", valueBits: 8 } as const;
  const encrypted = await renderDemoReport({ ...exampleResult, protection });
  expect(encrypted).toMatch(
    /with homomorphic encryption over masks, 8 bits a value, made one model/,
  );
  expect(encrypted).toMatch(/the coordinator saw neither a sum nor a model\./);
  expect(encrypted).toContain("7 models signed by participants");
  expect(encrypted).toContain(
    "carol was then started again, was handed the model by another participant",
  );
  expect(masked).not.toMatch(/encrypt|handed/);
});

test("a participant's name cannot smuggle in markup", async () => {
  const [first, ...rest] = exampleResult.participants;
  const named = { ...(first ?? rest[0]), name: "<script>alert(1)</script>" };
  const result = { ...exampleResult, participants: [named, ...rest] } as DemoResult;
  expect(await renderDemoReport(result)).not.toContain("<script");
});
