import { seededRandom } from "@chorus/aggregation";
import { pino } from "pino";
import { runParticipant } from "../participant.ts";
import { FakeSleep } from "./fake-sleep.ts";
import { FakeTrainer } from "./fake-trainer.ts";
import { LAYOUT } from "./tiny-round.ts";

// A participant in a process of its own, until it is killed. Its arguments: the coordinator's address, the state directory.

const [coordinator = "", stateDirectory = ""] = process.argv.slice(2);
const trainer = new FakeTrainer(new Float32Array(LAYOUT.parameters));
await runParticipant(
  { coordinator, stateDirectory, name: "site", dataPath: "data", floors: { minSurvivors: 3 } },
  {
    log: pino({ level: "silent" }),
    sleep: new FakeSleep().sleep,
    random: seededRandom("site"),
    createTrainer: async () => trainer,
  },
  new AbortController().signal,
);
