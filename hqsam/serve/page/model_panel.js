// SPDX-License-Identifier: Apache-2.0
// Training on what was annotated, and what a mask costs with each model.
import {call} from './api.js';
import {byId, element} from './dom.js';

const askEvery = 1000;  // milliseconds, while it trains
const busy = new Set(['running', 'evaluating']);
const says = {
  idle: 'Trains the HQ modules on the pictures that are done, and takes the new model if it is better on those kept for validation.',
  running: 'Training', evaluating: 'Measuring the old and the new model', swapped: 'The new model is better, and in use.',
  kept: 'The new model is not better; the old one stays.', failed: 'Training failed.', stopped: 'Stopped.'};

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function withoutEnding(file) {
  return file.replace(/\.(safetensors|pth)$/, '');
}

// A table of rows, the first of them its head.
function fillTable(table, [head, ...rows]) {
  table.replaceChildren(element('thead', {}, element('tr', {}, ...head.map((text) => element('th', {}, text)))),
    element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map((text) => element('td', {}, text))))));
}

// Events: `swapped`: the server has another model now.
export class ModelPanel extends EventTarget {
  #state = 'idle';
  #timer = 0;

  constructor(editor) {
    super();
    this.editor = editor;
    byId('training-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const epochs = Number(byId('epochs').value);
      this.#act('/api/train', epochs ? {epochs} : {});
    });
    byId('stop-training').onclick = () => this.#act('/api/train/stop', {});
  }

  async #act(path, body) {
    try {
      await call('POST', path, body);
      await this.follow();
    } catch (error) {
      this.editor.trouble(error.message);
    }
  }

  // Asks how training stands, again and again while it runs.
  async follow() {
    clearTimeout(this.#timer);
    let training = null;
    try {
      training = await call('GET', '/api/train');
      this.show(training);
    } catch {
      // The server is away: it is asked again below.
    }
    if (!training || busy.has(training.state)) this.#timer = setTimeout(() => this.follow(), training ? askEvery : 4 * askEvery);
  }

  show(training) {
    const {state, progress, left_seconds: left, line, result} = training;
    const runs = busy.has(state);
    byId('training-says').textContent = (says[state] ?? state) + (runs && left > 0 ? `, ${duration(left)} left` : '');
    byId('training-progress').hidden = !runs;
    if (state === 'running' && progress > 0) byId('training-progress').value = progress;
    else byId('training-progress').removeAttribute('value');
    byId('training-line').hidden = !line || !(state === 'running' || state === 'failed');
    byId('training-line').textContent = (line ?? '').replace(/^info: /, '');
    byId('training-form').hidden = runs;
    byId('stop-training').hidden = !runs;
    byId('training-scores').hidden = !result;
    if (result) this.#showScores(result);
    const before = this.#state;
    this.#state = state;
    if (busy.has(before) && !runs) this.showStatistics();
    if (busy.has(before) && state === 'swapped') this.dispatchEvent(new Event('swapped'));
  }

  #showScores({old, new: fresh, masks}) {
    const percent = (value) => value?.toFixed(1) ?? '';
    const row = (name, key) => [name, percent(old?.[key]), percent(fresh?.[key])];
    fillTable(byId('training-scores'), [[!masks ? '' : masks === 1 ? 'on 1 mask' : `on ${masks} masks`, 'old', 'new'], row('mIoU', 'mIoU'), row('boundary', 'mBIoU')]);
  }

  showCheckpoint({checkpoint, fingerprint, version}) {
    byId('checkpoint').replaceChildren(element('b', {}, checkpoint), element('small', {}, `${fingerprint ?? ''} · hqsam ${version}`));
  }

  async showStatistics() {
    try {
      const {models} = await call('GET', '/api/statistics');
      byId('no-statistics').hidden = models.length > 0;
      if (!models.length) return;
      const one = (value) => (value ?? 0).toFixed(1);
      fillTable(byId('statistics'), [['model', 'masks', 'clicks', 's', 'hand'], ...models.map((model) =>
        [withoutEnding(model.checkpoint), String(model.masks), one(model.clicks_per_mask), one(model.seconds_per_mask), `${Math.round((model.edited ?? 0) * 100)} %`])]);
    } catch (error) {
      this.editor.trouble(error.message, () => this.showStatistics());
    }
  }
}
