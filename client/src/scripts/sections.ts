/** Names of a WebAssembly module's sections, by number. Source: WebAssembly Core Specification 2.0, 5.5.2. */
const SECTION_NAMES = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
  "data count",
];

/** Bytes before the first section: magic number and version. */
const HEADER_BYTES = 8;

/** The sections of a WebAssembly module, in their order. The module is valid. */
export function sectionsOf(binary: Uint8Array): string[] {
  const names: string[] = [];
  let at = HEADER_BYTES;
  while (at < binary.length) {
    names.push(SECTION_NAMES[binary[at] ?? 0] ?? "unknown");
    const { value, end } = readLength(binary, at + 1);
    at = end + value;
  }
  return names;
}

/** An unsigned integer in LEB128 (5.2.2). */
function readLength(binary: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  let at = start;
  for (let factor = 1; ; factor *= 128) {
    const byte = binary[at++] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return { value, end: at };
  }
}
