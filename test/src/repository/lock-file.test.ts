import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface LockedPackage {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly resolved?: string;
}

const root = new URL("../../../", import.meta.url);
const packages = Object.entries(
  (json("package-lock.json") as { packages: Record<string, LockedPackage> }).packages,
).filter(([path, { link }]) => path.includes("node_modules/") && link !== true);

test("every package from outside is locked by its integrity", () => {
  const unlocked = packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"));

  expect(packages.length).toBeGreaterThan(100);
  expect(unlocked.map(([path]) => path)).toEqual([]);
});

test("no package is tied to the registry that it was locked with", () => {
  expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

test("every pinned Node is locked, whatever platform the lock was written on", () => {
  const { optionalDependencies } = json("package.json") as {
    optionalDependencies: Record<string, string>;
  };
  const locked = new Map(packages);
  const names = Object.keys(optionalDependencies);

  expect(names.length).toBeGreaterThanOrEqual(5);
  for (const name of names)
    expect(locked.get(`node_modules/${name}`)).toMatchObject({ optional: true });
});

function json(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, root), "utf8"));
}
