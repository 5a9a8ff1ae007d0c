// SPDX-License-Identifier: Apache-2.0
// What the user is told: whether all is saved, and what went wrong, with a way on.
import {readAddress, useAddress} from './api.js';
import {moveTo} from './move.js';
import {byId, element} from './dom.js';

const shownFor = 6000;  // milliseconds, where there is nothing to do about it

export class Notices {
  #trouble = null;
  #timer = 0;

  constructor(editor, saver, album) {
    Object.assign(this, {editor, saver, album});
    editor.addEventListener('trouble', ({detail}) => this.trouble(detail.text, detail.again));
    saver.addEventListener('change', () => this.#draw());
    addEventListener('beforeunload', (event) => {
      if (saver.left && !this.moves) event.preventDefault();
    });
    byId('locked-form').addEventListener('submit', (event) => this.#unlock(event));
  }

  // again: what a retry does, where there is one.
  trouble(text, again = null) {
    clearTimeout(this.#timer);
    this.#trouble = {text, again};
    if (!again) this.#timer = setTimeout(() => this.#forget(), shownFor);
    this.#draw();
  }

  // Without a token nothing works: asks for the address. `then` is called once there is one.
  locked(then = null) {
    this.then = then;
    if (!byId('locked').open) byId('locked').showModal();
  }

  async #unlock(event) {
    const url = readAddress(byId('address').value);
    byId('locked-says').textContent = url ? '' : 'There is no token in it.';
    if (!url) {
      event.preventDefault();
      return;
    }
    if (url.origin !== location.origin) {
      await this.editor.accept({leaving: true});
      this.moves = true;
      moveTo(url, this.saver, this.album);
      return;
    }
    useAddress(url);
    this.then?.();
    this.saver.retry();
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#trouble = null;
    this.#draw();
  }

  #draw() {
    const {saver} = this, {state, error} = saver.status;
    const bar = byId('saving');
    bar.dataset.state = state;
    const text = {saved: 'Saved', saving: 'Saving…'}[state] ?? 'Not saved';
    if (bar.lastElementChild.textContent !== text) bar.lastElementChild.textContent = text;
    const lines = [];
    if (error?.status === 401) this.locked();
    const kept = saver.left === 1 ? '1 change is kept' : `${saver.left} changes are kept`;
    const button = (name, act) => element('button', {onclick: act}, name);
    if (state === 'failed') lines.push(['saver', `Not saved: ${error.message} ${kept} and sent again.`, button('Retry', () => saver.retry()),
      button('Other address', () => this.locked())]);
    if (state === 'refused') {
      lines.push(['saver', `Not saved: ${error.message}`, button('Retry', () => saver.retry()), button('Give up the change', () => saver.discard())]);
    }
    if (state === 'changed') {
      lines.push(['saver', 'This picture was changed in another window.', button('Take theirs', () => saver.takeTheirs()),
        button('Keep mine', () => saver.keepMine())]);
    }
    if (this.#trouble) {
      const {text: said, again} = this.#trouble;
      const retry = again && button('Retry', () => {
        this.#forget();
        again();
      });
      lines.push(retry ? ['error', said, retry, button('Close', () => this.#forget())] : ['note', said]);
    }
    byId('notices').replaceChildren(...lines.map(([kind, said, ...buttons]) =>
      element('div', {class: `notice ${kind}`}, element('span', {}, said), ...buttons)));
  }
}
