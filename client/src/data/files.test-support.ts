import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder with files, removed when disposed. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** Writes files, by name, into a new folder; slashes lead into folders inside. */
export async function folderWith(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Folder> {
  const folder = await mkdtempDisposable(join(tmpdir(), "chorus-data-"));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return folder;
}

/** An IDX file of unsigned bytes: magic number and sizes, big-endian, then the elements. */
export function idxBytes(shape: readonly number[], elements: ArrayLike<number>): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 | shape.length);
  for (const [index, size] of shape.entries()) header.setUint32(4 + 4 * index, size);
  const file = new Uint8Array(header.byteLength + elements.length);
  file.set(new Uint8Array(header.buffer));
  file.set(elements, header.byteLength);
  return file;
}
