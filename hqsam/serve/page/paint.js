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

// A bitmap of the box {x, y, w, h} with what colourOf(i, pixels) says, [r, g, b, a], of each pixel that is not 0.
function bitmap({w, h}, pixels, colourOf) {
  const image = new ImageData(w, h);
  const out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; ++i) {
    if (!pixels[i]) continue;
    const [r, g, b, a] = colourOf(i, pixels);
    out[i] = (a << 24) | (b << 16) | (g << 8) | r;
  }
  const canvas = new OffscreenCanvas(w, h);
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas.transferToImageBitmap();
}

// How far a pixel lies from the mask's edge, up to `most` pixels: 0 at the edge.
function depth(pixels, w, h, i, most) {
  const x = i % w, y = (i - x) / w;
  for (let d = 1; d <= most; ++d) {
    if (x < d || y < d || x + d >= w || y + d >= h) return d - 1;
    if (!pixels[i - d] || !pixels[i + d] || !pixels[i - d * w] || !pixels[i + d * w]) return d - 1;
  }
  return most;
}

// An accepted object: filled, its edge in full colour with a dark line within, so that it shows on any picture.
export function objectBitmap(mask, colour) {
  const box = mask.box, line = Math.max(1, Math.round(Math.max(mask.width, mask.height) / 1200));
  const [r, g, b] = rgb(colour);
  const edge = [r, g, b, 255], dark = [0, 0, 0, 110], fill = [r, g, b, 90];
  return bitmap(box, mask.cropped(box), (i, pixels) => {
    const d = depth(pixels, box.w, box.h, i, 2 * line);
    return d < line ? edge : d < 2 * line ? dark : fill;
  });
}

// A suggestion: a broken line, light and dark.
export function suggestionBitmap(mask) {
  const box = mask.box, line = Math.max(1, Math.round(Math.max(mask.width, mask.height) / 1200));
  const light = [255, 255, 255, 235], dark = [20, 24, 30, 235], fill = [255, 255, 255, 34];
  return bitmap(box, mask.cropped(box), (i, pixels) => {
    if (depth(pixels, box.w, box.h, i, line) >= line) return fill;
    const x = i % box.w, y = (i - x) / box.w;
    return Math.floor((x + y) / (4 * line)) % 2 ? dark : light;
  });
}

export function plainBitmap(mask, colour, alpha) {
  const fill = [...rgb(colour), alpha];
  return bitmap(mask.box, mask.cropped(mask.box), () => fill);
}

// Two masks in one box: what both have, and what each has alone.
export function pairBitmap(box, better, sam) {
  const first = better.cropped(box), second = sam.cropped(box);
  const pixels = first.map((value, i) => value | (second[i] << 1));
  const colours = [null, [...rgb(inWork.hq), 150], [...rgb(inWork.sam), 150], [...rgb(inWork.both), 95]];
  return bitmap(box, pixels, (i) => colours[pixels[i]]);
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
