// SPDX-License-Identifier: Apache-2.0
// Masks of the page against what can be seen to be right, pixel by pixel. The value: what is wrong, or ''.
(async () => {
  const {Mask, changedAround, iou, union} = await import('/page/mask.js');
  const {Stroke} = await import('/page/brush.js');
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const draw = (w, h) => Uint8Array.from({length: w * h}, () => (random() < 0.5 ? 1 : 0));
  const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);
  for (let round = 0; round < 300; ++round) {
    const w = 1 + Math.floor(random() * 9), h = 1 + Math.floor(random() * 9);
    const [p, q] = round < 4 ? [new Uint8Array(w * h).fill(round & 1), new Uint8Array(w * h).fill(round >> 1)] : [draw(w, h), draw(w, h)];
    const a = Mask.fromPixels(w, h, p), b = Mask.fromPixels(w, h, q);
    if (!same(a.pixels(), p) || a.runs.reduce((sum, run) => sum + run, 0) !== w * h) return 'runs';
    if (!Mask.fromWire(JSON.parse(JSON.stringify(a.toWire()))).equals(a)) return 'wire';
    if (!p.every((value, i) => a.has(i % w + 0.5, Math.floor(i / w) + 0.5) === (value === 1)) || a.has(-1, 0) || a.has(w, 0)) return 'has';
    if (a.area !== p.reduce((sum, value) => sum + value, 0)) return 'area';
    const columns = [...p.keys()].filter((i) => p[i]).map((i) => i % w), rows = [...p.keys()].filter((i) => p[i]).map((i) => Math.floor(i / w));
    const box = columns.length ? [Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1] : null;
    if (box ? !same(box, [a.box.x, a.box.y, a.box.x + a.box.w, a.box.y + a.box.h]) : a.box !== null) return 'box';
    if (box && a.cropped(a.box).reduce((sum, value) => sum + value, 0) !== a.area) return 'cropped';
    if (!same(union(a, b).pixels(), p.map((value, i) => value | q[i]))) return 'union';
    const both = p.filter((value, i) => value & q[i]).length, any = p.filter((value, i) => value | q[i]).length;
    if (both && Math.abs(iou(a, b) - both / any) > 1e-12) return 'iou';
    // One piece changes, the one of the click, and no other pixel.
    const label = round % 2, at = Math.floor(random() * w * h);
    const changed = changedAround(a, b, at % w + 0.5, Math.floor(at / w) + 0.5, label);
    const reached = new Set(), ahead = p[at] !== label && q[at] === label ? [at] : [];
    while (ahead.length) {
      const i = ahead.pop(), x = i % w;
      if (reached.has(i) || p[i] === label || q[i] !== label) continue;
      reached.add(i);
      for (const [next, is] of [[i - 1, x > 0], [i + 1, x < w - 1], [i - w, i >= w], [i + w, i + w < w * h]]) if (is) ahead.push(next);
    }
    if (!reached.size ? changed !== null : !same(changed.pixels(), p.map((value, i) => (reached.has(i) ? label : value)))) return 'changedAround';
  }
  // A stroke leaves what it does not touch, also at the picture's sides and beyond.
  const stroke = new Stroke(20, 10, Mask.fromPixels(20, 10, new Uint8Array(200).fill(1)), '#ff0000');
  stroke.line(-5, 5, 3, 5, 2, 0);
  stroke.line(100, 100, 120, 120, 9, 0);
  const left = stroke.mask().pixels();
  for (let i = 0; i < 200; ++i) {
    const x = i % 20 + 0.5, y = Math.floor(i / 20) + 0.5;
    const erased = Math.hypot(Math.max(0, x - 3), y - 5) <= 2;
    if (left[i] !== (erased ? 0 : 1)) return `stroke at ${x}, ${y}`;
  }
  return '';
})()
