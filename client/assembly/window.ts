/** How a window moves over images: what convolutions and pooling have in common. */
import { FLOAT } from "./simd";

/**
 * Sizes of a convolution or of pooling, as JavaScript writes them: 32-bit integers in this order. Images are
 * `[batch, height, width, channels]`, results `[batch, outHeight, outWidth, outChannels]`; `top` and `left` are what the
 * first window begins before the image, or less than 0 where it begins inside.
 */
@unmanaged
export class Window {
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  filterHeight: i32;
  filterWidth: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  top: i32;
  left: i32;

  /** Values of an image. */
  get imageSize(): i32 {
    return this.height * this.width * this.channels;
  }

  /** Pixels of a result. */
  get pixels(): i32 {
    return this.outHeight * this.outWidth;
  }

  /** Values of an image below the window: the length of the inner sum of a convolution. */
  get taps(): i32 {
    return this.filterHeight * this.filterWidth * this.channels;
  }

  /** Rows of an image that windows touch, borders included. */
  get paddedHeight(): i32 {
    return (
      (this.outHeight - 1) * this.strideHeight + (this.filterHeight - 1) * this.dilationHeight + 1
    );
  }

  /** Columns of an image that windows touch, borders included. */
  get paddedWidth(): i32 {
    return (this.outWidth - 1) * this.strideWidth + (this.filterWidth - 1) * this.dilationWidth + 1;
  }

  /** Whether a convolution is a product of matrices: one tap, no stride. */
  get isPointwise(): bool {
    return (
      this.filterHeight === 1 &&
      this.filterWidth === 1 &&
      this.strideHeight === 1 &&
      this.strideWidth === 1 &&
      this.outHeight === this.height &&
      this.outWidth === this.width &&
      this.top === 0 &&
      this.left === 0
    );
  }

  /** Whether windows leave the image, so that it needs a border of zeros. */
  get isPadded(): bool {
    return (
      this.top !== 0 ||
      this.left !== 0 ||
      this.paddedHeight > this.height ||
      this.paddedWidth > this.width
    );
  }
}

/** Bytes of `count` float32 values. */
export function bytesOf(count: i32): usize {
  return <usize>count * FLOAT;
}
