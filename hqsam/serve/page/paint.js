// SPDX-License-Identifier: Apache-2.0
// Masks as bitmaps and outlines.

const palette = ['#3b82f6', '#f59e0b', '#10b981', '#ef4444', '#a855f7', '#06b6d4', '#ec4899', '#84cc16', '#f97316', '#6366f1'];
const unnamed = '#94a3b8';
// What a mask in work has: both kinds, the better one alone, SAM alone.
export const inWork = {both: '#38bdf8', hq: '#22c55e', sam: '#f97316'};

export function classColour(classes, name) {
  const at = classes.indexOf(name);
  return at < 0 ? unnamed : palette[at % palette.length];
}

export function rgb(colour) {
  const value = parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function packed([r, g, b], alpha) {
  return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

// A bitmap of the box {x, y, w, h} that paint(out) fills, a Uint32Array of its pixels.
function bitmap({w, h}, paint) {
  const image = new ImageData(w, h);
  paint(new Uint32Array(image.data.buffer));
  const canvas = new OffscreenCanvas(w, h);
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas.transferToImageBitmap();
}

// The width of the lines in a bitmap, so that they show where the picture is seen as a whole.
function lineOf(mask) {
  return Math.max(1, Math.round(Math.max(mask.width, mask.height) / 1200));
}

// visit(i, depth) for each pixel of the mask within its box: how far it lies from the edge, up to `most`; 0 at the edge.
function byDepth(mask, most, visit) {
  const {w, h} = mask.box, pixels = mask.cropped(mask.box);
  const depthOf = (i, x, y) => {
    for (let d = 1; d <= most; ++d) {
      if (x < d || y < d || x + d >= w || y + d >= h) return d - 1;
      if (!pixels[i - d] || !pixels[i + d] || !pixels[i - d * w] || !pixels[i + d * w]) return d - 1;
    }
    return most;
  };
  for (let y = 0, i = 0; y < h; ++y) {
    for (let x = 0; x < w; ++x, ++i) if (pixels[i]) visit(i, depthOf(i, x, y));
  }
}

// An accepted object: filled, its edge in full colour with a dark line within, so that it shows on any picture.
export function objectBitmap(mask, colour) {
  const line = lineOf(mask);
  const edge = packed(rgb(colour), 255), dark = packed([0, 0, 0], 110), fill = packed(rgb(colour), 90);
  return bitmap(mask.box, (out) => byDepth(mask, 2 * line, (i, depth) => (out[i] = depth < line ? edge : depth < 2 * line ? dark : fill)));
}

// A suggestion: a broken line, light and dark.
export function suggestionBitmap(mask) {
  const line = lineOf(mask), {w} = mask.box;
  const light = packed([255, 255, 255], 235), dark = packed([20, 24, 30], 235), fill = packed([255, 255, 255], 34);
  const dash = (i) => (Math.floor((i % w + Math.floor(i / w)) / (4 * line)) % 2 ? dark : light);
  return bitmap(mask.box, (out) => byDepth(mask, line, (i, depth) => (out[i] = depth < line ? dash(i) : fill)));
}

export function plainBitmap(mask, colour, alpha) {
  const {x, y, w} = mask.box, fill = packed(rgb(colour), alpha);
  return bitmap(mask.box, (out) => mask.spans((row, from, to) => out.fill(fill, (row - y) * w + from - x, (row - y) * w + to - x)));
}

// Two masks in one box: what both have, and what each has alone.
export function pairBitmap(box, better, sam) {
  const first = better.cropped(box), second = sam.cropped(box);
  const colours = [0, packed(rgb(inWork.hq), 150), packed(rgb(inWork.sam), 150), packed(rgb(inWork.both), 95)];
  return bitmap(box, (out) => {
    for (let i = 0; i < out.length; ++i) out[i] = colours[first[i] | (second[i] << 1)];
  });
}

export function boxAround(a, b) {
  if (!a || !b) return a ?? b;
  const x = Math.min(a.x, b.x), y = Math.min(a.y, b.y);
  return {x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y};
}

// The mask's outline along its pixels' sides, in pixels of the picture.
export function outline(mask) {
  const path = new Path2D();
  const level = (y, from, to) => {
    path.moveTo(from, y);
    path.lineTo(to, y);
  };
  // Where rows y - 1 and y differ, there is a line between them.
  const between = (y, above, below) => {
    let i = 0, j = 0, inside = 0, start = 0;
    while (i < above.length || j < below.length) {
      const x = Math.min(above[i] ?? Infinity, below[j] ?? Infinity);
      let changes = 0;
      for (; above[i] === x; ++i) changes ^= 1;
      for (; below[j] === x; ++j) changes ^= 1;
      if (!changes) continue;
      if (inside) level(y, start, x);
      inside ^= 1;
      start = x;
    }
  };
  let row = -1, ends = [], above = [];
  const finish = () => {
    between(row, above, ends);
    above = ends;
  };
  mask.spans((y, from, to) => {
    if (y !== row) {
      if (row >= 0) finish();
      if (y !== row + 1) {
        if (row >= 0) between(row + 1, above, []);
        above = [];
      }
      row = y;
      ends = [];
    }
    ends.push(from, to);
    for (const x of [from, to]) {
      path.moveTo(x, y);
      path.lineTo(x, y + 1);
    }
  });
  if (row >= 0) {
    finish();
    between(row + 1, above, []);
  }
  return path;
}
