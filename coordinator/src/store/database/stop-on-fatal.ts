import type { PGlite } from "@electric-sql/pglite";

/** With this status PostgreSQL's longjmp to its main loop crosses JavaScript: an ordinary SQL error. */
const longJumpStatus = 100;

/**
 * Makes a PGlite whose PostgreSQL died (a PANIC: it could not write or sync its log; a trap in the WASM) fail every
 * query from then on with what it died of. Without it PGlite 0.5 swallows the death and calls the dead server again
 * and again, for ever, and the process hangs (its `execProtocolRawSync`; found by filling a disk). Returns whether it
 * died. What was acknowledged is on disk, and the next start recovers it as after SIGKILL.
 */
export function stopOnFatal(pglite: PGlite): () => boolean {
  const module = pglite.Module;
  const { _PostgresMainLoopOnce, _PostgresSendReadyForQueryIfNecessary, stackRestore } = module;
  let death: { readonly cause: unknown } | undefined;
  const throwIfDead = () => {
    if (death !== undefined) throw death.cause;
  };
  module._PostgresMainLoopOnce = () => {
    throwIfDead();
    try {
      _PostgresMainLoopOnce();
    } catch (error) {
      if (!isLongJump(error)) death = { cause: error };
      throw error;
    }
  };
  // PGlite calls this one first after any exception: the only way out of its loop.
  module.stackRestore = (pointer) => {
    throwIfDead();
    return stackRestore(pointer);
  };
  module._PostgresSendReadyForQueryIfNecessary = () => {
    throwIfDead();
    _PostgresSendReadyForQueryIfNecessary();
  };
  return () => death !== undefined;
}

function isLongJump(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "status" in error &&
    error.status === longJumpStatus
  );
}
