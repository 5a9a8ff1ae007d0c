// SPDX-License-Identifier: Apache-2.0
// Short ways to the page's elements.

export function byId(id) {
  return document.getElementById(id);
}

// element('button', {class: 'row', onclick: act, ariaLabel: 'x'}, 'text', child, ...)
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') made.className = value;
    else if (name === 'colour') made.style.setProperty('--colour', value);
    else if (name === 'data') Object.assign(made.dataset, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

export function press(button, pressed) {
  button.setAttribute('aria-pressed', String(pressed));
}

// A row of buttons of which one is chosen: items [[value, text], ...].
export function segments(parent, items, chosen, choose) {
  parent.replaceChildren(...items.map(([value, text]) => {
    const button = element('button', {type: 'button', data: {value}, onclick: () => choose(value)}, text);
    press(button, value === chosen);
    return button;
  }));
}

// What this browser remembers between visits; it may remember nothing.
export function remembered(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`hqsam-${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`hqsam-${name}`, JSON.stringify(value));
  } catch {
    // Then it does not.
  }
}
