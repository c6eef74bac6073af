/** Lowercase hexadecimal digits of `bytes`. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** The bytes that hexadecimal digits stand for. Throws RangeError for an odd number of digits or anything else. */
export function bytesOfHex(digits: string): Uint8Array {
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/.test(digits)) {
    throw new RangeError(`${digits.length} characters are not lowercase hexadecimal pairs`);
  }
  return new Uint8Array(Buffer.from(digits, "hex"));
}
