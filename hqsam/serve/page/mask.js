// SPDX-License-Identifier: Apache-2.0
// Masks as run lengths, row by row, zeros first: what goes over the wire. They are never changed once made.

export class Mask {
  constructor(width, height, runs) {
    this.width = width;
    this.height = height;
    this.runs = runs;
  }

  static fromWire(wire) {
    return new Mask(wire.size[1], wire.size[0], wire.runs);
  }

  // pixels: Uint8Array of width * height, 0 or not.
  static fromPixels(width, height, pixels) {
    const runs = [];
    let value = 0, start = 0;
    for (let i = 0; i < pixels.length; ++i) {
      if ((pixels[i] !== 0) !== (value !== 0)) {
        runs.push(i - start);
        start = i;
        value = 1 - value;
      }
    }
    runs.push(pixels.length - start);
    return new Mask(width, height, runs);
  }

  toWire() {
    return {size: [this.height, this.width], runs: this.runs};
  }

  pixels() {
    const pixels = new Uint8Array(this.width * this.height);
    this.#stretches((from, to) => pixels.fill(1, from, to));
    return pixels;
  }

  // The pixels within {x, y, w, h}, row by row.
  cropped({x, y, w, h}) {
    const out = new Uint8Array(w * h);
    this.spans((row, from, to) => {
      if (row < y || row >= y + h) return;
      const left = Math.max(from, x) - x, right = Math.min(to, x + w) - x;
      if (right > left) out.fill(1, (row - y) * w + left, (row - y) * w + right);
    });
    return out;
  }

  // visit(row, from, to): each stretch of ones, cut at the ends of rows.
  spans(visit) {
    const width = this.width;
    this.#stretches((from, to) => {
      for (let at = from; at < to;) {
        const row = Math.floor(at / width);
        const end = Math.min(to, (row + 1) * width);
        visit(row, at - row * width, end - row * width);
        at = end;
      }
    });
  }

  // Where each run ends.
  get ends() {
    if (!this.cachedEnds) {
      let at = 0;
      this.cachedEnds = Float64Array.from(this.runs, (run) => (at += run));
    }
    return this.cachedEnds;
  }

  get area() {
    if (this.cachedArea === undefined) {
      this.cachedArea = 0;
      this.#stretches((from, to) => (this.cachedArea += to - from));
    }
    return this.cachedArea;
  }

  // {x, y, w, h} of the ones; null without any.
  get box() {
    if (this.cachedBox === undefined) {
      let left = Infinity, top = Infinity, right = 0, bottom = 0;
      this.spans((row, from, to) => {
        left = Math.min(left, from);
        right = Math.max(right, to);
        top = Math.min(top, row);
        bottom = row + 1;
      });
      this.cachedBox = bottom ? {x: left, y: top, w: right - left, h: bottom - top} : null;
    }
    return this.cachedBox;
  }

  has(x, y) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return false;
    const at = Math.floor(y) * this.width + Math.floor(x), ends = this.ends;
    let low = 0, high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low % 2 === 1;
  }

  equals(other) {
    const a = this.runs, b = other.runs;
    return this.width === other.width && a.length === b.length && a.every((run, i) => run === b[i]);
  }

  #stretches(visit) {
    let at = 0;
    for (let i = 0; i < this.runs.length; ++i) {
      if (i % 2 && this.runs[i]) visit(at, at + this.runs[i]);
      at += this.runs[i];
    }
  }
}

// visit(length, in a, in b) for each stretch in which neither changes.
function walk(a, b, visit) {
  const total = a.width * a.height;
  let i = 0, j = 0, at = 0;
  while (at < total) {
    while (a.ends[i] <= at) ++i;
    while (b.ends[j] <= at) ++j;
    const next = Math.min(a.ends[i], b.ends[j]);
    visit(next - at, i % 2, j % 2);
    at = next;
  }
}

export function union(a, b) {
  const runs = [0];
  walk(a, b, (length, inA, inB) => {
    const value = inA | inB;
    if (value !== (runs.length - 1) % 2) runs.push(0);
    runs[runs.length - 1] += length;
  });
  return new Mask(a.width, a.height, runs);
}

export function iou(a, b) {
  const p = a.box, q = b.box;
  if (!p || !q || p.x >= q.x + q.w || q.x >= p.x + p.w || p.y >= q.y + q.h || q.y >= p.y + p.h) return 0;
  let both = 0;
  walk(a, b, (length, inA, inB) => (both += inA & inB ? length : 0));
  return both / (a.area + b.area - both);
}

// The mask with the one piece changed, in which (x, y) lies, of what `wanted` adds (label 1) or takes away (label 0);
// null where it changes nothing at (x, y).
export function changedAround(mask, wanted, x, y, label) {
  const {width, height} = mask;
  const pixels = mask.pixels(), other = wanted.pixels();
  const differs = (i) => pixels[i] === 1 - label && other[i] === label;
  const start = Math.floor(y) * width + Math.floor(x);
  if (!differs(start)) return null;
  const stack = [start];
  pixels[start] = label;
  const push = (i) => {
    if (!differs(i)) return;
    pixels[i] = label;
    stack.push(i);
  };
  while (stack.length) {
    const i = stack.pop(), column = i % width;
    if (column > 0) push(i - 1);
    if (column < width - 1) push(i + 1);
    if (i >= width) push(i - width);
    if (i < width * (height - 1)) push(i + width);
  }
  return Mask.fromPixels(width, height, pixels);
}
