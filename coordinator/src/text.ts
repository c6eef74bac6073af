/** A text's beginning, at most `length` UTF-16 units long, that never ends in half a character. */
export function beginningOf(text: string, length: number): string {
  return text.slice(0, length).replace(/\p{Surrogate}$/u, "");
}
