import { closeSync, fsyncSync, openSync } from "node:fs";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** The part of Emscripten's NODEFS that is used here. A folder's stream has a descriptor too. */
interface NodeBackend {
  realPath(node: unknown): string;
  stream_ops: { fsync?: (stream: { readonly node: unknown; readonly nfd?: number }) => number };
}

/** WASI's number for "input/output error": PostgreSQL stops at once when a sync fails, as it must. */
const ioError = 29;

/**
 * A folder on disk for PGlite whose fsync reaches the disk. PGlite's own NodeFS has no fsync at all: the call succeeds
 * and does nothing, so that acknowledged changes survive SIGKILL but not a power cut, which may even leave files of
 * different ages behind (electric-sql/pglite issue 1107). fdatasync cannot be given one: set `wal_sync_method` to fsync.
 */
export class SyncedNodeFs extends NodeFS {
  readonly directory: string;
  #syncs = 0;
  #failure: unknown;

  constructor(directory: string) {
    super(directory);
    this.directory = directory;
  }

  /** Files and folders synced so far: how the caller knows that PGlite still asks for it. */
  get syncs(): number {
    return this.#syncs;
  }

  /** Why a sync failed; undefined while none did. */
  get failure(): unknown {
    return this.#failure;
  }

  override async init(
    ...[pglite, options]: Parameters<NodeFS["init"]>
  ): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(pglite, options);
    const preRun = emscriptenOpts.preRun ?? [];
    const addSync: (typeof preRun)[number] = (module) => {
      const backend: NodeBackend = module.NODEFS;
      backend.stream_ops.fsync = ({ node, nfd }) => this.#trySync(backend.realPath(node), nfd);
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...preRun, addSync] } };
  }

  /** Makes the file or folder at `path`, open as `descriptor`, durable. */
  protected sync(_path: string, descriptor: number): void {
    fsyncSync(descriptor);
  }

  #trySync(path: string, descriptor: number | undefined): number {
    const opened = descriptor ?? openSync(path, "r");
    try {
      this.sync(path, opened);
      this.#syncs += 1;
      return 0;
    } catch (error) {
      this.#failure ??= error;
      return ioError;
    } finally {
      if (descriptor === undefined) closeSync(opened);
    }
  }
}
