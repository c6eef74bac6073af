/**
 * Bytes of a message's fields: byte strings by their length, texts as UTF-8, objects and lists as the sum of what is in
 * them; numbers and the framing of the wire are not counted.
 */
export function payloadBytes(message: unknown): number {
  if (message instanceof Uint8Array) return message.length;
  if (typeof message === "string") return Buffer.byteLength(message);
  if (typeof message !== "object" || message === null) return 0;
  return Object.values(message).reduce((sum: number, part) => sum + payloadBytes(part), 0);
}
