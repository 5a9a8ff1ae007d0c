// SPDX-License-Identifier: Apache-2.0
// One picture at work: its objects, suggestions, the mask in work, and what can be undone. Knows nothing of the screen.
import * as drafts from './draft.js';
import {iou} from './mask.js';
import {Steps} from './steps.js';

const idle = 10;         // seconds after which nobody is taken to work on a mask
const sameObject = 0.7;  // IoU from which a suggestion is an object that is there already

// Events: `objects`, `draft`, `suggestions`, `kinds`, `classes`, `picture`; `trouble` (detail: {text, again}).
export class Editor extends EventTarget {
  picture = null;  // {id, name, width, height, state}
  objects = new Map();
  draft = null;
  suggestions = [];
  classes = [];
  name = null;   // class of the next masks
  kinds = ['hq'];      // that the model has
  betterKind = 'hq';   // its default
  view = 'hq';   // a kind, or 'both'
  steps = new Steps();
  #nextId = 1;
  #lastAct = 0;

  constructor(predictor, saver) {
    super();
    this.predictor = predictor;
    this.saver = saver;
  }

  tell(...names) {
    for (const name of names) this.dispatchEvent(new Event(name));
  }

  trouble(text, again = null) {
    this.dispatchEvent(new CustomEvent('trouble', {detail: {text, again}}));
  }

  // A visited picture: {picture, objects, suggestions, steps, nextId}.
  show(visit) {
    this.visit = visit;
    Object.assign(this, {picture: visit.picture, objects: visit.objects, suggestions: visit.suggestions, steps: visit.steps});
    this.#nextId = visit.nextId;
    this.#lastAct = performance.now();
    this.draft = null;
    this.tell('picture', 'objects', 'suggestions', 'draft');
  }

  // No picture: it could not be read.
  clear() {
    Object.assign(this, {visit: null, picture: null, objects: new Map(), suggestions: [], steps: new Steps(), draft: null});
    this.tell('picture', 'objects', 'suggestions', 'draft');
  }

  // The kind that is saved: what is seen, or the better of both.
  get kind() {
    return this.view === 'both' ? this.betterKind : this.view;
  }

  get askedKinds() {
    return this.view === 'both' ? [this.kind, 'sam'] : [this.kind];
  }

  setView(view) {
    this.view = view;
    this.tell('kinds', 'draft');
    this.#complete();
  }

