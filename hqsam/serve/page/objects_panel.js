// SPDX-License-Identifier: Apache-2.0
// Classes, suggestions and objects of the picture.
import {call} from './api.js';
import {byId, element, icon, press} from './dom.js';
import {Mask} from './mask.js';
import {classColour} from './paint.js';

const rowsAtMost = 60;  // of suggestions; all are on the picture

export class ObjectsPanel {
  constructor(editor, album, layers) {
    Object.assign(this, {editor, album, layers});
    editor.addEventListener('classes', () => this.#drawAll());
    editor.addEventListener('objects', () => this.#drawAll());
    editor.addEventListener('suggestions', () => this.#drawSuggestions());
    editor.addEventListener('draft', () => this.#markOpen());
    byId('add-class').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#addClass(byId('class-name').value.trim());
    });
    byId('suggest').onclick = () => this.suggest();
    byId('follow').onclick = () => this.follow();
    byId('accept-all').onclick = () => editor.acceptSuggestions(editor.suggestions);
    byId('dismiss-all').onclick = () => editor.dismissSuggestions(editor.suggestions);
    byId('begin').onclick = () => editor.begin();
    byId('object-rows').addEventListener('click', (event) => this.#objectClicked(event));
    for (const [rows, items] of [['object-rows', () => [...editor.objects.values()]], ['suggestion-rows', () => editor.suggestions]]) {
      byId(rows).addEventListener('pointerover', (event) => this.#highlight(event.target.closest('.row'), items()));
      byId(rows).addEventListener('pointerleave', () => this.#highlight(null));
    }
  }

  #highlight(row, items = []) {
    const item = row ? items.find((one, i) => String(one.id ?? i) === row.dataset.id) : null;
    this.layers.pointer = item ? {item} : {};
    this.layers.redraw('pointer');
  }

  // The row of what lies under the pointer on the picture.
  mark(item) {
    for (const row of byId('object-rows').children) row.classList.toggle('under', item !== null && row.dataset.id === String(item.id));
  }

  // The class of a number key, from 1; 0 is none.
  choose(number) {
    const name = number === 0 ? null : this.editor.classes[number - 1];
    if (name !== undefined) this.editor.setName(name);
  }

  async #setClasses(names) {
    try {
      const said = await call('POST', '/api/classes', {classes: names});
      this.editor.classes = said.classes ?? said;
      this.editor.tell('classes', 'draft');
      return true;
    } catch (error) {
      this.editor.trouble(error.message, error.status === 0 ? () => this.#setClasses(names) : null);
      return false;
    }
  }

  async #addClass(name) {
    if (!name) return;
    const {editor} = this;
    if (!editor.classes.includes(name) && !(await this.#setClasses([...editor.classes, name]))) return;
    byId('class-name').value = '';
    byId('class-name').blur();
    editor.setName(name);
  }

  async #removeClass(name) {
    const {editor} = this;
    if (!(await this.#setClasses(editor.classes.filter((other) => other !== name)))) return;
    if (editor.name === name) editor.setName(null);
  }

  #drawAll() {
    this.#drawClasses();
    this.#drawObjects();
    this.#drawSuggestions();
  }

  #drawClasses() {
    const {editor} = this, counts = new Map();
    for (const {name} of editor.objects.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
    const row = (name, number) => {
      const button = element('button', {class: 'row', colour: classColour(editor.classes, name), onclick: () => editor.setName(name)},
        element('kbd', {}, number < 10 ? String(number) : ''), element('i', {class: 'swatch'}),
        element('span', {class: 'grow'}, name ?? 'No class'), element('small', {}, String(counts.get(name) ?? '')));
      press(button, editor.name === name);
      if (name === null || counts.has(name)) return button;
      const remove = element('button', {class: 'icon away', ariaLabel: `Remove class ${name}`, title: 'Remove the class',
        onclick: () => this.#removeClass(name)}, icon('close'));
      return element('div', {class: 'with-away'}, button, remove);
    };
    byId('class-rows').replaceChildren(...editor.classes.map((name, i) => row(name, i + 1)), row(null, 0));
  }

  #drawObjects() {
    const {editor} = this, objects = [...editor.objects.values()].sort((a, b) => b.id - a.id);
    byId('object-count').textContent = objects.length || '';
    byId('object-rows').replaceChildren(...objects.map((object) => {
      const name = object.name ?? 'No class';
      const facts = object.clicks === 1 ? '1 click' : `${object.clicks} clicks`;
      return element('div', {class: 'row', data: {id: object.id}, colour: classColour(editor.classes, object.name)},
        element('button', {class: 'open', title: 'Open it again', ariaLabel: `Open ${name} ${object.id}`}, element('i', {class: 'swatch'}),
          element('span', {class: 'grow'}, `${name} `, element('em', {}, String(object.id))), element('small', {}, facts)),
        element('button', {class: 'icon away', title: 'Delete it', ariaLabel: `Delete ${name} ${object.id}`}, icon('bin')));
    }));
    if (!objects.length) {
      byId('object-rows').append(element('p', {class: 'quiet-text'}, 'Click what is in a mask, or drag a box around it. Enter accepts it.'));
    }
    this.#markOpen();
  }

  #markOpen() {
    const open = String(this.editor.draft?.id ?? '');
    for (const row of byId('object-rows').children) row.classList.toggle('opened', row.dataset.id === open);
  }

  #objectClicked(event) {
    const id = Number(event.target.closest('.row')?.dataset.id);
    if (!id) return;
    if (event.target.closest('.away')) this.editor.remove(id);
    else this.editor.open(id);
  }

  #drawSuggestions() {
    const {editor} = this, {suggestions} = editor;
    byId('suggestion-count').textContent = suggestions.length || '';
    byId('suggestion-acts').hidden = !suggestions.length;
    byId('suggestion-rows').replaceChildren(...suggestions.slice(0, rowsAtMost).map((one, i) => {
      const name = one.name ?? `Suggestion`;
      const score = one.score === undefined ? '' : one.score.toFixed(2);
      return element('div', {class: 'row', data: {id: i}},
        element('button', {class: 'open', title: 'Accept it', ariaLabel: `Accept suggestion ${i + 1}`, onclick: () => editor.acceptSuggestions([one])},
          element('i', {class: 'swatch broken'}), element('span', {class: 'grow'}, name), element('small', {}, score), icon('check')),
        element('button', {class: 'icon away', title: 'Dismiss it', ariaLabel: `Dismiss suggestion ${i + 1}`,
          onclick: () => editor.dismissSuggestions([one])}, icon('close')));
    }));
    const more = suggestions.length - rowsAtMost;
    if (more > 0) byId('suggestion-rows').append(element('p', {class: 'quiet-text'}, `and ${more} more on the picture`));
  }

  // Everything that the model finds.
  suggest() {
    this.#ask('suggest', 'proposals', {}, 'proposal', () => this.suggest());
  }

  // The masks of the picture before, looked for here.
  follow() {
    const {album} = this;
    const at = album.pictures.findIndex(({id}) => id === album.current);
    if (at <= 0) this.editor.trouble('This is the first picture: there is none before it.');
    else this.#ask('follow', 'previous', {from: album.pictures[at - 1].id}, 'previous', () => this.follow());
  }

  async #ask(button, what, body, source, again) {
    const {editor} = this;
    if (!editor.picture) return;
    const {id} = editor.picture;
    byId(button).disabled = true;
    try {
      const {proposals} = await call('POST', `/api/pictures/${id}/${what}`, body);
      if (editor.picture?.id !== id) return;
      if (what === 'proposals') this.album.reached('proposed');
      const found = proposals.map(({mask, iou, class: name}) => ({mask: Mask.fromWire(mask), score: iou, name: name ?? undefined, source}));
      if (!editor.suggest(found)) editor.trouble(source === 'previous' ? 'The picture before has no mask that is not here yet.' : 'The model is sure of nothing that is not here yet.');
    } catch (error) {
      editor.trouble(error.message, again);
    } finally {
      byId(button).disabled = false;
    }
  }
}
