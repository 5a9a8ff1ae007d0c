// SPDX-License-Identifier: Apache-2.0
// Puts the page together.
import {Album} from './album.js';
import {call} from './api.js';
import {bindBars} from './bars.js';
import {byId} from './dom.js';
import {Editor} from './editor.js';
import {Gestures} from './gestures.js';
import {listenToKeys} from './keys.js';
import {Layers} from './layers.js';
import {ModelPanel} from './model_panel.js';
import {takeMoved} from './move.js';
import {Notices} from './notices.js';
import {ObjectsPanel} from './objects_panel.js';
import {PicturesPanel} from './pictures_panel.js';
import {Predictor} from './predictor.js';
import {Saver} from './saver.js';
import {Tools} from './tools.js';
import {View} from './view.js';

const stage = byId('stage');
const saver = new Saver();
export const editor = new Editor(new Predictor(), saver);
export const view = new View();
export const album = new Album(editor, saver);
export const layers = new Layers(stage, view, editor);
export const tools = new Tools(editor, view, layers);
const gestures = new Gestures(stage, view, tools);
const notices = new Notices(editor, saver, album);
const objects = new ObjectsPanel(editor, album, layers);
const model = new ModelPanel(editor);
new PicturesPanel(album);

new ResizeObserver(([entry]) => layers.resize(entry.contentRect.width, entry.contentRect.height)).observe(stage);

album.addEventListener('opening', () => {
  gestures.cancel();
  tools.ready = false;
  stage.classList.add('waits');
});
album.addEventListener('opened', () => {
  stage.classList.remove('waits');
  layers.image = album.image;
  layers.redraw('base', 'draft', 'pointer');
  if (editor.picture) view.setPicture(editor.picture.width, editor.picture.height);
});
album.addEventListener('ready', () => (tools.ready = true));
tools.addEventListener('item', ({detail}) => {
  stage.classList.toggle('on-item', detail !== null);
  objects.mark(detail);
});

async function accept() {
  if (editor.draft) await editor.accept();
  else if (editor.suggestions.length) editor.acceptSuggestions(editor.suggestions.slice(0, 1));
}

function remove() {
  if (editor.draft) editor.remove();
  else if (editor.suggestions.length) editor.dismissSuggestions(editor.suggestions.slice(0, 1));
}

async function finish() {
  await editor.accept({leaving: true});
  if (editor.draft) return;
  if (editor.picture) album.setState('done');
  const id = album.neighbour(1);
  if (id !== null) await album.open(id);
}

function toggleObjects() {
  layers.objectsShown = !layers.objectsShown;
  layers.redraw('base');
}

const bars = bindBars({editor, album, tools, layers, view, model, acts: {accept, remove, finish, toggleObjects}});

listenToKeys({
  accept, remove, finish, drop: () => bars.closeDrawer() || editor.drop(), begin: () => editor.begin(), part: () => editor.addPart(),
  undo: () => editor.undo(), redo: () => editor.redo(),
  in: () => tools.choose('in'), out: () => tools.choose('out'), brush: () => tools.choose('brush'), eraser: () => tools.choose('eraser'),
  smaller: () => tools.setRadius(tools.radius / 1.15), larger: () => tools.setRadius(tools.radius * 1.15),
  kinds: () => bars.nextView(), hover: () => bars.toggleHover(), objects: () => bars.toggleObjects(),
  suggest: () => objects.suggest(), follow: () => objects.follow(),
  previous: () => album.step(-1), next: () => album.step(1), fit: () => view.fit(),
  nearer: () => view.zoom(1.25), farther: () => view.zoom(0.8), help: () => bars.help(),
  choose: (number) => objects.choose(number), space: (held) => {
    gestures.spaceHeld = held;
    stage.classList.toggle('can-pan', held);
  },
});

function showState(state) {
  editor.classes = state.classes;
  editor.kinds = state.kinds;
  bars.setKinds(state.default_kind);
  model.showCheckpoint(state);
  byId('folder').textContent = `Saved in ${state.folder.split(/[\\/]/).at(-1)}`;
  byId('folder').title = state.folder;
  album.setPictures(state.pictures);
}

async function start() {
  let state;
  try {
    state = await call('GET', '/api/state');
  } catch (error) {
    if (error.status === 401) notices.locked(start);
    else notices.trouble(error.message, start);
    return;
  }
  showState(state);
  await takeMoved(saver, album).catch((error) => notices.trouble(error.message, start));
  model.show(state.training);
  model.follow();
  if (!editor.name && state.classes.length) editor.setName(state.classes[0]);
  else editor.tell('classes');
  const named = location.hash.length > 1 ? album.entry(Number(location.hash.slice(1))) : null;
  const first = named ?? album.pictures.find(({state: of}) => of !== 'done') ?? album.pictures[0];
  if (first) await album.open(first.id);
  else notices.trouble('There is no picture in the folder.', start);
}

// Another model: it has to see the picture first.
model.addEventListener('swapped', async () => {
  tools.ready = false;
  try {
    showState(await call('GET', '/api/state'));
  } catch (error) {
    notices.trouble(error.message);
  }
  await album.prepare();
});

start();
