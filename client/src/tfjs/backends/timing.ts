/** Milliseconds that are spent on a measurement, at least. */
const BUDGET_MS = 200;

/** The shortest time is the one in which nobody else had the processor: blocks are a tenth of the whole, so that there are some. */
const BLOCKS = 10;

/**
 * Milliseconds of one run, the fastest of some blocks of runs. `run` does so many and waits for the device at their end. It is
 * called once before anything is measured, so that all is compiled. `nowMs`: a clock that never goes back.
 */
export async function fastestMs(
  run: (times: number) => Promise<void>,
  nowMs: () => number = () => performance.now(),
): Promise<number> {
  await run(1);
  let fastest = Number.POSITIVE_INFINITY;
  let spentMs = 0;
  for (let times = 1; spentMs < BUDGET_MS; ) {
    const beforeMs = nowMs();
    await run(times);
    const blockMs = nowMs() - beforeMs;
    fastest = Math.min(fastest, blockMs / times);
    spentMs += blockMs;
    if (blockMs < BUDGET_MS / BLOCKS) times *= 2;
  }
  return fastest;
}
