import { readFile } from "node:fs/promises";
import type { ImagesSchema } from "@chorus/aggregation";
import type { Sharp, SharpOptions } from "sharp";
import { ClientError } from "../error.ts";
import { regularFileBytes } from "./regular-file.ts";
import { unreadable } from "./unreadable.ts";

const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** Larger ones are refused from their header: what they would decode to may not fit into memory. */
const MAX_PIXELS = 50_000_000;

/** Decodes the images of a plan. */
export class ImageDecoder {
  readonly #sharp: (bytes: Uint8Array, options: SharpOptions) => Sharp;
  readonly #schema: ImagesSchema;

  private constructor(
    sharp: (bytes: Uint8Array, options: SharpOptions) => Sharp,
    schema: ImagesSchema,
  ) {
    this.#sharp = sharp;
    this.#schema = schema;
  }

  /** Loads the decoder. Throws {@link ClientError} `unreadable` where it is not installed for this machine. */
  static async open(schema: ImagesSchema): Promise<ImageDecoder> {
    const { default: sharp } = await import("sharp").catch((cause: unknown) => {
      throw unreadable("images: the package sharp does not load on this machine", cause);
    });
    // Every image is read once: nothing is gained from a cache. Several are decoded at a time, each by one thread.
    sharp.cache(false);
    sharp.concurrency(1);
    return new ImageDecoder(sharp, schema);
  }

  /**
   * The values of one PNG or JPEG file, 0 to 255, shape `[height, width, channels]`: turned as its EXIF data say,
   * transparency on black, grey or sRGB, eight bits. Throws {@link ClientError}, naming the file: `unreadable` where the
   * system refuses, `bad-data` for another format, a damaged file, too large a one, and another size than the plan's where
   * that refuses those.
   */
  async decode(path: string): Promise<Uint8Array> {
    const bytes = await readBounded(path);
    requireFormat(path, bytes);
    const { height, width, channels, resize } = this.#schema;
    const image = this.#sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error" })
      .autoOrient()
      .flatten({ background: "#000" })
      .toColourspace(channels === 1 ? "b-w" : "srgb");
    if (resize === "fill") image.resize({ width, height, fit: "fill" });
    const { data, info } = await image
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true })
      .catch((cause: unknown) => {
        throw badImage(path, `got an image that cannot be decoded (${reasonOf(cause)})`, { cause });
      });
    if (info.height !== height || info.width !== width)
      throw badImage(
        path,
        `got ${info.height} x ${info.width} pixels, wanted ${height} x ${width} (height x width)`,
      );
    if (info.channels !== channels)
      throw badImage(path, `got ${info.channels} channels, wanted ${channels}`);
    return data;
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const size = await regularFileBytes(path);
    if (size > MAX_FILE_BYTES)
      throw badImage(path, `got ${size} bytes, wanted at most ${MAX_FILE_BYTES}`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    throw unreadable(path, cause);
  }
}

/** First bytes of the formats. Sources: PNG (ISO/IEC 15948), 5.2; JPEG (ITU-T T.81), B.1.1.3: SOI, then a marker. */
const SIGNATURES: readonly Uint8Array[] = [
  Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
  Uint8Array.of(0xff, 0xd8, 0xff),
];

/** The decoder knows many formats and goes by content: none but these two gets to it. */
function requireFormat(path: string, bytes: Uint8Array): void {
  const isKnown = SIGNATURES.some((signature) =>
    signature.every((byte, index) => bytes[index] === byte),
  );
  if (!isKnown) throw badImage(path, "got another content, wanted a PNG or JPEG image");
}

function badImage(path: string, what: string, options?: ErrorOptions): ClientError {
  return new ClientError("bad-data", `${path}: ${what}`, options);
}

function reasonOf(cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  // libvips adds a line for every layer that failed; the first says what was wrong.
  return reason.split("\n", 1)[0] ?? reason;
}
