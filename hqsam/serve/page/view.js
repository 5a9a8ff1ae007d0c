// SPDX-License-Identifier: Apache-2.0
// Where the picture lies on the screen: screen = picture * scale + (left, top), in CSS pixels of the stage.

const closest = 48;  // times

export class View extends EventTarget {
  scale = 1;
  left = 0;
  top = 0;
  #width = 1;
  #height = 1;
  #stage = {width: 1, height: 1};

  setPicture(width, height) {
    this.#width = width;
    this.#height = height;
    this.fit();
  }

  setStage(width, height) {
    const fitted = this.isFitted;
    this.#stage = {width, height};
    if (fitted) this.fit();
    else this.#changed();
  }

  get #whole() {
    const margin = Math.min(24, this.#stage.width / 20);
    return Math.min((this.#stage.width - 2 * margin) / this.#width, (this.#stage.height - 2 * margin) / this.#height, closest);
  }

  get isFitted() {
    return Math.abs(this.scale / this.#whole - 1) < 1e-6;
  }

  fit() {
    this.scale = this.#whole;
    this.left = (this.#stage.width - this.#width * this.scale) / 2;
    this.top = (this.#stage.height - this.#height * this.scale) / 2;
    this.#changed();
  }

  toPicture(x, y) {
    return [(x - this.left) / this.scale, (y - this.top) / this.scale];
  }

  // Around a point of the stage, or its middle.
  zoom(factor, x = this.#stage.width / 2, y = this.#stage.height / 2) {
    const [atX, atY] = this.toPicture(x, y);
    this.scale = Math.min(closest, Math.max(this.#whole / 2, this.scale * factor));
    this.left = x - atX * this.scale;
    this.top = y - atY * this.scale;
    this.#changed();
  }

  pan(dx, dy) {
    this.left += dx;
    this.top += dy;
    this.#changed();
  }

  // Some of the picture always stays in sight.
  #changed() {
    const keep = 48;
    const hold = (at, size, room) => Math.min(Math.max(at, keep - size), room - keep);
    this.left = hold(this.left, this.#width * this.scale, this.#stage.width);
    this.top = hold(this.top, this.#height * this.scale, this.#stage.height);
    this.dispatchEvent(new Event('change'));
  }
}
