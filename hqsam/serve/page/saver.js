// SPDX-License-Identifier: Apache-2.0
// Brings changes to the server one after another. What was not answered is kept and sent again.
import {call} from './api.js';

const pauses = [1000, 2000, 4000, 5000];

// Events: `change` (see status), `picture` (detail: what the server said of a picture), `theirs` (detail: id).
export class Saver extends EventTarget {
  #waiting = new Map();    // the newest change of each thing, oldest first
  #sent = new Map();       // what was sent of it and not answered
  #revisions = new Map();
  #busy = false;
  #tries = 0;
  #timer = 0;
  // state: saved | saving | failed (waits for the server) | refused (waits for the user) | changed (elsewhere)
  status = {state: 'saved', error: null};

  get left() {
    return this.#waiting.size;
  }

  get waiting() {
    return [...this.#waiting.values()];
  }

  waitsFor(picture) {
    return this.waiting.some((change) => change.picture === picture);
  }

  setRevision(picture, revision) {
    this.#revisions.set(picture, revision);
  }

  // object: its form on the wire, or null to delete it.
  saveObject(picture, id, object) {
    this.#add(`${picture}/${id}`, {picture, id, object});
  }

  saveState(picture, state) {
    this.#add(`${picture}/state`, {picture, state});
  }

  // Until nothing waits.
  async settled() {
    while (this.left) await new Promise((resolve) => this.addEventListener('change', resolve, {once: true}));
  }

  retry() {
    clearTimeout(this.#timer);
    this.#send();
  }

  // Gives up the change that was refused.
  discard() {
    const [key] = this.#waiting.keys();
    const {picture} = this.#waiting.get(key);
    this.#waiting.delete(key);
    this.dispatchEvent(new CustomEvent('theirs', {detail: picture}));
    this.retry();
  }

  // The picture was changed elsewhere: what waits here replaces it, or goes.
  keepMine() {
    this.setRevision(this.status.picture, this.status.revision);
    this.retry();
  }

  takeTheirs() {
    const {picture} = this.status;
    for (const [key, change] of this.#waiting) {
      if (change.picture === picture) this.#waiting.delete(key);
    }
    this.dispatchEvent(new CustomEvent('theirs', {detail: picture}));
    this.retry();
  }

  #add(key, change) {
    this.#waiting.delete(key);
    this.#waiting.set(key, change);
    const {state} = this.status;
    if (state === 'saved' || state === 'saving') this.#send();
    else this.#tell(this.status);
  }

  #tell(status) {
    this.status = status;
    this.dispatchEvent(new Event('change'));
  }

  async #send() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting.size) {
      this.#tell({state: 'saving', error: null});
      const [[key, change]] = this.#waiting;
      const failure = await this.#sendOne(key, change).then(() => null, (error) => error);
      if (failure && !(await this.#settled(key, change, failure))) {
        this.#busy = false;
        return;
      }
    }
    this.#busy = false;
    this.#tell({state: 'saved', error: null});
  }

  async #sendOne(key, change) {
    const {picture, id, object, state} = change;
    const revision = this.#revisions.get(picture);
    this.#sent.set(key, change);
    const at = `/api/pictures/${picture}`;
    const said = state ? await call('PUT', `${at}/state`, {revision, state})
      : object ? await call('PUT', `${at}/objects/${id}`, {revision, object})
      : await call('DELETE', `${at}/objects/${id}`, {revision});
    this.#done(key, change, said.revision);
    if (state || said.state) {
      this.dispatchEvent(new CustomEvent('picture', {detail: {id: picture, state: state ?? said.state}}));
    }
  }

  #done(key, change, revision) {
    this.#tries = 0;
    this.#sent.delete(key);
    this.setRevision(change.picture, revision);
    if (this.#waiting.get(key) === change) this.#waiting.delete(key);
  }

  // Whether to go on after a failure.
  async #settled(key, change, error) {
    if (error.status === 0 || error.status >= 500 || error.status === 401) {
      this.#tell({state: 'failed', error});
      const pause = pauses[Math.min(this.#tries++, pauses.length - 1)];
      this.#timer = setTimeout(() => this.#send(), pause);
      return false;
    }
    if (error.status === 409 && error.data.revision !== undefined) return this.#changed(key, change, error);
    if (error.status === 404 && change.object === null) {
      this.#done(key, change, this.#revisions.get(change.picture));
      return true;
    }
    this.#tell({state: 'refused', error});
    return false;
  }

  // A revision that the server left behind: its own, where an answer of it was lost; else somebody else's.
  async #changed(key, change, error) {
    const {picture, id} = change;
    const {revision} = error.data;
    const sent = this.#sent.get(key);
    try {
      if (sent && revision === this.#revisions.get(picture) + 1) {
        const there = await call('GET', `/api/pictures/${picture}`);
        const found = there.objects.find((object) => object.id === id) ?? null;
        const mine = sent.state ? there.state === sent.state : same(found, sent.object);
        if (mine) {
          this.#done(key, sent, revision);
          return true;
        }
      }
    } catch (failure) {
      return this.#settled(key, change, failure);
    }
    this.#tell({state: 'changed', error, picture, revision});
    return false;
  }
}

function same(a, b) {
  if (!a || !b) return a === b;
  return a.class === b.class && JSON.stringify(a.mask.runs) === JSON.stringify(b.mask.runs);
}
