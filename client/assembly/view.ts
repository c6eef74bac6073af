/** What the gathering products of a convolution look at: an image with its border, and tables of offsets in it. */
import { padImage } from "./image";
import { ROWS } from "./pack";
import { TILE_BYTES } from "./tile";
// biome-ignore lint/style/useImportType: the compiler knows no imports of types.
import { bytesOf, Window } from "./window";

/** Bytes of workspace, from its start: a tile, both tables, an image with its border. */
export function viewWorkspace(window: Window): usize {
  const image = window.paddedHeight * window.paddedWidth * window.channels;
  return paddedImage(window, 0) + ((bytesOf(image) + 15) & ~15);
}

/** Where the table of {@link writeTables} is that says where each window begins. */
export function pixelTable(workspace: usize): usize {
  return workspace + TILE_BYTES;
}

/** Where the table of {@link writeTables} is that says where the values below a window are, from its beginning. */
export function tapTable(window: Window, workspace: usize): usize {
  return pixelTable(workspace) + tableBytes(window.pixels);
}

function paddedImage(window: Window, workspace: usize): usize {
  return tapTable(window, workspace) + tableBytes(window.taps);
}

/** Bytes of a table of `count` offsets, filled up to whole panels of rows. */
function tableBytes(count: i32): usize {
  return ((<usize>count + ROWS - 1) / ROWS) * ROWS * 4;
}

/** Writes both tables into the workspace: offsets in bytes, the last one repeated up to whole panels of rows. */
export function writeTables(window: Window, workspace: usize): void {
  const width = window.isPadded ? window.paddedWidth : window.width;
  const line = bytesOf(width * window.channels);
  writePixels(window, pixelTable(workspace), line);
  writeTaps(window, tapTable(window, workspace), line);
}

function writePixels(window: Window, table: usize, line: usize): void {
  const end = table + tableBytes(window.pixels);
  const step = bytesOf(window.strideWidth * window.channels);
  for (let row = 0; row < window.outHeight; row++) {
    let offset = <usize>(row * window.strideHeight) * line;
    for (let column = 0; column < window.outWidth; column++, table += 4, offset += step) {
      store<u32>(table, <u32>offset);
    }
  }
  fill(table, end);
}

function writeTaps(window: Window, table: usize, line: usize): void {
  const end = table + tableBytes(window.taps);
  const step = bytesOf(window.dilationWidth * window.channels);
  for (let row = 0; row < window.filterHeight; row++) {
    let place = <usize>(row * window.dilationHeight) * line;
    for (let column = 0; column < window.filterWidth; column++, place += step) {
      for (let channel = 0; channel < window.channels; channel++, table += 4) {
        store<u32>(table, <u32>(place + bytesOf(channel)));
      }
    }
  }
  fill(table, end);
}

/** Repeats the entry before `table`. */
function fill(table: usize, end: usize): void {
  for (; table < end; table += 4) store<u32>(table, load<u32>(table - 4));
}

/** Where an image is that has the border it needs: at `x` itself, or in the workspace. */
export function borderedImage(window: Window, x: usize, workspace: usize): usize {
  if (!window.isPadded) return x;
  const padded = paddedImage(window, workspace);
  padImage(
    padded,
    x,
    window.height,
    window.width,
    window.channels,
    window.top,
    window.left,
    window.paddedHeight,
    window.paddedWidth,
  );
  return padded;
}
