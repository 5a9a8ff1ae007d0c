// SPDX-License-Identifier: Apache-2.0
// Keys. The table is the help as well.
import {byId, element} from './dom.js';

// acts: name -> function; a key that repeats while it is held says so in `repeats`.
const table = [
  ['On the picture', [
    [['click'], 'what is in; on an object: opens it; on a suggestion: accepts it'],
    [['right click', 'Shift click'], 'what is not in'],
    [['drag'], 'a box around it'],
    [['Alt click'], 'a new mask where an object lies'],
    [['wheel', 'pinch'], 'nearer and farther; with brush and eraser the wheel changes their size, with Ctrl it zooms'],
    [['Space drag', 'middle drag', 'two fingers'], 'moves the picture'],
  ]],
  ['Masks', [
    [['1', '…', '9', '0'], 'class of this mask and the next; 0: none', null],
    [['Enter'], 'accept the mask; without one: the suggestion on top', 'accept'],
    [['Esc'], 'drop the mask', 'drop'],
    [['Del', '⌫'], 'delete the open object; without one: dismiss the suggestion on top', 'remove', ['delete', 'backspace']],
    [['N'], 'a new mask, also where an object lies', 'begin'],
    [['M'], 'a further part of the same mask', 'part'],
    [['Ctrl Z'], 'undo', 'undo'],
    [['Ctrl Shift Z', 'Ctrl Y'], 'redo', 'redo'],
  ]],
  ['Tools', [
    [['C'], 'in: clicks and boxes', 'in'],
    [['X'], 'out', 'out'],
    [['B'], 'brush; the right button erases', 'brush'],
    [['E'], 'eraser', 'eraser'],
    [['[', ']'], 'smaller, larger', null],
    [['T'], 'SAM, HQ or both', 'kinds'],
    [['H'], 'preview of the mask under the mouse, on or off', 'hover'],
    [['O'], 'objects shown or hidden', 'objects'],
    [['G'], 'suggest masks of everything', 'suggest'],
    [['P'], 'suggest the masks of the picture before', 'follow'],
  ]],
  ['Pictures', [
    [['A', 'D'], 'previous, next', null],
    [['F'], 'this one is done; next', 'finish'],
    [['Z'], 'the whole picture', 'fit'],
    [['+', '−'], 'nearer, farther', null],
    [['?'], 'these keys', 'help'],
  ]],
];

const more = {a: 'previous', d: 'next', arrowleft: 'previous', arrowright: 'next', '+': 'nearer', '=': 'nearer', '-': 'farther',
  '[': 'smaller', ']': 'larger', escape: 'drop'};
const repeats = new Set(['nearer', 'farther', 'smaller', 'larger', 'undo', 'redo']);

function actsByKey() {
  const acts = new Map(Object.entries(more));
  for (const [, rows] of table) {
    for (const [keys, , act, names] of rows) {
      if (act && !keys[0].startsWith('Ctrl')) for (const key of names ?? keys) acts.set(key.toLowerCase(), act);
    }
  }
  return acts;
}

// The key as on a Latin keyboard, also where the layout is another.
function keyOf(event) {
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase();
  return letter && event.key.length === 1 && event.key > '\x7f' ? letter : event.key.toLowerCase();
}

function digitOf(event) {
  if (/^[0-9]$/.test(event.key)) return Number(event.key);
  const code = /^Digit([0-9])$/.exec(event.code);
  return code && !event.shiftKey ? Number(code[1]) : null;
}

// acts: functions by the names in the table, and choose(number), space(held).
export function listenToKeys(acts) {
  const byKey = actsByKey();
  addEventListener('keydown', (event) => {
    const {target} = event;
    if (target.closest('input, textarea, select, dialog[open]')) {
      if (event.key === 'Escape') target.blur();
      return;
    }
    // A button reached by Tab answers Enter and Space itself.
    if (target.closest('button') && ['Enter', ' '].includes(event.key)) return;
    if (event.key === ' ') {
      event.preventDefault();
      acts.space(true);
      return;
    }
    const key = keyOf(event);
    let act = byKey.get(key) ?? null;
    if (event.ctrlKey || event.metaKey) act = key === 'z' ? (event.shiftKey ? 'redo' : 'undo') : key === 'y' ? 'redo' : null;
    else if (event.altKey) act = null;
    const digit = act || event.ctrlKey || event.metaKey || event.altKey ? null : digitOf(event);
    if (!act && digit === null) return;
    event.preventDefault();
    if (event.repeat && !repeats.has(act)) return;
    if (act) acts[act]();
    else acts.choose(digit);
  });
  addEventListener('keyup', (event) => event.key === ' ' && acts.space(false));
  addEventListener('blur', () => acts.space(false));
  // A button that was clicked does not keep the keys.
  addEventListener('click', (event) => event.detail && event.target.closest?.('button')?.blur());
  byId('key-rows').replaceChildren(...table.map(([title, rows]) => element('section', {}, element('h3', {}, title),
    element('dl', {}, ...rows.flatMap(([keys, text]) => [element('dt', {}, ...keys.map((key) => element('kbd', {}, key))),
      element('dd', {}, text)])))));
}
