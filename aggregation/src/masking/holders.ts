import { shortageOf } from "./checks.ts";
import type { CollectedRound } from "./collected-round.ts";
import { MaskingError } from "./error.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import type { ParticipantId } from "./messages.ts";

/** Whose secrets a sum needs, and who can give them. */
export class Holders {
  readonly survivors: ReadonlySet<ParticipantId>;
  /** Sharers whose pairwise masks are in the sum, because a neighbour of theirs survived and they did not. */
  readonly dropouts: ReadonlySet<ParticipantId>;
  readonly #context: ExchangeContext;

  /** `survivors`: some of `sharers`, who are some of the key book. */
  constructor(
    context: ExchangeContext,
    sharers: Iterable<ParticipantId>,
    survivors: ReadonlySet<ParticipantId>,
  ) {
    this.#context = context;
    this.survivors = survivors;
    this.dropouts = new Set(
      [...sharers].filter((id) => !survivors.has(id) && context.holdersAmong(id, survivors) > 0),
    );
  }

  static ofRound({ context, sharers, survivors }: CollectedRound): Holders {
    return new Holders(
      context,
      sharers,
      new Set(survivors.map(({ upload }) => upload.participantId)),
    );
  }

  /** Of whose secrets among `owners` the holder has a share. */
  heldBy(holder: ParticipantId, owners: Iterable<ParticipantId>): ParticipantId[] {
    return [...owners].filter((owner) => this.#context.isHolder(owner, holder));
  }

  /**
   * What is missing of `threshold` present holders of every secret that is needed: `too-few`, naming the first owner that
   * lacks them. undefined when nothing is.
   */
  shortage(present: ReadonlySet<ParticipantId>, what: string): MaskingError | undefined {
    const wanted = this.#context.config.threshold;
    for (const participantId of [...this.survivors, ...this.dropouts]) {
      const got = this.#context.holdersAmong(participantId, present);
      if (got >= wanted) continue;
      const message = `${got} ${what} around ${participantId}, wanted ${wanted} or more`;
      return new MaskingError("too-few", message, { participantId, got, wanted });
    }
    return undefined;
  }
}

/** Why these survivors of these sharers are too few: all of them together, or around somebody. undefined when they are not. */
export function shortageOfSurvivors(
  context: ExchangeContext,
  sharers: Iterable<ParticipantId>,
  survivors: ReadonlySet<ParticipantId>,
  what: string,
): MaskingError | undefined {
  return (
    shortageOf(survivors.size, context.config.minSurvivors, what) ??
    new Holders(context, sharers, survivors).shortage(survivors, what)
  );
}
