/**
 * Whose updates are in each round's model, by place, when all participants have unit trainers. `models`: the one before
 * the first round, then that of each round. A survivor moves its place's weight by exactly 1 / survivors and nobody moves
 * another: throws for a model that is anything else, so that a lost, doubled or torn update is an error.
 */
export function survivorsOf(models: readonly Float32Array[]): readonly (readonly number[])[] {
  return models.slice(1).map((model, index) => survivorsIn(models[index], model, index + 1));
}

function survivorsIn(
  parent: Float32Array | undefined,
  model: Float32Array,
  round: number,
): readonly number[] {
  if (parent?.length !== model.length) throw new Error(`round ${round}: models of two lengths`);
  const moved = [...model.keys()].filter((place) => model[place] !== parent[place]);
  for (const place of moved) {
    const wanted = Math.fround((parent[place] ?? Number.NaN) + 1 / moved.length);
    if (model[place] !== wanted)
      throw new Error(
        `round ${round}, place ${place}: got ${model[place]}, wanted ${wanted} of ${moved.length} survivors`,
      );
  }
  return moved;
}
