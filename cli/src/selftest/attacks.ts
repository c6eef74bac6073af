import { acknowledgementAttacks } from "./acknowledgements.ts";
import type { Attack } from "./attack.ts";
import { configurationAttacks } from "./configuration.ts";
import { configurationFactAttacks } from "./configuration-facts.ts";
import { keyBookAttacks } from "./key-book.ts";
import { keyBookEntryAttacks } from "./key-book-entries.ts";
import { participantAttacks } from "./participants.ts";
import { shareAttacks } from "./shares.ts";
import { sumAttacks } from "./sums.ts";
import { survivorAttacks } from "./survivors.ts";
import { callAttacks } from "./wire/calls.ts";
import { downloadAttacks } from "./wire/downloads.ts";
import { secondAnswerAttacks } from "./wire/second-answers.ts";

/** All attacks: first a lying coordinator's in the order of a round, then lying participants'. */
export const attacks: readonly Attack[] = [
  ...configurationAttacks,
  ...configurationFactAttacks,
  ...keyBookAttacks,
  ...keyBookEntryAttacks,
  ...shareAttacks,
  ...survivorAttacks,
  ...acknowledgementAttacks,
  ...sumAttacks,
  ...downloadAttacks,
  ...secondAnswerAttacks,
  ...participantAttacks,
  ...callAttacks,
];
