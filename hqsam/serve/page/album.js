// SPDX-License-Identifier: Apache-2.0
// The pictures of the folder: which one is shown, and those visited before.
import {call, fetchImage} from './api.js';
import {fromWire} from './draft.js';
import {Steps} from './steps.js';

const keptVisits = 20, keptImages = 4, askEvery = 400;  // milliseconds

// Events: `list`, `opening`, `opened`, `ready` (the model has seen the picture).
export class Album extends EventTarget {
  pictures = [];    // [{id, name, state, objects}]
  filter = 'all';
  current = null;   // id
  ready = false;
  #visits = new Map();
  #images = new Map();
  #turn = 0;

  constructor(editor, saver) {
    super();
    this.editor = editor;
    this.saver = saver;
    saver.addEventListener('picture', ({detail}) => this.#setState(detail.id, detail.state));
    saver.addEventListener('theirs', ({detail}) => this.reload(detail));
    editor.addEventListener('objects', () => {
      const entry = this.entry();
      if (!entry || !editor.picture) return;
      entry.objects = editor.objects.size;
      this.#tell('list');
    });
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }

  setPictures(pictures) {
    this.pictures = pictures;
    this.#tell('list');
  }

  setFilter(filter) {
    this.filter = filter;
    this.#tell('list');
  }

  entry(id = this.current) {
    return this.pictures.find((picture) => picture.id === id) ?? null;
  }

  get shown() {
    return this.filter === 'all' ? this.pictures : this.pictures.filter(({state}) => state === this.filter);
  }

  // The picture `by` places on, among those that the filter shows; null at the end.
  neighbour(by) {
    const at = this.pictures.findIndex(({id}) => id === this.current);
    for (let i = at + by; i >= 0 && i < this.pictures.length; i += by) {
      if (this.filter === 'all' || this.pictures[i].state === this.filter) return this.pictures[i].id;
    }
    return null;
  }

  async step(by) {
    const id = this.neighbour(by);
    if (id !== null) await this.open(id);
    else this.editor.trouble(by > 0 ? 'This is the last picture.' : 'This is the first picture.');
  }

  // `done` or `todo`, written like every change.
  setState(state) {
    this.saver.saveState(this.current, state);
    this.#setState(this.current, state);
  }

  // What the server made of the state by itself.
  reached(state) {
    if (this.entry().state === 'todo') this.#setState(this.current, state);
  }

  #setState(id, state) {
    const entry = this.entry(id);
    if (entry) entry.state = state;
    const visit = this.#visits.get(id);
    if (visit) visit.picture.state = state;
    this.#tell('list');
  }

  async reload(id) {
    this.#visits.delete(id);
    if (id !== this.current) return;
    this.editor.draft = null;
    await this.open(id);
  }

  // Shows a picture; what was in work on the one before is accepted.
  async open(id) {
    const turn = ++this.#turn;
    await this.editor.accept({leaving: true});
    if (turn !== this.#turn || this.editor.draft) return;
    this.ready = false;
    this.#tell('opening');
    try {
      const [visit, image] = await Promise.all([this.#visit(id), this.#image(id)]);
      if (turn !== this.#turn) return;
      this.current = id;
      this.image = image;
      history.replaceState(null, '', `#${id}`);
      this.editor.show(visit);
    } catch (error) {
      if (turn !== this.#turn) return;
      // Nothing is shown, and the next one can be gone to.
      this.current = id;
      this.image = null;
      this.editor.clear();
      this.editor.trouble(`${this.entry(id)?.name}: ${error.message}`, () => this.open(id));
    }
    this.#tell('list');
    this.#tell('opened');
    await this.prepare();
    if (turn === this.#turn && this.neighbour(1) !== null) this.#image(this.neighbour(1)).catch(() => {});
  }

  // Waits until the model has seen the picture, also while the server is away.
  async prepare() {
    const turn = this.#turn, id = this.current;
    this.ready = false;
    while (turn === this.#turn && this.editor.picture) {
      let pause = askEvery;
      try {
        const {ready} = await call('POST', `/api/pictures/${id}/open`, {});
        if (turn !== this.#turn) return;
        if (ready) {
          this.ready = true;
          this.#tell('ready');
          return;
        }
      } catch (error) {
        if (turn !== this.#turn) return;
        if (error.status !== 0 && error.status !== 401) {
          this.editor.trouble(error.message, () => this.prepare());
          return;
        }
        pause = 4 * askEvery;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #visit(id) {
    const known = this.#visits.get(id);
    this.#visits.delete(id);
    const visit = known ?? await this.#fetchVisit(id);
    this.#visits.set(id, visit);
    for (const old of this.#visits.keys()) {
      if (this.#visits.size <= keptVisits) break;
      if (!this.saver.waitsFor(old)) this.#visits.delete(old);
    }
    return visit;
  }

  async #fetchVisit(id) {
    const {name, width, height, state, revision, objects, next_id: nextId} = await call('GET', `/api/pictures/${id}`);
    this.saver.setRevision(id, revision);
    return {picture: {id, name, width, height, state}, objects: new Map(objects.map((wire) => [wire.id, fromWire(wire)])),
      suggestions: [], steps: new Steps(), nextId: Math.max(nextId ?? 1, ...objects.map((wire) => wire.id + 1))};
  }

  #image(id) {
    const image = this.#images.get(id) ?? fetchImage(id);
    this.#images.delete(id);
    this.#images.set(id, image);
    image.catch(() => this.#images.delete(id));
    for (const old of this.#images.keys()) {
      if (this.#images.size > keptImages && old !== this.current) this.#images.delete(old);
    }
    return image;
  }
}
