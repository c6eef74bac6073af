import type { StepCall, StepRequests } from "@chorus/cli/honest-answers";
import type { RawParticipant } from "./raw-participant.ts";
import { refusalOf } from "./refusal.ts";

/** An upload of which only the header was sent. */
export interface BegunUpload {
  /** How it is refused: "STATUS details". */
  readonly refusal: Promise<string>;
  cancel(): void;
}

/** Begins an upload: sends its header, then nothing. */
export async function beginUpload(raw: RawParticipant, honest: StepCall): Promise<BegunUpload> {
  const [header = { part: undefined }] = honest.request as StepRequests["submitUpdate"];
  const answered = Promise.withResolvers<void>();
  const call = raw.client.submitUpdate(raw.session, (error) =>
    error === null ? answered.resolve() : answered.reject(error),
  );
  const written = Promise.withResolvers<void>();
  call.write(header, () => written.resolve());
  await written.promise;
  return { refusal: refusalOf(answered.promise), cancel: () => call.cancel() };
}
