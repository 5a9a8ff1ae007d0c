// SPDX-License-Identifier: Apache-2.0
// Calls of the server. Its token comes in the start address, and from then on stays in this tab alone.

const kept = 'hqsam-token';
let token = takeToken(new URL(location.href)) ?? sessionStorage.getItem(kept) ?? '';

// The token of an address, kept for this tab; null where the address has none.
function takeToken(url) {
  const found = url.searchParams.get('token');
  if (found === null) return null;
  sessionStorage.setItem(kept, found);
  if (url.href === location.href) history.replaceState(null, '', url.pathname);
  return found;
}

// An address that somebody pasted, with a token in it; null where it is none.
export function readAddress(text) {
  try {
    const url = new URL(text.trim());
    return url.searchParams.get('token') ? url : null;
  } catch {
    return null;
  }
}

// Goes on with the token of an address of this server.
export function useAddress(url) {
  token = takeToken(url);
}

export function hasToken(value) {
  return token !== '' && token === value;
}

// status: the server's, or 0 where there was no answer.
export class CallError extends Error {
  constructor(status, message, data) {
    super(message);
    this.status = status;
    this.data = data ?? {};
  }
}

async function answer(method, path, body) {
  const request = {method, headers: {'X-Token': token}};
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers['Content-Type'] = 'application/json';
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new CallError(0, 'hqsam annotate does not answer; is it running?');
  }
  if (response.ok) return response;
  const data = await response.json().catch(() => ({}));
  throw new CallError(response.status, data.error ?? `the server says ${response.status}`, data);
}

// A body that breaks off is no answer.
async function whole(reading) {
  try {
    return await reading;
  } catch {
    throw new CallError(0, 'the answer of hqsam annotate broke off');
  }
}

export async function call(method, path, body) {
  const response = await answer(method, path, body);
  return whole(response.json());
}

export async function fetchImage(id) {
  const response = await answer('GET', `/api/pictures/${id}/image`);
  return createImageBitmap(await whole(response.blob()));
}
