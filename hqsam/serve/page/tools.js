// SPDX-License-Identifier: Apache-2.0
// The tools in, out, brush and eraser: what acts on the stage do to the picture.
import {Stroke} from './brush.js';
import {Mask} from './mask.js';
import {classColour} from './paint.js';

const largest = 400;  // pixels, a brush's radius

// Events: `change` of tool, size or hovering.
export class Tools extends EventTarget {
  tool = 'in';
  radius = 12;        // pixels of the picture
  hovering = true;    // whether the mask under the mouse is shown
  ready = false;      // whether the model has seen the picture
  #stroke = null;     // {stroke, value, last}
  #boxStart = null;
  #at = null;         // where the pointer is, in the picture
  #hovered = '';      // what was asked for last

  constructor(editor, view, layers) {
    super();
    Object.assign(this, {editor, view, layers});
    for (const name of ['draft', 'objects', 'suggestions', 'picture']) {
      editor.addEventListener(name, () => this.#clearHover());
    }
  }

  choose(tool) {
    this.tool = tool;
    this.#clearHover();
    this.#showPointer();
    this.dispatchEvent(new Event('change'));
  }

  setRadius(radius) {
    this.radius = Math.min(largest, Math.max(0.5, radius));
    this.#showPointer();
    this.dispatchEvent(new Event('change'));
  }

  setHovering(hovering) {
    this.hovering = hovering;
    this.#clearHover();
    this.dispatchEvent(new Event('change'));
  }

  get paints() {
    return this.tool === 'brush' || this.tool === 'eraser';
  }

  // A point within the picture; what lies beside it, or null.
  #inPicture({x, y}, clamp = false) {
    const {width, height} = this.editor.picture;
    const [px, py] = this.view.toPicture(x, y);
    if (clamp) return [Math.min(width, Math.max(0, px)), Math.min(height, Math.max(0, py))];
    return px >= 0 && py >= 0 && px < width && py < height ? [px, py] : null;
  }

  // For Gestures.
  tap(at, {out, alone}) {
    const {editor} = this;
    const point = editor.picture && this.#inPicture(at);
    if (!point) return;
    const label = out !== (this.tool === 'out') ? 0 : 1;
    const [x, y] = point.map((value) => Math.round(value * 100) / 100);
    if (!editor.draft && label && !alone) {
      const found = editor.under(x, y, this.layers.objectsShown);
      if (found?.suggestion) editor.acceptSuggestions([found.suggestion]);
      if (found?.object) editor.open(found.object.id);
      if (found) return;
    }
    if (!editor.draft && !label) editor.trouble('First click what is in the mask; then what is not.');
    else editor.addPoint(x, y, label);
  }

  dragsAtOnce({erases}) {
    return this.paints || erases;
  }

  dragStart(at, how) {
    const {editor, layers} = this;
    if (!editor.picture) return false;
    this.#clearHover();
    if (!this.dragsAtOnce(how)) {
      if (how.out || this.tool === 'out') return false;
      this.#boxStart = this.#inPicture(at, true);
      return true;
    }
    const value = this.tool === 'eraser' || how.erases || how.out ? 0 : 1;
    if (editor.draft?.waiting) {
      editor.trouble('Wait for the mask, then go on by hand.');
      return false;
    }
    if (!value && !editor.mask) return this.#eraseFrom(at);
    const {width, height} = editor.picture;
    const stroke = new Stroke(width, height, editor.mask, classColour(editor.classes, editor.draft?.name ?? editor.name));
    this.#stroke = {stroke, value, last: this.view.toPicture(at.x, at.y)};
    layers.pixels = stroke.canvas;
    this.drag(at);
    return true;
  }

