// SPDX-License-Identifier: Apache-2.0
// A stroke of brush or eraser while it is drawn.
import {Mask} from './mask.js';
import {rgb} from './paint.js';

export class Stroke {
  #image;
  #context;

  // before: mask that the stroke changes, or null.
  constructor(width, height, before, colour) {
    this.width = width;
    this.height = height;
    this.pixels = before ? before.pixels() : new Uint8Array(width * height);
    this.canvas = new OffscreenCanvas(width, height);
    this.#context = this.canvas.getContext('2d');
    this.#image = new ImageData(width, height);
    const [r, g, b] = rgb(colour);
    this.colour = (255 << 24) | (b << 16) | (g << 8) | r;
    const out = new Uint32Array(this.#image.data.buffer);
    for (let i = 0; i < out.length; ++i) out[i] = this.pixels[i] ? this.colour : 0;
    this.#context.putImageData(this.#image, 0, 0);
  }

  // Sets each pixel whose middle lies within `radius` of the line from (x0, y0) to (x1, y1) to `value`, 0 or 1.
  line(x0, y0, x1, y1, radius, value) {
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - radius)), top = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
    const right = Math.min(this.width, Math.ceil(Math.max(x0, x1) + radius));
    const bottom = Math.min(this.height, Math.ceil(Math.max(y0, y1) + radius));
    if (left >= right || top >= bottom) return;
    const dx = x1 - x0, dy = y1 - y0, squared = dx * dx + dy * dy;
    const out = new Uint32Array(this.#image.data.buffer);
    for (let y = top; y < bottom; ++y) {
      for (let x = left; x < right; ++x) {
        const px = x + 0.5 - x0, py = y + 0.5 - y0;
        const along = squared ? Math.min(1, Math.max(0, (px * dx + py * dy) / squared)) : 0;
        const ex = px - along * dx, ey = py - along * dy;
        if (ex * ex + ey * ey > radius * radius) continue;
        const i = y * this.width + x;
        this.pixels[i] = value;
        out[i] = value ? this.colour : 0;
      }
    }
    this.#context.putImageData(this.#image, 0, 0, left, top, right - left, bottom - top);
  }

  mask() {
    return Mask.fromPixels(this.width, this.height, this.pixels);
  }
}
