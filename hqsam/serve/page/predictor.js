// SPDX-License-Identifier: Apache-2.0
// Asks for masks: one request at a time, and of those that wait the newest alone is sent.
import {call} from './api.js';

export class Predictor {
  #sequence = Date.now();  // above that of this page before it was loaded again
  #busy = false;
  #waiting = null;

  // The server's answer; null where a newer question came before this one was sent. A hover gives way to a click.
  ask(picture, prompt, kinds, hover = false) {
    return new Promise((resolve, reject) => {
      if (hover && this.#waiting && !this.#waiting.hover) {
        resolve(null);
        return;
      }
      this.#waiting?.resolve(null);
      this.#waiting = {picture, prompt, kinds, hover, resolve, reject};
      this.#send();
    });
  }

  async #send() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting) {
      const {picture, prompt, kinds, resolve, reject} = this.#waiting;
      this.#waiting = null;
      try {
        const seq = ++this.#sequence;
        resolve(await call('POST', `/api/pictures/${picture}/predict`, {seq, prompt, kinds}));
      } catch (error) {
        if (error.status === 409) resolve(null);
        else reject(error);
      }
    }
    this.#busy = false;
  }
}
