import { parentPort } from "node:worker_threads";

/** How a thread ends. */
type Failure = "throw" | "exit";

/** A thread's script that fails at its first part. A query of a script's URL would not reach it: its text does. */
export function failingScript(how: Failure): URL {
  const call = `import { failAtFirst } from ${JSON.stringify(import.meta.url)}; failAtFirst("${how}");`;
  return new URL(`data:text/javascript,${encodeURIComponent(call)}`);
}

/** What {@link failingScript}'s thread does. */
export function failAtFirst(how: Failure): void {
  parentPort?.on("message", () => {
    if (how === "exit") process.exit(7);
    throw new Error("out of order");
  });
}