  // Nothing is in work: the eraser opens what lies under it.
  #eraseFrom(at) {
    const found = this.editor.under(...this.view.toPicture(at.x, at.y));
    if (found?.object) this.editor.open(found.object.id);
    else this.editor.trouble('There is no mask to erase from: click an object to open it.');
    return false;
  }

  drag(at) {
    if (this.#boxStart) {
      this.layers.pointer = {box: [...this.#boxStart, ...this.#inPicture(at, true)]};
      this.layers.redraw('pointer');
      return;
    }
    const {stroke, value, last} = this.#stroke;
    const next = this.view.toPicture(at.x, at.y);
    stroke.line(...last, ...next, this.radius, value);
    this.#stroke.last = next;
    this.#at = next;
    this.#showPointer();
    this.layers.redraw('draft');
  }

  dragEnd(at) {
    if (this.#boxStart) {
      const [x0, y0] = this.#boxStart, [x1, y1] = this.#inPicture(at, true);
      this.dragCancel();
      const box = [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
      if (box[2] - box[0] >= 1 && box[3] - box[1] >= 1) this.editor.addBox(box.map((value) => Math.round(value * 100) / 100));
      return;
    }
    const mask = this.#stroke.stroke.mask();
    this.dragCancel();
    this.editor.addStroke(mask);
  }

  dragCancel() {
    this.#boxStart = null;
    this.#stroke = null;
    this.layers.pixels = null;
    this.layers.pointer = {};
    this.#showPointer();
    this.layers.redraw('draft', 'pointer');
  }

  hover(at, event) {
    if (!this.editor.picture) return;
    this.#at = this.view.toPicture(at.x, at.y);
    if (this.paints) {
      this.#showPointer();
      return;
    }
    const point = this.#inPicture(at);
    const free = !this.editor.draft && !event.altKey;
    const found = point && free ? this.editor.under(...point, this.layers.objectsShown) : null;
    const item = found?.object ?? found?.suggestion ?? null;
    if (item !== (this.layers.pointer.item ?? null)) {
      this.layers.pointer = {item};
      this.layers.redraw('pointer');
      this.dispatchEvent(new CustomEvent('item', {detail: item}));
    }
    if (point && !item) this.#preview(point, event);
    else if (!item && this.layers.pointer.hover) this.#clearHover();
  }

  // The mask that a click would give: where none is in work.
  async #preview([x, y], event) {
    const {editor} = this;
    const begun = editor.draft && (editor.draft.clicks || editor.draft.opened);
    if (!this.hovering || !this.ready || begun || event.shiftKey || this.tool === 'out') return;
    const key = [Math.floor(x), Math.floor(y), editor.kind].join();
    if (key === this.#hovered) return;
    this.#hovered = key;
    const prompt = {points: [[Math.floor(x) + 0.5, Math.floor(y) + 0.5]], labels: [1]};
    const answer = await editor.predictor.ask(editor.picture.id, prompt, [editor.kind], true).catch(() => null);
    // Without the pointer here, or with a click since, it is of no use.
    if (!answer || !this.#hovered) return;
    this.layers.pointer = {hover: Mask.fromWire(answer.masks[editor.kind]?.mask ?? Object.values(answer.masks)[0].mask)};
    this.layers.redraw('pointer');
  }

  leave() {
    if (this.#boxStart || this.#stroke) return;
    this.#at = null;
    this.layers.pointer = {};
    this.#clearHover();
    this.layers.redraw('pointer');
  }

  // The wheel changes the brush's size; with another tool it is left to zoom.
  wheel(factor) {
    if (!this.paints) return false;
    this.setRadius(this.radius * factor);
    return true;
  }

  #clearHover() {
    this.#hovered = '';
    if (!this.layers.pointer.hover && !this.layers.pointer.item) return;
    this.layers.pointer = {};
    this.layers.redraw('pointer');
  }

  #showPointer() {
    if (this.#boxStart) return;
    const circle = this.paints && this.#at
      ? {x: this.#at[0], y: this.#at[1], radius: this.radius, erases: this.tool === 'eraser'} : null;
    this.layers.pointer = circle ? {circle} : {};
    this.layers.redraw('pointer');
  }
}
