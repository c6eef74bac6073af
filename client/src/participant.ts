import { access, constants, readFile } from "node:fs/promises";
import { openCommitmentScheme, type RandomSource } from "@chorus/aggregation";
import type { Logger } from "pino";
import { AnsweredColumns } from "./answered-columns.ts";
import type { Sleep } from "./backoff.ts";
import { sweepSpools } from "./data/spool.ts";
import { unreadable } from "./data/unreadable.ts";
import { ClientError } from "./error.ts";
import { followForever } from "./following.ts";
import { CipherThreads } from "./he/cipher-threads.ts";
import { loadIdentity } from "./identity-file.ts";
import { Journal } from "./journal/journal.ts";
import { ModelStore } from "./models/model-store.ts";
import type { Floors } from "./session/site.ts";
import { type CreateTrainer, Trainers } from "./session/trainers.ts";
import { Session } from "./session.ts";
import { siteTrainer } from "./site-trainer.ts";
import type { BackendName } from "./tfjs/backends/backend.ts";
import { Ladder } from "./tfjs/backends/ladder.ts";
import { Auditor } from "./transcript/auditor.ts";
import { Evidence } from "./transcript/evidence.ts";
import { Uplink } from "./uplink.ts";

/** What a site decides about its participant. */
export interface ParticipantOptions {
  /** "host:port". The participant dials; it never listens. */
  readonly coordinator: string;
  /** Name of the organisation for people: 1 to 64 characters. */
  readonly name: string;
  /** The site's data: a file or a folder, as the plan's format wants it. */
  readonly dataPath: string;
  /**
   * Folder that keeps the identity, the journal, the models of encrypted runs, which statistics were told, evidence of wrong sums,
   * and examples that are too many for memory.
   */
  readonly stateDirectory: string;
  /** Features of the site's examples that are kept in memory; the rest is on disk. By default a quarter of what is free. */
  readonly dataMemoryBytes?: number;
  /** File with the invitation, needed once to enrol. */
  readonly invitationFile?: string;
  readonly floors: Floors;
  /** What trains, whatever its speed; by default the fastest that this machine has. */
  readonly backend?: BackendName;
  /** Whether another run gets statistics of columns that one was answered for; by default none does. */
  readonly repeatStatistics?: boolean;
}

export interface ParticipantDependencies {
  readonly log: Logger;
  readonly sleep: Sleep;
  /** Must be secret: the identity, all keys and masks come from it. */
  readonly random: RandomSource;
  /** By default TensorFlow.js on the backend of the options. */
  readonly createTrainer?: CreateTrainer;
  /** What encrypts, on a thread for each round; closed in the end. */
  readonly ciphers?: CipherThreads;
}

const SOFTWARE_VERSION = "0.1.0";
const KEPT_EVIDENCE =
  "there is evidence that a coordinator published a round that does not hold: this participant stays out of its run";

/**
 * Takes part in a federation: checks in, follows the coordinator's instructions round after round, and comes back after
 * every outage. Resolves when aborted, with everything closed and wiped. Rejects with {@link ClientError}: `refused` when
 * the coordinator will not have this participant, `identity-in-use` by another process, `bad-identity`, `bad-journal`,
 * `bad-evidence` and `unwritable` for the state directory, `unreadable` for its models, the data and the invitation, `backend-failed`
 * where nothing trains here from the beginning, `no-backend` where nothing does any more.
 */
export async function runParticipant(
  options: ParticipantOptions,
  dependencies: ParticipantDependencies,
  signal: AbortSignal,
): Promise<void> {
  try {
    await participate(options, dependencies, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function participate(
  options: ParticipantOptions,
  dependencies: ParticipantDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { log, random, sleep } = dependencies;
  const { coordinator, name, floors } = options;
  const identity = await loadIdentity(options.stateDirectory, random);
  await using journal = await Journal.open(options.stateDirectory);
  const evidence = await Evidence.open(options.stateDirectory);
  for (const finding of evidence.findings)
    log.error({ ...finding, advice: evidence.advice }, KEPT_EVIDENCE);
  const models = await ModelStore.open(options.stateDirectory, log);
  await models.sweep();
  const invitation = await readInvitation(options.invitationFile);
  using training = await openTraining(options, dependencies, signal);
  using trainers = new Trainers(options.dataPath, training.createTrainer);
  const uplink = new Uplink({ random, sleep });
  const commitments = openCommitmentScheme();
  const auditor = new Auditor({ uplink, verifier: commitments, evidence, models, log });
  await using ciphers = dependencies.ciphers ?? new CipherThreads();
  const own = { identity, floors, trainers, journal, models, ciphers, commitments, auditor };
  const site = { ...own, uplink, random, sleep, log };
  await using session = new Session(site);
  await followForever(
    {
      ...{ coordinator, name, invitation, softwareVersion: SOFTWARE_VERSION },
      // Asked for at each check-in: a plan decides between the backends that there are.
      get backend() {
        return training.backend;
      },
    },
    { ...site, session },
    AbortSignal.any([signal, session.failed]),
  );
}

/** What trains, and on which backend. */
interface Training extends Disposable {
  readonly backend: string;
  readonly createTrainer: CreateTrainer;
}

/** TensorFlow.js is started, and the data are looked for, before anybody waits for them. */
async function openTraining(
  options: ParticipantOptions,
  { createTrainer, log }: ParticipantDependencies,
  signal: AbortSignal,
): Promise<Training> {
  if (createTrainer !== undefined) {
    return { backend: "custom", createTrainer, [Symbol.dispose]: () => undefined };
  }
  const { dataPath, stateDirectory, dataMemoryBytes, backend, repeatStatistics = false } = options;
  await requireData(dataPath);
  const answered = await AnsweredColumns.open(stateDirectory, { mayRepeat: repeatStatistics });
  using stack = new DisposableStack();
  const ladder = stack.use(await Ladder.open({ backend, log }, signal));
  await sweepSpools(stateDirectory);
  const limitBytes = dataMemoryBytes ?? process.availableMemory() / 4;
  const storage = { limitBytes, directory: stateDirectory };
  const opened = stack.move();
  return {
    get backend() {
      return ladder.backend;
    },
    createTrainer: siteTrainer({ log, storage, ladder, answered }),
    [Symbol.dispose]: () => opened.dispose(),
  };
}

/** What the data have to look like only a plan says: here they must be there. */
async function requireData(path: string): Promise<void> {
  await access(path, constants.R_OK).catch((cause: Error) => {
    throw new ClientError(
      "unreadable",
      `cannot read the site's data at ${path}: ${cause.message}; wanted a CSV or NDJSON file, or a folder with images or IDX files`,
      { cause },
    );
  });
}

async function readInvitation(path: string | undefined): Promise<string> {
  if (path === undefined) return "";
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
