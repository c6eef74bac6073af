import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Children } from "./children.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-children-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const never = new AbortController().signal;

/** A program that stands for chorus: tells its arguments, then does what the first of them says. */
async function program(): Promise<string> {
  const path = join(folder, "program.mjs");
  await writeFile(
    path,
    `const [what, ...rest] = process.argv.slice(2);
     console.log("a warning\\n{ half of a docu");
     console.log(JSON.stringify({ event: "configuration", rest }));
     if (what === "fail") { console.error("it went wrong"); process.exit(7); }
     if (what === "stubborn") process.on("SIGTERM", () => console.log(JSON.stringify({ event: "asked" })));
     else process.on("SIGTERM", () => process.exit(0));
     console.log(JSON.stringify({ event: "serving", pid: process.pid }));
     setInterval(() => {}, 1000);`,
  );
  return path;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const start = (children: Children, what: string) =>
  children.start({ name: what, args: [what, "--json"], logFile: join(folder, "log") });

test("a child's event is heard, and disposing of the children ends it", async () => {
  const children = new Children(await program());
  const child = start(children, "serve");
  const serving = (await child.event("serving", never)) as { pid: number };
  expect(isAlive(serving.pid)).toBe(true);
  await children[Symbol.asyncDispose]();
  expect(isAlive(serving.pid)).toBe(false);
  expect(await child.ended).toBe("exit code 0");
});

test("a child that ends before it tells the event is a failure with the end of its log", async () => {
  await using children = new Children(await program());
  await expect(start(children, "fail").event("serving", never)).rejects.toMatchObject({
    code: "child-failed",
    message: "fail ended with exit code 7: it went wrong",
  });
});

test("waiting for an event ends when the signal aborts", async () => {
  await using children = new Children(await program());
  const stop = new AbortController();
  const waiting = start(children, "serve").event("never told", stop.signal);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

test("a child that does not listen is gone after a kill", async () => {
  await using children = new Children(await program());
  const child = start(children, "stubborn");
  const { pid } = (await child.event("serving", never)) as { pid: number };
  await child.kill();
  expect(isAlive(pid)).toBe(false);
  expect(await child.ended).toBe("signal SIGKILL");
});

test("a program that does not exist fails by name", async () => {
  await using children = new Children(join(folder, "missing.mjs"));
  await expect(start(children, "serve").event("serving", never)).rejects.toThrow(
    "serve ended with exit code 1",
  );
});
