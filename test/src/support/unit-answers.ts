import {
  type Identity,
  openCommitmentScheme,
  type RoundConfig,
  systemRandom,
} from "@chorus/aggregation";
import { HonestAnswers } from "@chorus/cli/honest-answers";

const counts = {
  trainingExamples: 1,
  evaluationExamples: 1,
  evaluationCorrect: 1,
  evaluationLossMillis: 500,
};

/** An honest participant's half of its rounds, with the unit vector of its place as update. */
export function unitAnswers(identity: Identity, place: number): HonestAnswers {
  const unit = ({ dimension }: RoundConfig) => {
    const delta = new Float32Array(dimension);
    delta[place] = 1;
    return { delta, counts };
  };
  return new HonestAnswers(identity, unit, {
    committer: openCommitmentScheme(),
    random: systemRandom,
  });
}
