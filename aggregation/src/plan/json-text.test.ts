import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "./json-text.ts";
import { PlanError } from "./plan-error.ts";

function errorOf(text: string): PlanError {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error(`accepted ${text}`);
}

test("a text means what JSON.parse takes it for", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 1, "\t"), (json, space) => {
      const text = JSON.stringify(JSON.parse(json), null, space);
      expect(parseJson(` ${text}\r\n`)).toEqual(JSON.parse(text));
    }),
  );
});

test("what JSON.parse refuses is refused, and what is accepted has JSON.parse's value", () => {
  const tokens = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"b"',
    "1",
    "-0",
    "null",
    " ",
  );
  const others = fc.constantFrom('"', "\\", "\n", "01", "1.", "+1", "'a'", "nul", '"\t"', '"\\x"');
  const texts = fc.array(fc.oneof({ weight: 6, arbitrary: tokens }, others), { maxLength: 12 });
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.join("");
      let value: unknown;
      try {
        value = parseJson(text);
      } catch {
        return;
      }
      expect(value).toEqual(JSON.parse(text));
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["", "line 1, column 1: got the end, wanted a value"],
  ["{", "line 1, column 2: got the end, wanted a name in double quotes"],
  ['{\n  "a": x\n}', 'line 2, column 8: got "x", wanted a value'],
  ['{\n  "a": 1,\n}', 'line 3, column 1: got "}", wanted a name in double quotes'],
  ['{"a": 1 "b": 2}', 'line 1, column 9: got "\\"", wanted "," or "}"'],
  ['{"a" 1}', 'line 1, column 6: got "1", wanted ":"'],
  ["[1 2]", 'line 1, column 4: got "2", wanted "," or "]"'],
  ["[1,", "line 1, column 4: got the end, wanted a value"],
  ["[01]", 'line 1, column 2: got "0", wanted a value'],
  ["[NaN]", 'line 1, column 2: got "N", wanted a value'],
  [
    '["abc',
    'line 1, column 2: got "\\"", wanted a text that is closed, control characters escaped',
  ],
  ["{} {}", 'line 1, column 4: got "{", wanted the end of the text'],
  ['{"a": 1,\n "\\u0061": 2}', 'line 2, column 2: got "\\"", wanted every name once in an object'],
])("%j is refused at its line and column", (text, message) => {
  const error = errorOf(text);
  expect(error.code).toBe("bad-json");
  expect(error.path).toBe("");
  expect(error.message).toBe(message);
});

test("a name that objects inherit is a member like others", () => {
  expect(Object.keys(parseJson('{"__proto__": {"a": 1}, "constructor": 2}') as object)).toEqual([
    "__proto__",
    "constructor",
  ]);
});

test("a text that is nested deep or very long is refused before it costs anything", () => {
  expect(errorOf("[".repeat(500_000)).message).toContain("wanted at most 32 levels");
  expect(errorOf(" ".repeat(1_048_577)).code).toBe("too-large");
});
