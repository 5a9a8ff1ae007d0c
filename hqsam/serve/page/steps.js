// SPDX-License-Identifier: Apache-2.0
// What was done to a picture, to be undone and done again. A step holds values before and after it, which never change.

export class Steps {
  #done = [];
  #undone = [];

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  add(step) {
    this.#done.push(step);
    this.#undone = [];
  }

  // The step to undo now; null without one.
  back() {
    const step = this.#done.pop() ?? null;
    if (step) this.#undone.push(step);
    return step;
  }

  forth() {
    const step = this.#undone.pop() ?? null;
    if (step) this.#done.push(step);
    return step;
  }
}
