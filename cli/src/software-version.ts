import { readFileSync } from "node:fs";
import { z } from "zod";

const manifest = z.object({ version: z.string() });

/** The version of this chorus. */
export function softwareVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return manifest.parse(JSON.parse(text)).version;
}
