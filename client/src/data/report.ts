import type { ClientError } from "../error.ts";

/** Is told what is wrong with a site's data, as {@link ClientError} `bad-data`. Throws to end the reading; else it goes on. */
export type Report = (problem: ClientError) => void;

/** Ends the reading at the first problem, as a participant does. */
export const refuseAll: Report = (problem) => {
  throw problem;
};
