// SPDX-License-Identifier: Apache-2.0
// A stroke of brush or eraser while it is drawn.
import {Mask} from './mask.js';
import {rgb} from './paint.js';

export class Stroke {
  #context;

  // before: mask that the stroke changes, or null.
  constructor(width, height, before, colour) {
    this.width = width;
    this.height = height;
    this.pixels = before ? before.pixels() : new Uint8Array(width * height);
    this.canvas = new OffscreenCanvas(width, height);
    this.#context = this.canvas.getContext('2d');
    const [r, g, b] = rgb(colour);
    this.colour = (255 << 24) | (b << 16) | (g << 8) | r;
    if (before?.box) this.#show(before.box);
  }

  // Brings the pixels of a box onto the canvas.
  #show({x, y, w, h}) {
    const image = new ImageData(w, h);
    const out = new Uint32Array(image.data.buffer);
    for (let row = 0; row < h; ++row) {
      const from = (y + row) * this.width + x;
      for (let column = 0; column < w; ++column) if (this.pixels[from + column]) out[row * w + column] = this.colour;
    }
    this.#context.putImageData(image, x, y);
  }

  // Sets each pixel whose middle lies within `radius` of the line from (x0, y0) to (x1, y1) to `value`, 0 or 1.
  line(x0, y0, x1, y1, radius, value) {
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - radius)), top = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
    const right = Math.min(this.width, Math.ceil(Math.max(x0, x1) + radius));
    const bottom = Math.min(this.height, Math.ceil(Math.max(y0, y1) + radius));
    if (left >= right || top >= bottom) return;
    const dx = x1 - x0, dy = y1 - y0, squared = dx * dx + dy * dy;
    for (let y = top; y < bottom; ++y) {
      for (let x = left; x < right; ++x) {
        const px = x + 0.5 - x0, py = y + 0.5 - y0;
        const along = squared ? Math.min(1, Math.max(0, (px * dx + py * dy) / squared)) : 0;
        const ex = px - along * dx, ey = py - along * dy;
        if (ex * ex + ey * ey <= radius * radius) this.pixels[y * this.width + x] = value;
      }
    }
    this.#show({x: left, y: top, w: right - left, h: bottom - top});
  }

  mask() {
    return Mask.fromPixels(this.width, this.height, this.pixels);
  }
}
