// SPDX-License-Identifier: Apache-2.0
// hqsam annotate was started anew on another port, which is another page to the browser: what was not saved goes along
// in the window's name, which stays. The new token in it proves that it is this page's, and no other site's.
import {call, hasToken} from './api.js';

const mark = 'hqsam-unsaved:';

export function moveTo(url, saver, album) {
  const changes = saver.waiting.map((change) => ({...change, name: album.entry(change.picture)?.name}));
  window.name = mark + JSON.stringify({token: url.searchParams.get('token'), changes});
  location.href = url.href;
}

// Saves what came along, by the pictures' names.
export async function takeMoved(saver, album) {
  if (!window.name.startsWith(mark)) return;
  const {token, changes} = JSON.parse(window.name.slice(mark.length));
  for (const {name, id, object, state} of hasToken(token) ? changes : []) {
    const entry = album.pictures.find((picture) => picture.name === name);
    if (!entry) continue;
    saver.setRevision(entry.id, (await call('GET', `/api/pictures/${entry.id}`)).revision);
    if (state) saver.saveState(entry.id, state);
    else saver.saveObject(entry.id, id, object);
    await saver.settled();
  }
  window.name = '';
}
