// SPDX-License-Identifier: Apache-2.0
// The list of pictures with their state, and the name of the one that is shown.
import {byId, element, segments} from './dom.js';

const filters = [['all', 'All'], ['todo', 'To do'], ['proposed', 'Proposed'], ['done', 'Done']];
const states = {todo: 'to do', proposed: 'proposed', done: 'done'};

export class PicturesPanel {
  #drawn = '';
  #rows = new Map();  // id -> row

  constructor(album) {
    this.album = album;
    album.addEventListener('list', () => this.#draw());
    byId('previous').onclick = () => album.step(-1);
    byId('next').onclick = () => album.step(1);
    byId('picture-rows').addEventListener('click', (event) => {
      const row = event.target.closest('[data-id]');
      if (row) album.open(Number(row.dataset.id));
    });
  }

  #draw() {
    const {album} = this, {shown, pictures} = album;
    segments(byId('filter'), filters, album.filter, (filter) => album.setFilter(filter));
    for (const button of byId('filter').children) {
      const {value} = button.dataset;
      const count = value === 'all' ? pictures.length : pictures.filter(({state}) => state === value).length;
      button.append(element('small', {}, String(count)));
    }
    // Rows are made anew only where others are shown: there may be many thousands.
    const key = `${album.filter} ${shown.map(({id}) => id).join()}`;
    if (key !== this.#drawn) {
      this.#drawn = key;
      this.#rows = new Map(shown.map((picture) => [picture.id, this.#row(picture)]));
      byId('picture-rows').replaceChildren(...this.#rows.values());
      if (!shown.length) byId('picture-rows').append(element('p', {class: 'quiet-text'}, 'No picture is in this state.'));
    }
    for (const picture of shown) this.#update(this.#rows.get(picture.id), picture);
    const current = album.entry();
    if (!current) return;
    const name = current.name.split('/').at(-1);
    byId('picture-name').textContent = name;
    byId('picture-name').title = current.name;
    const place = pictures.indexOf(current) + 1;
    byId('picture-place').textContent = `${place} of ${pictures.length} · ${states[current.state]}`;
    document.title = `${name} · hqsam annotate`;
    byId('finish').classList.toggle('is-done', current.state === 'done');
    const next = this.#rows.get(current.id);
    if (this.#shownRow !== next) next?.scrollIntoView({block: 'nearest'});
    this.#shownRow = next;
  }

  #shownRow = null;

  #row(picture) {
    return element('button', {class: 'row', data: {id: picture.id}, title: picture.name}, element('i', {class: 'state'}),
      element('span', {class: 'grow'}, picture.name), element('small'));
  }

  #update(row, {id, state, objects}) {
    if (row.dataset.state !== state) {
      row.dataset.state = state;
      row.ariaLabel = `${row.title}, ${states[state]}`;
    }
    const count = objects ? String(objects) : '';
    if (row.lastChild.textContent !== count) row.lastChild.textContent = count;
    if (id === this.album.current) row.ariaCurrent = 'true';
    else if (row.ariaCurrent) row.ariaCurrent = null;
  }
}
