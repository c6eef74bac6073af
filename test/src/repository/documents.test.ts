import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly workspaces?: readonly string[];
}

const root = fileURLToPath(new URL("../../../", import.meta.url));
const documents = ["README.md", ...markdownIn("docs"), ...markdownIn("docs/decisions")];

test.each(documents)("every file that %s links to exists", (document) => {
  const links = [...read(document).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link = ""]) => link);
  const missing = links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => !existsSync(join(root, dirname(document), link)));

  expect(missing).toEqual([]);
});

test("every dependency has its line in docs/dependencies.md", () => {
  const manifests = [".", ...(manifestIn(".").workspaces ?? [])].map(manifestIn);
  const names = manifests.flatMap(({ dependencies, devDependencies }) => [
    ...Object.keys(dependencies ?? {}),
    ...Object.keys(devDependencies ?? {}),
  ]);
  const justified = new Set(
    [...read("docs/dependencies.md").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
  const missing = names
    .filter((name) => !name.startsWith("@chorus/"))
    .filter((name) => !justified.has(name) && !justified.has(`${name.split("/")[0]}/*`));

  expect(missing).toEqual([]);
});

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(read(join(folder, "package.json"))) as Manifest;
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}
