import { type Window, windowValues } from "../kernels/window.ts";
import type { Arena } from "./arena.ts";

/** A window in memory, where the kernels read it. */
export class WindowPlace {
  readonly #arena: Arena;
  readonly #address: number;

  constructor(window: Window, arena: Arena) {
    const values = windowValues(window);
    this.#arena = arena;
    this.#address = arena.reserve(values.length);
    arena.integers(this.#address, values.length).set(values);
  }

  /** Its address, for so many images. */
  of(images: number): number {
    this.#arena.integers(this.#address, 1)[0] = images;
    return this.#address;
  }
}

/** The places of a model's windows: one for each, whoever asks for it. */
export class WindowPlaces {
  readonly #arena: Arena;
  readonly #places = new Map<Window, WindowPlace>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  of(window: Window): WindowPlace {
    const known = this.#places.get(window);
    if (known !== undefined) return known;
    const place = new WindowPlace(window, this.#arena);
    this.#places.set(window, place);
    return place;
  }
}
