import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const packages = ["aggregation", "bench", "chain", "cli", "client", "coordinator", "test"];

/** What every package runs, by path: no tests and none of what they are made of. */
const sources = new Map<string, string>();
beforeAll(async () => {
  for (const name of packages) {
    const found = await readdir(join(root, name, "src"), { recursive: true });
    const paths = found.map((path) => `${name}/src/${path.replaceAll("\\", "/")}`);
    for (const path of paths.filter((it) => /(?<!\.test)\.ts$/.test(it)))
      sources.set(path, await readFile(join(root, path), "utf8"));
  }
});

function pathsWith(pattern: RegExp, under = ""): string[] {
  const found = [...sources].filter(([path, text]) => path.startsWith(under) && pattern.test(text));
  return found.map(([path]) => path);
}

function isSelftest(path: string): boolean {
  return path.startsWith("cli/src/selftest/");
}

test("nothing but the selftest's suite takes the guard that lets a check pass", () => {
  const users = pathsWith(/permissive-guard/).filter((path) => !path.includes("/testing/"));
  expect(users).toEqual(["cli/src/selftest/suite.ts"]);
});

test("coordinator, client, chain, bench and all of the command but the selftest name no guard, make none and pass none", () => {
  // Whoever makes one, under whatever name, has to write down what it permits.
  const users = pathsWith(/Guard\b|\bpermits\b|\bguard\s*[:,)}]|\blawless\b/);
  const isElsewhere = (path: string) => !path.startsWith("aggregation/") && !isSelftest(path);
  expect(users.filter(isElsewhere)).toEqual([]);
});

test("guards are made in three files: the strict one, the one for tests, and those of the attackers", () => {
  const makers = pathsWith(/\bpermits\s*[:(]|\bpermits\s*=[^=]/).filter((path) => {
    const text = sources.get(path) ?? "";
    return /\brefuse\s*:|\brefuse\([^)]*\)(?::\s*\w+)?\s*\{/.test(text);
  });
  expect(makers.toSorted()).toEqual([
    "aggregation/src/masking/guard.ts",
    "aggregation/src/masking/testing/permissive-guard.ts",
    "cli/src/selftest/lawless.ts",
  ]);
});