  // Makes a step of {draft, suggestions, objects: [[id, object or null], ...]}, of which any may be left out.
  #commit(change) {
    const before = {draft: this.draft, suggestions: this.suggestions};
    before.objects = (change.objects ?? []).map(([id]) => [id, this.objects.get(id) ?? null]);
    const after = {draft: this.draft, suggestions: this.suggestions, objects: [], ...change};
    this.steps.add({before, after});
    this.#restore(after);
  }

  #restore({draft, suggestions, objects}) {
    for (const [id, object] of objects) {
      if (object) this.objects.set(id, object);
      else this.objects.delete(id);
      this.saver.saveObject(this.picture.id, id, object && drafts.toWire(object));
    }
    this.draft = draft;
    this.suggestions = suggestions;
    this.visit.suggestions = suggestions;
    if (objects.length) this.tell('objects');
    this.tell('draft', 'suggestions');
    this.#complete();
  }

  undo() {
    const step = this.steps.back();
    if (step) this.#restore(step.before);
  }

  redo() {
    const step = this.steps.forth();
    if (step) this.#restore(step.after);
  }

  // Seconds since the last act: those before the first click on a mask are its own, too.
  #spent() {
    const now = performance.now(), seconds = (now - this.#lastAct) / 1000;
    this.#lastAct = now;
    return Math.min(idle, seconds);
  }

  #started() {
    const draft = this.draft ?? drafts.newDraft(this.name);
    return {...draft, seconds: draft.seconds + this.#spent()};
  }

  addPoint(x, y, label) {
    this.#commit({draft: drafts.withPoint(this.#started(), x, y, label)});
  }

  addBox(box) {
    const draft = this.#started();
    this.#commit({draft: drafts.withBox(draft.hand ? drafts.withPart(draft, this.kind) : draft, box)});
  }

  addStroke(mask) {
    this.#commit({draft: drafts.withStroke(this.#started(), mask, this.kind)});
  }

  addPart() {
    if (!this.draft || !drafts.maskOf(this.draft, this.kind)) return;
    this.#commit({draft: drafts.withPart(this.draft, this.kind)});
  }

  // The mask that would be accepted now; null without one.
  get mask() {
    return this.draft && drafts.maskOf(this.draft, this.kind);
  }

  // Asks for the masks that the draft should have and has not.
  #complete() {
    const draft = this.draft;
    if (!draft || draft.waiting || drafts.isEmptyPrompt(draft.prompt)) return;
    if (!draft.stale && (draft.hand || this.askedKinds.every((kind) => draft.masks[kind]))) return;
    draft.waiting = this.#ask(draft).then((again) => {
      draft.waiting = null;
      if (this.draft !== draft) return;
      this.tell('draft');
      if (again) this.#complete();
    });
    this.tell('draft');
  }

  // Whether to look again at what is missing: the view may have changed meanwhile, or another window asked.
  async #ask(draft) {
    const kind = draft.kind && draft.hand ? draft.kind : this.kind;
    try {
      const kinds = draft.hand ? [kind] : this.askedKinds;
      const answer = await this.predictor.ask(this.picture.id, drafts.questionOf(draft), kinds);
      if (answer && !drafts.fill(draft, answer, kind)) this.trouble('The model sees nothing to change there; brush and eraser do.');
    } catch (error) {
      if (this.draft === draft) this.trouble(error.message, () => this.draft === draft && this.#complete());
      return false;
    }
    return true;
  }

  // Accepts the mask in work; an empty one goes. On leaving, one that was opened and not worked on stays as it was,
  // whatever kind of mask was looked at.
  async accept({leaving = false} = {}) {
    const draft = this.draft;
    if (!draft) return;
    while (draft.waiting && this.draft === draft) await draft.waiting;
    if (this.draft !== draft) return;
    if (draft.stale) {
      this.trouble('The model has not answered the last click; Esc drops the mask.', () => this.draft === draft && this.#complete());
      return;
    }
    const {mask} = this;
    const before = draft.opened;
    const touched = !before || draft.clicks !== before.clicks || draft.name !== before.name ||
      (!leaving && mask !== before.mask);
    if (!mask?.area || !touched) {
      this.#commit({draft: null});
      return;
    }
    const id = draft.id ?? this.#takeId();
    const {seconds} = this.#started();
    this.#commit({draft: null, objects: [[id, drafts.objectOf({...draft, seconds}, id, this.kind)]]});
  }

  #takeId() {
    this.visit.nextId = this.#nextId + 1;
    return this.#nextId++;
  }

  drop() {
    if (this.draft) this.#commit({draft: null});
  }

  // Deletes an object; without an id, the one that is open.
  remove(id = this.draft?.id) {
    if (!id) {
      this.drop();
      return;
    }
    this.#commit({draft: this.draft?.id === id ? null : this.draft, objects: [[id, null]]});
  }

  async open(id) {
    if (this.draft?.id === id) return;
    await this.accept({leaving: true});
    const object = this.objects.get(id);
    if (this.draft || !object) return;
    this.#commit({draft: drafts.openedDraft(object)});
  }

  // Begins a mask anew, also where an object lies.
  async begin() {
    if (!this.picture) return;
    await this.accept({leaving: true});
    if (this.draft) return;
    this.#commit({draft: drafts.newDraft(this.name)});
  }

  setName(name) {
    this.name = name;
    if (this.draft && this.draft.name !== name) this.#commit({draft: {...this.draft, name}});
    this.tell('classes');
  }

  // found: [{mask, score, name?, source}], those that are there already are left out.
  suggest(found) {
    const there = [...this.objects.values()].map((object) => object.mask);
    const fresh = found.filter(({mask}) => mask.area && !there.some((other) => iou(mask, other) > sameObject));
    this.#commit({suggestions: fresh});
    return fresh.length;
  }

  acceptSuggestions(accepted) {
    const seconds = this.#spent() / accepted.length;
    const objects = accepted.map(({mask, name, source, prompts}) => {
      const id = this.#takeId();
      return [id, {id, name: name ?? this.name, mask, prompts: prompts ?? [], kind: this.kind, clicks: 1, seconds,
        edited: false, source}];
    });
    this.#commit({objects, suggestions: this.suggestions.filter((one) => !accepted.includes(one))});
  }

  dismissSuggestions(dismissed) {
    this.#commit({suggestions: this.suggestions.filter((one) => !dismissed.includes(one))});
  }

  // The smallest thing under a point: {suggestion} or {object}; null without one.
  under(x, y, objectsShown = true) {
    const smallest = (items) => items.filter(({mask}) => mask.has(x, y)).sort((a, b) => a.mask.area - b.mask.area)[0];
    const suggestion = smallest(this.suggestions);
    if (suggestion) return {suggestion};
    const object = objectsShown ? smallest([...this.objects.values()]) : null;
    return object ? {object} : null;
  }
}
