import { expect, test } from "vitest";
import { formatBytes, formatCount, formatDuration, formatShare, formatTime } from "./format.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.00 kB"],
  [12_345, "12.3 kB"],
  [999_499, "999 kB"],
  [999_600, "1.00 MB"],
  [3_200_000_000, "3.20 GB"],
  [5e15, "5000 TB"],
])("%d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [1000, "1.0 s"],
  [59_940, "59.9 s"],
  [59_960, "1 min 00 s"],
  [245_000, "4 min 05 s"],
  [7_620_000, "2 h 07 min"],
])("%d milliseconds read %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test("shares, counts and times read as people write them", () => {
  expect(formatShare(0.94321)).toBe("94.32 %");
  expect(formatShare(Number.NaN)).toBe("-");
  expect(formatCount(60_000)).toBe("60,000");
  expect(formatTime(0)).toBe("1970-01-01 00:00:00");
});
