// SPDX-License-Identifier: Apache-2.0
// The bars around the picture: tools, the mask in work, kinds of masks, and the drawers of a narrow screen.
import {byId, press, remember, remembered, segments} from './dom.js';
import {classColour} from './paint.js';

const hints = {
  in: 'Click what is in the mask, or drag a box around it', out: 'Click what is not in the mask',
  brush: 'Draw what is in the mask', eraser: 'Draw over what is not in the mask'};
const kindNames = {sam: 'SAM', hq: 'HQ', sum: 'HQ', both: 'Both'};  // sum: of both models' logits, as HQ-SAM does it

export function bindBars({editor, album, tools, layers, view, model, acts}) {
  const clicks = {part: () => editor.addPart(), drop: () => editor.drop(), delete: acts.remove, accept: acts.accept,
    undo: () => editor.undo(), redo: () => editor.redo(), finish: acts.finish, fit: () => view.fit()};
  for (const [id, act] of Object.entries(clicks)) byId(id).onclick = () => act();

  for (const button of byId('tools').children) button.onclick = () => tools.choose(button.dataset.tool);
  // The slider is logarithmic: 0..100 is a radius of 0.5..400 pixels.
  const radiusOf = (value) => 0.5 * 800 ** (value / 100);
  byId('radius').oninput = () => tools.setRadius(radiusOf(Number(byId('radius').value)));
  const showTool = () => {
    for (const button of byId('tools').children) press(button, button.dataset.tool === tools.tool);
    byId('size').hidden = !tools.paints;
    byId('radius').value = 100 * Math.log(tools.radius / 0.5) / Math.log(800);
    byId('radius-says').textContent = `${Math.round(2 * tools.radius)} px`;
    byId('stage').dataset.tool = tools.tool;
    remember('radius', tools.radius);
    remember('hovering', tools.hovering);
  };
  tools.addEventListener('change', showTool);
  tools.hovering = remembered('hovering', true);
  tools.setRadius(remembered('radius', 12));

  const showDraft = () => {
    const {draft, mask, view: seen} = editor;
    byId('draft-bar').hidden = !draft;
    showHint();
    byId('undo').disabled = !editor.steps.canUndo;
    byId('redo').disabled = !editor.steps.canRedo;
    byId('legend').hidden = seen !== 'both' || !mask || draft.hand !== null;
    if (!draft) return;
    byId('draft-class').style.setProperty('--colour', classColour(editor.classes, draft.name));
    byId('draft-class').lastElementChild.textContent = draft.name ?? 'No class';
    const facts = [draft.clicks === 1 ? '1 click' : `${draft.clicks} clicks`];
    const score = draft.hand ? undefined : draft.scores[editor.kind];
    if (score !== undefined) facts.push(`IoU ${score.toFixed(2)}`);
    if (draft.edited) facts.push('by hand');
    byId('draft-facts').textContent = draft.waiting ? 'asking the model…' : draft.clicks || mask ? facts.join(' · ') : 'new mask';
    byId('part').disabled = !mask?.area;
    byId('accept').disabled = !mask?.area && !draft.waiting;
    byId('delete').hidden = draft.id === null;
  };
  for (const name of ['draft', 'kinds', 'classes', 'objects']) editor.addEventListener(name, showDraft);

  const views = () => {
    const better = editor.betterKind;
    return better === 'sam' || !editor.kinds.includes('sam') ? [better] : ['sam', better, 'both'];
  };
  const setView = (seen) => {
    remember('view', seen);
    editor.setView(seen);
  };
  const showKinds = () => {
    byId('kinds-bar').hidden = views().length < 2;
    segments(byId('kinds'), views().map((kind) => [kind, kindNames[kind]]), editor.view, setView);
  };
  editor.addEventListener('kinds', showKinds);

  function showHint() {
    const {picture, draft, suggestions} = editor;
    byId('hint').hidden = draft !== null;
    byId('hint').textContent = !picture ? 'No picture' : !album.ready ? 'The model looks at the picture…'
      : suggestions.length && tools.tool === 'in' ? 'Click a suggestion to accept it; Enter accepts the one with the blue outline'
      : hints[tools.tool];
  }
  editor.addEventListener('suggestions', showHint);
  tools.addEventListener('change', showHint);
  for (const name of ['opening', 'opened', 'ready']) album.addEventListener(name, showHint);

  const drawer = (side) => {
    document.body.dataset.drawer = document.body.dataset.drawer === side ? '' : side;
  };
  byId('show-pictures').onclick = () => drawer('left');
  byId('show-objects').onclick = () => drawer('right');
  byId('draft-class').onclick = () => drawer('right');
  byId('scrim').onclick = () => drawer('');
  album.addEventListener('opening', () => drawer(''));
  byId('class-rows').addEventListener('click', () => drawer(''));

  const chooseTab = (name) => {
    for (const tab of byId('tabs').children) tab.ariaSelected = String(tab.dataset.tab === name);
    for (const tab of document.querySelectorAll('.tab')) tab.hidden = tab.dataset.tab !== name;
    if (name === 'model') model.showStatistics();
  };
  for (const tab of byId('tabs').children) tab.onclick = () => chooseTab(tab.dataset.tab);

  const help = () => byId('help').showModal();
  byId('show-help').onclick = help;
  byId('show-help-narrow').onclick = help;
  byId('help').onclose = () => document.activeElement?.blur();
  byId('help').onclick = (event) => event.target === byId('help') && byId('help').close();
  byId('help').onkeydown = (event) => {
    if (event.key !== '?' || !byId('help').open) return;
    event.stopPropagation();
    byId('help').close();
    document.activeElement?.blur();
  };

  const toggleObjects = () => {
    acts.toggleObjects();
    press(byId('eye'), layers.objectsShown);
  };
  byId('eye').onclick = toggleObjects;
  showTool();
  showDraft();

  return {
    help,
    toggleObjects,
    // Whether one was open.
    closeDrawer() {
      const open = Boolean(document.body.dataset.drawer);
      drawer('');
      return open;
    },
    toggleHover() {
      tools.setHovering(!tools.hovering);
      editor.trouble(tools.hovering ? 'The mask under the mouse is shown.' : 'The mask under the mouse is not shown.');
    },
    nextView() {
      const all = views();
      setView(all[(all.indexOf(editor.view) + 1) % all.length]);
    },
    setKinds(defaultKind) {
      editor.betterKind = defaultKind;
      const wanted = remembered('view', defaultKind);
      editor.setView(views().includes(wanted) ? wanted : defaultKind);
    },
  };
}
