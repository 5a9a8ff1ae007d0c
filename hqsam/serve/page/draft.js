// SPDX-License-Identifier: Apache-2.0
// The mask in work. A draft is a value: each act makes a new one, so that undoing is taking the old one again. Only
// its masks come later, with the server's answer.
//
//   id      of the object it came from; null for a new one
//   name    class, or null
//   prompt  {box, points, labels} that the model is asked now
//   earlier prompts of the parts made before
//   base    their mask; what the model says is added to it
//   masks   by kind, base included; `stale` until they answer the prompt
//   hand    the mask once it was touched by hand: then it alone counts
import {Mask, changedAround, union} from './mask.js';

const noPrompt = {box: null, points: [], labels: []};

export function newDraft(name) {
  return {id: null, name, prompt: noPrompt, earlier: [], base: null, masks: {}, scores: {}, stale: false, hand: null,
    kind: null, clicks: 0, seconds: 0, edited: false, source: 'prompt', opened: null};
}

// An accepted object, to go on with. One that answers a single prompt can be asked again; any other is as drawn by hand.
export function openedDraft(object) {
  const {id, name, clicks, seconds, edited, source, kind} = object;
  const draft = {...newDraft(name), id, clicks, seconds, edited, source, kind, opened: object};
  if (edited || source !== 'prompt' || object.prompts.length !== 1) {
    return {...draft, earlier: object.prompts, hand: object.mask};
  }
  return {...draft, prompt: {...noPrompt, ...object.prompts[0]}, masks: {[kind]: object.mask}};
}

export function isEmptyPrompt(prompt) {
  return !prompt.box && prompt.points.length === 0;
}

export function withPoint(draft, x, y, label) {
  const prompt = {...draft.prompt, points: [...draft.prompt.points, [x, y]], labels: [...draft.prompt.labels, label]};
  return {...draft, prompt, clicks: draft.clicks + 1, stale: true};
}

export function withBox(draft, box) {
  return {...draft, prompt: {...draft.prompt, box}, clicks: draft.clicks + 1, stale: true};
}

export function withStroke(draft, mask, kind) {
  const source = draft.source === 'prompt' && !draft.earlier.length && isEmptyPrompt(draft.prompt) ? 'brush' : draft.source;
  return {...draft, hand: mask, kind: draft.kind ?? kind, clicks: draft.clicks + 1, edited: true, stale: false, source};
}

// What comes next is added to the mask as it is.
export function withPart(draft, kind) {
  const earlier = isEmptyPrompt(draft.prompt) ? draft.earlier : [...draft.earlier, draft.prompt];
  return {...draft, earlier, prompt: noPrompt, base: maskOf(draft, kind), masks: {}, hand: null, kind};
}

// The mask as of a kind of mask; null while there is none.
export function maskOf(draft, kind) {
  return draft.hand ?? draft.masks[kind] ?? draft.base ?? null;
}

// What to send for the draft. By hand, the mask itself is the prompt, and the last click says where.
export function questionOf(draft) {
  const {box, points, labels} = draft.prompt;
  if (draft.hand) return {points: points.slice(-1), labels: labels.slice(-1), mask: draft.hand.toWire()};
  const question = {};
  if (box) question.box = box;
  if (points.length) Object.assign(question, {points, labels});
  return question;
}

// Puts the server's answer into the draft that asked; false where it changes nothing.
export function fill(draft, answer, kind) {
  const said = Object.entries(answer.masks).map(([name, {mask, iou}]) => [name, Mask.fromWire(mask), iou]);
  draft.stale = false;
  if (draft.hand) {
    const [, wanted] = said.find(([name]) => name === kind) ?? said[0];
    const [x, y] = draft.prompt.points.at(-1);
    const changed = changedAround(draft.hand, wanted, x, y, draft.prompt.labels.at(-1));
    draft.hand = changed ?? draft.hand;
    return changed !== null;
  }
  for (const [name, mask, iou] of said) {
    draft.masks = {...draft.masks, [name]: draft.base ? union(draft.base, mask) : mask};
    draft.scores = {...draft.scores, [name]: iou};
  }
  return true;
}

// The object that the draft is accepted as.
export function objectOf(draft, id, kind) {
  const prompts = isEmptyPrompt(draft.prompt) ? draft.earlier : [...draft.earlier, draft.prompt];
  const {name, clicks, seconds, edited, source} = draft;
  return {id, name, mask: maskOf(draft, kind), prompts, kind: draft.hand ? draft.kind ?? kind : kind, clicks, seconds, edited,
    source};
}

export function toWire(object) {
  const {id, name, mask, prompts, kind, clicks, edited, source} = object;
  const {x, y, w, h} = mask.box;
  const seconds = Math.round(object.seconds * 10) / 10;
  return {id, class: name, mask: mask.toWire(), box: [x, y, x + w, y + h], prompts: prompts.map(promptToWire), kind, clicks,
    seconds, edited, source};
}

function promptToWire({box, points, labels}) {
  const prompt = {};
  if (box) prompt.box = box;
  if (points?.length) Object.assign(prompt, {points, labels});
  return prompt;
}

export function fromWire(wire) {
  const {id, prompts, kind, clicks, seconds, edited, source} = wire;
  return {id, name: wire.class ?? null, mask: Mask.fromWire(wire.mask), prompts: prompts ?? [], kind, clicks: clicks ?? 0,
    seconds: seconds ?? 0, edited: edited ?? false, source: source ?? 'prompt'};
}
