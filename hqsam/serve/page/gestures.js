// SPDX-License-Identifier: Apache-2.0
// Mouse, pen and fingers on the stage, as acts: tap, drag, hover; panning and zooming it does by itself.

const dragAfter = {mouse: 4, pen: 5, touch: 9};  // CSS pixels

export class Gestures {
  spaceHeld = false;
  #pointers = new Map();  // those that are down: id -> {x, y}
  #act = null;            // {id, start: {x, y}, last, dragging, panning, how}

  // acts: {tap, dragsAtOnce, dragStart, drag, dragEnd, dragCancel, hover, leave, wheel}; points are in CSS pixels of the
  // stage.
  constructor(stage, view, acts) {
    this.stage = stage;
    this.view = view;
    this.acts = acts;
    const on = (name, act, options) => stage.addEventListener(name, act, options);
    on('pointerdown', (event) => this.#down(event));
    on('pointermove', (event) => this.#move(event));
    on('pointerup', (event) => this.#up(event, false));
    on('pointercancel', (event) => this.#up(event, true));
    on('pointerleave', () => acts.leave());
    on('contextmenu', (event) => event.preventDefault());
    on('wheel', (event) => this.#wheel(event), {passive: false});
  }

  get isPinching() {
    return this.#pointers.size > 1;
  }

  // An act that is under way and should not be.
  cancel() {
    if (this.#act?.dragging) this.acts.dragCancel();
    this.#act = null;
  }

  #at(event) {
    const {left, top} = this.stage.getBoundingClientRect();
    return {x: event.clientX - left, y: event.clientY - top};
  }

  #down(event) {
    if (event.target.closest('button, .floating')) return;
    if (event.pointerType === 'mouse' && this.#pointers.size) return;
    document.activeElement?.blur?.();
    const at = this.#at(event);
    this.#pointers.set(event.pointerId, at);
    try {
      this.stage.setPointerCapture(event.pointerId);
    } catch {
      // A pointer that is gone already.
    }
    if (this.#pointers.size > 1) {
      this.cancel();
      return;
    }
    const panning = event.button === 1 || this.spaceHeld;
    if (event.button === 1) event.preventDefault();
    const how = {out: event.button === 2 || event.shiftKey, alone: event.altKey, pen: event.pointerType === 'pen',
      erases: (event.buttons & 32) !== 0, type: event.pointerType};
    this.#act = {id: event.pointerId, start: at, last: at, dragging: false, panning, how};
    if (panning) this.stage.classList.add('panning');
    else if (this.acts.dragsAtOnce(how)) this.#startDrag();
  }

  #startDrag() {
    this.#act.dragging = this.acts.dragStart(this.#act.start, this.#act.how) !== false;
    if (!this.#act.dragging) this.#act = null;
  }

  #move(event) {
    const at = this.#at(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== 'touch') this.acts.hover(at, event);
      return;
    }
    if (this.isPinching) {
      this.#pinch(event.pointerId, before, at);
      return;
    }
    this.#pointers.set(event.pointerId, at);
    const act = this.#act;
    if (!act) return;
    if (act.panning) {
      this.view.pan(at.x - act.last.x, at.y - act.last.y);
      act.last = at;
      return;
    }
    if (!act.dragging && Math.hypot(at.x - act.start.x, at.y - act.start.y) >= dragAfter[act.how.type]) this.#startDrag();
    if (!this.#act?.dragging) return;
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length ? parts : [event]) this.acts.drag(this.#at(part));
  }

  // Two fingers: what lies between them stays there.
  #pinch(id, before, at) {
    const other = [...this.#pointers].find(([pointer]) => pointer !== id)[1];
    const distance = (a) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
    const middle = {x: (at.x + other.x) / 2, y: (at.y + other.y) / 2};
    this.view.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    this.view.zoom(distance(at) / distance(before), middle.x, middle.y);
    this.#pointers.set(id, at);
  }

  #up(event, cancelled) {
    this.#pointers.delete(event.pointerId);
    this.stage.classList.remove('panning');
    const act = this.#act;
    if (!act || act.id !== event.pointerId) return;
    this.#act = null;
    if (act.panning) return;
    if (cancelled) {
      if (act.dragging) this.acts.dragCancel();
    } else if (act.dragging) {
      this.acts.dragEnd(this.#at(event), act.how);
    } else {
      this.acts.tap(act.start, act.how);
    }
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const factor = Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.0018));
    const at = this.#at(event);
    if (event.ctrlKey || event.metaKey || !this.acts.wheel(factor, at)) this.view.zoom(factor, at.x, at.y);
  }
}
