import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** All modules that importing one loads, and the names of packages among them. Types alone load nothing. */
function loadedBy(entry: string): ReadonlySet<string> {
  const loaded = new Set<string>([entry]);
  for (const module of loaded) {
    if (!module.startsWith("file:")) continue;
    const text = readFileSync(new URL(module), "utf8");
    const statements = text.matchAll(/^(?:import|export)\s(?!type\s)[^;]*?from\s+"([^"]+)"/gm);
    for (const [, name = ""] of statements) {
      loaded.add(name.startsWith(".") ? new URL(name, module).href : name);
    }
  }
  return loaded;
}

const urlOf = (path: string) => new URL(path, import.meta.url).href;

test("importing the package loads no SEAL: it is for those who encrypt", () => {
  expect([...loadedBy(urlOf("index.ts"))]).not.toContain("node-seal");
  expect([...loadedBy(urlOf("index.ts"))]).toContain(urlOf("he/he-quantiser.ts"));
  expect([...loadedBy(urlOf("he/index.ts"))]).toContain("node-seal");
});
