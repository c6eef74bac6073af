import { type Problem, problem } from "./problems.ts";

/** A problem for each text that has come before. `pathOf`: where the text at an index stands. */
export function repetitions(
  texts: readonly string[],
  pathOf: (index: number) => string,
): readonly Problem[] {
  const seen = new Set<string>();
  return texts.flatMap((text, index) => {
    const before = seen.size;
    seen.add(text);
    return seen.size > before
      ? []
      : [problem(pathOf(index), `${JSON.stringify(text)} again`, "every one once")];
  });
}
