import { ClientError } from "../error.ts";

/**
 * The text of a UTF-8 file, piece by piece. Throws {@link ClientError} `bad-data`, naming the file and about where, for other
 * bytes: read as UTF-8, they would be other texts than the file's.
 */
export async function* utf8TextOf(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let bytes = 0;
  for await (const chunk of chunks) {
    yield decoded(path, bytes, () => decoder.decode(chunk, { stream: true }));
    bytes += chunk.length;
  }
  yield decoded(path, bytes, () => decoder.decode());
}

function decoded(path: string, bytes: number, decode: () => string): string {
  try {
    return decode();
  } catch (cause) {
    const place = bytes === 0 ? "near its beginning" : `about ${bytes} bytes into it`;
    const message = `${path}: got bytes that are not UTF-8 ${place}, wanted a UTF-8 file`;
    throw new ClientError("bad-data", message, { cause });
  }
}
