import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version_core as coreVersion } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installedTensorflow, openTensorflow } from "./tensorflow.ts";

// Loading the library itself is not tested here: it is half a gigabyte that no dependency may bring.

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-tensorflow-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Where packages are found that say this when they are loaded. */
async function siteWith(
  packages: Readonly<Record<string, { readonly version?: string; readonly main?: string }>>,
): Promise<NodeJS.Require> {
  const site = await mkdtemp(join(folder, "site-"));
  for (const [name, { version = coreVersion, main = "" }] of Object.entries(packages)) {
    const path = join(site, "node_modules", "@tensorflow", name);
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "package.json"), JSON.stringify({ version, main: "index.js" }));
    await writeFile(join(path, "index.js"), main);
  }
  return createRequire(join(site, "index.js"));
}

function throwing(message: string): string {
  return `throw new Error(${JSON.stringify(message)});`;
}

test("the package for GPUs is preferred, and none is an answer", async () => {
  const both = await siteWith({ "tfjs-node": {}, "tfjs-node-gpu": {} });
  expect(installedTensorflow(both)).toBe("@tensorflow/tfjs-node-gpu");
  expect(installedTensorflow(await siteWith({ "tfjs-node": {} }))).toBe("@tensorflow/tfjs-node");
  expect(installedTensorflow(await siteWith({}))).toBeUndefined();
});

// What these libraries say, from tfjs-node 4.22's index.js and from the dynamic linker.
const MISSING_BINDING =
  "The Node.js native addon module (tfjs_binding.node) can not be found at path: /x/lib/napi-v8/tfjs_binding.node. \nPlease run command";
const MISSING_LIBRARY =
  "libtensorflow.so.2: cannot open shared object file: No such file or directory";
const MISSING_CUDA = "libcudart.so.11.0: cannot open shared object file: No such file or directory";
const OTHER_NODE =
  "The module '/x/tfjs_binding.node' was compiled against a different Node.js version using NODE_MODULE_VERSION 108.";

test.each([
  [
    "is not installed",
    {},
    "neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed",
  ],
  [
    "is of another version",
    { version: "4.21.0" },
    `is version 4.21.0, wanted ${coreVersion}: npm install @tensorflow/tfjs-node@${coreVersion}`,
  ],
  [
    "has no native part",
    { main: throwing(MISSING_BINDING) },
    "native part is not built: npm rebuild @tensorflow/tfjs-node --build-addon-from-source",
  ],
  [
    "has no library",
    { main: throwing(MISSING_LIBRARY) },
    "does not find libtensorflow.so.2: put libtensorflow into its folder deps/lib",
  ],
  [
    "lacks CUDA",
    { main: throwing(MISSING_CUDA) },
    "does not find libcudart.so.11.0: install what it belongs to (CUDA, cuDNN)",
  ],
  [
    "is built for another Node",
    { main: throwing(OTHER_NODE) },
    "built for another Node: npm rebuild",
  ],
  [
    "fails in a way that nobody knows",
    { main: throwing("out of luck\nat x") },
    "does not load: out of luck",
  ],
  [
    "brings a TensorFlow.js of its own",
    { main: "" },
    "brings a TensorFlow.js of its own: npm dedupe",
  ],
])("a native TensorFlow that %s is refused with what to do", async (_how, found, message) => {
  const site = await siteWith(Object.keys(found).length === 0 ? {} : { "tfjs-node": found });
  await expect(openTensorflow(site)).rejects.toMatchObject({
    name: "ClientError",
    code: "backend-failed",
    message: expect.stringContaining(message),
  });
});

test("a package finds the two functions of node:util that it calls and Node took away", async () => {
  const main = `const u = require("node:util");
    throw new Error([u.isNullOrUndefined(undefined), u.isNullOrUndefined(0), u.isArray([])].join());`;
  const opening = openTensorflow(await siteWith({ "tfjs-node": { main } }));
  await expect(opening).rejects.toThrow("does not load: true,false,true");
});
