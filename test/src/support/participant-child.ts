import { Child } from "./child.ts";
import type { CoordinatorAddress } from "./coordinator.ts";
import type { FatalSentence, ParticipantProcessOptions } from "./participant-process.ts";

const script = new URL("participant-process.ts", import.meta.url);

/** A participant in a process of its own. Another one with the same name goes on with its identity. */
export class ParticipantChild extends Child {
  readonly name: string;

  constructor(
    { grpcPort, invitationFile }: Pick<CoordinatorAddress, "grpcPort" | "invitationFile">,
    site: Pick<
      ParticipantProcessOptions,
      "name" | "dataPath" | "stateDirectory" | "place" | "repeatStatistics"
    >,
  ) {
    const options: ParticipantProcessOptions = {
      ...site,
      coordinator: `127.0.0.1:${grpcPort}`,
      invitationFile,
      floors: { minSurvivors: 3 },
    };
    super(script, options);
    this.name = site.name;
  }

  /** Makes it kill itself right after it has logged a sentence. */
  async dieAfter(fatalSentence: string): Promise<void> {
    const armed = this.log.next("armed");
    const message: FatalSentence = { fatalSentence };
    await this.send(message);
    await armed;
  }
}
