/**
 * Runs `start` and removes the handlers that emscripten's start-up code adds to the process: they throw every uncaught
 * exception and unhandled rejection again, and so decide for the whole process how it ends.
 */
export async function keepProcessHandlers<T>(start: () => Promise<T>): Promise<T> {
  const exceptions = new Set(process.listeners("uncaughtException"));
  const rejections = new Set(process.listeners("unhandledRejection"));
  try {
    return await start();
  } finally {
    for (const handler of process.listeners("uncaughtException")) {
      if (!exceptions.has(handler) && rethrows(handler)) process.off("uncaughtException", handler);
    }
    for (const handler of process.listeners("unhandledRejection")) {
      if (!rejections.has(handler) && rethrows(handler)) process.off("unhandledRejection", handler);
    }
  }
}

/** Tells emscripten's handlers from others that were added while it started; their source is all that marks them. */
function rethrows(
  handler: NodeJS.UncaughtExceptionListener | NodeJS.UnhandledRejectionListener,
): boolean {
  return /\bthrow (ex|reason)\b/.test(handler.toString());
}
