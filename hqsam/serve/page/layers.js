// SPDX-License-Identifier: Apache-2.0
// The stage's three canvases: the picture with its objects, the mask in work, and what follows the pointer. Each is
// drawn when it changed, once per frame; a pointer that moves draws the third alone.
import * as paint from './paint.js';
import {maskOf} from './draft.js';

export class Layers {
  image = null;          // ImageBitmap of the picture
  objectsShown = true;
  pixels = null;         // canvas of a stroke that is being drawn
  pointer = {};          // {hover: mask, box, circle: {x, y, radius, erases}, item}
  #bitmaps = new WeakMap();
  #outlines = new WeakMap();
  #dirty = new Set();
  #draftBitmap = null;   // {bitmap, box}

  constructor(stage, view, editor) {
    this.view = view;
    this.editor = editor;
    this.canvases = {};
    for (const name of ['base', 'draft', 'pointer']) this.canvases[name] = stage.querySelector(`canvas.${name}`);
    view.addEventListener('change', () => this.redraw('base', 'draft', 'pointer'));
    for (const name of ['objects', 'suggestions', 'classes', 'picture']) editor.addEventListener(name, () => this.redraw('base'));
    for (const name of ['draft', 'kinds', 'classes']) editor.addEventListener(name, () => this.draftChanged());
  }

  resize(width, height) {
    for (const canvas of Object.values(this.canvases)) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
    this.view.setStage(width, height);
  }

  redraw(...names) {
    if (!this.#dirty.size) requestAnimationFrame(() => this.#draw());
    for (const name of names) this.#dirty.add(name);
  }

  draftChanged() {
    this.#draftBitmap = null;
    this.redraw('base', 'draft');
  }

  #draw() {
    const names = [...this.#dirty];
    this.#dirty.clear();
    for (const name of names) {
      const canvas = this.canvases[name], context = canvas.getContext('2d');
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (!this.image || !this.editor.picture) continue;
      const {scale, left, top} = this.view, ratio = devicePixelRatio;
      context.setTransform(scale * ratio, 0, 0, scale * ratio, left * ratio, top * ratio);
      // Pixels are seen as such from near, and are smooth from afar.
      context.imageSmoothingEnabled = scale * ratio < 2;
      context.imageSmoothingQuality = 'high';
      if (name === 'base') this.#drawBase(context);
      if (name === 'draft') this.#drawDraft(context);
      if (name === 'pointer') this.#drawPointer(context);
    }
  }

  #drawBase(context) {
    context.drawImage(this.image, 0, 0, this.editor.picture.width, this.editor.picture.height);
    const {draft, objects, suggestions} = this.editor;
    if (this.objectsShown) {
      context.globalAlpha = draft ? 0.6 : 1;
      for (const object of objects.values()) {
        if (object.id !== draft?.id) this.#stamp(context, object, this.#objectBitmap(object));
      }
      context.globalAlpha = 1;
    }
    for (const one of suggestions) this.#stamp(context, one, this.#cached(one, 'suggestion', () => paint.suggestionBitmap(one.mask)));
    // The one that Enter accepts.
    if (suggestions.length && !draft) this.#stroke(context, this.#outline(suggestions[0].mask), paint.inWork.both);
  }

  #stamp(context, {mask}, bitmap) {
    const {x, y, w, h} = mask.box;
    context.drawImage(bitmap, x, y, w, h);
  }

  #objectBitmap(object) {
    const colour = paint.classColour(this.editor.classes, object.name);
    return this.#cached(object, colour, () => paint.objectBitmap(object.mask, colour));
  }

  #cached(item, key, make) {
    const found = this.#bitmaps.get(item);
    if (found?.key === key) return found.bitmap;
    const bitmap = make();
    this.#bitmaps.set(item, {key, bitmap});
    return bitmap;
  }

  #outline(mask) {
    if (!this.#outlines.has(mask)) this.#outlines.set(mask, paint.outline(mask));
    return this.#outlines.get(mask);
  }

  // A line of the same width at any zoom, light on dark, so that it shows on any picture.
  #stroke(context, path, colour = '#fff', width = 1.5) {
    context.lineCap = 'square';
    for (const [style, wide] of [['rgba(0, 0, 0, .75)', width + 2], [colour, width]]) {
      context.strokeStyle = style;
      context.lineWidth = wide / this.view.scale;
      context.stroke(path);
    }
  }

  #drawDraft(context) {
    const {draft, view, kind} = this.editor;
    if (!draft) return;
    if (this.pixels) {
      context.globalAlpha = 0.55;
      context.drawImage(this.pixels, 0, 0);
      context.globalAlpha = 1;
    } else {
      this.#drawMask(context, draft, view, kind);
    }
    const {box, points, labels} = draft.prompt;
    if (box) {
      const path = new Path2D();
      path.rect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
      this.#stroke(context, path, '#fff', 1);
    }
    points.forEach(([x, y], i) => this.#drawPoint(context, x, y, labels[i]));
  }

  #drawMask(context, draft, view, kind) {
    const mask = maskOf(draft, kind);
    const sam = view === 'both' && !draft.hand && kind !== 'sam' ? draft.masks.sam : null;
    const box = paint.boxAround(mask?.box, sam?.box);
    if (!box) return;
    if (!this.#draftBitmap) {
      const colour = paint.classColour(this.editor.classes, draft.name);
      this.#draftBitmap = sam && mask ? paint.pairBitmap(box, mask, sam) : paint.plainBitmap(mask ?? sam, colour, 120);
    }
    context.drawImage(this.#draftBitmap, box.x, box.y, box.w, box.h);
    if (sam?.area) this.#stroke(context, this.#outline(sam), paint.inWork.sam, 1);
    if (mask?.area) this.#stroke(context, this.#outline(mask), sam ? paint.inWork.hq : '#fff');
  }

  #drawPoint(context, x, y, label) {
    const size = 1 / this.view.scale;
    const dot = new Path2D();
    dot.arc(x, y, 6.5 * size, 0, 2 * Math.PI);
    context.fillStyle = label ? '#16a34a' : '#dc2626';
    context.strokeStyle = 'rgba(0, 0, 0, .6)';
    context.lineWidth = 4 * size;
    context.stroke(dot);
    context.strokeStyle = '#fff';
    context.lineWidth = 2 * size;
    context.stroke(dot);
    context.fill(dot);
    context.fillStyle = '#fff';
    context.fillRect(x - 3 * size, y - 0.8 * size, 6 * size, 1.6 * size);
    if (label) context.fillRect(x - 0.8 * size, y - 3 * size, 1.6 * size, 6 * size);
  }

  #drawPointer(context) {
    const {hover, box, circle, item} = this.pointer;
    if (item) this.#stroke(context, this.#outline(item.mask), '#fff', 2);
    if (hover?.area) {
      const bitmap = this.#cached(hover, 'hover', () => paint.plainBitmap(hover, paint.inWork.both, 90));
      this.#stamp(context, {mask: hover}, bitmap);
      this.#stroke(context, this.#outline(hover), paint.inWork.both);
    }
    if (box) {
      const path = new Path2D();
      path.rect(Math.min(box[0], box[2]), Math.min(box[1], box[3]), Math.abs(box[2] - box[0]), Math.abs(box[3] - box[1]));
      this.#stroke(context, path);
    }
    if (circle) {
      const path = new Path2D();
      path.arc(circle.x, circle.y, circle.radius, 0, 2 * Math.PI);
      this.#stroke(context, path, circle.erases ? '#fca5a5' : '#fff');
    }
  }
}
