import { InvalidArgumentError } from "commander";

/** Fewest survivors that hide one participant from another. */
const fewestSurvivors = 2;

/** host:port as it was given. Throws InvalidArgumentError. */
export function addressOption(text: string): string {
  const port = /^[^\s:/]+:([0-9]{1,5})$|^\[[0-9a-fA-F:.]+\]:([0-9]{1,5})$/.exec(text);
  const number = Number(port?.[1] ?? port?.[2] ?? 0);
  if (number >= 1 && number <= 65_535) return text;
  throw new InvalidArgumentError("Give host:port, for example 127.0.0.1:7070.");
}

/** A name of 1 to 64 characters. Throws InvalidArgumentError. */
export function nameOption(text: string): string {
  const length = [...text.trim()].length;
  if (length >= 1 && length <= 64) return text;
  throw new InvalidArgumentError(`It has ${length} characters, wanted 1 to 64.`);
}

/** A whole number from 1 on. Throws InvalidArgumentError. */
export function countOption(text: string): number {
  if (/^[0-9]{1,9}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new InvalidArgumentError("Give a whole number from 1 on.");
}

/** A number of survivors. Throws InvalidArgumentError. */
export function survivorsOption(text: string): number {
  if (/^[0-9]{1,9}$/.test(text) && Number(text) >= fewestSurvivors) return Number(text);
  throw new InvalidArgumentError(
    `Give a whole number from ${fewestSurvivors} on: the sum of one update is that update.`,
  );
}
