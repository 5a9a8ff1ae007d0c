# SPDX-License-Identifier: Apache-2.0
"""annotate.py <hqsam> <checkpoint> <pictures>: the annotation page as its users meet it, and the files it leaves."""
import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
import time

from devtools import Page, find_browser
from server import Server

SHIFT, CTRL = 8, 2
SIZE = 512  # of the sample pictures


class Test:
    def __init__(self, hqsam, checkpoint, pictures, torn=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='hqsam_annotate'))
        images = self.folder / 'images'
        images.mkdir()
        for picture in sorted(pathlib.Path(pictures).glob('*.jpg')):
            shutil.copy(picture, images)
        if torn:
            (images / 'torn.jpg').write_bytes((images / 'kite.jpg').read_bytes()[:700])
        self.server = Server(hqsam, checkpoint, str(images), str(self.folder / 'my_masks'), 'bicycle,chair,kite')
        self.page = Page(find_browser())

    def close(self):
        self.page.close()
        self.server.kill()
        shutil.rmtree(self.folder)

    def forgive(self, *parts):
        """The browser itself notes each answer that is an error; those that a step is about are no fault."""
        self.page.said = [line for line in self.page.said
                          if not (line.startswith('Failed to load resource') and any(part in line for part in parts))]

    # What the page's modules know.
    def ask(self, code):
        return self.page.run(f'import("/page/main.js").then(({{editor, album, view, tools, layers}}) => {code})')

    def wait(self, code, seconds=20):
        self.page.wait(f'import("/page/main.js").then(({{editor, album, view, tools, layers}}) => {code})', seconds)

    def wait_saved(self):
        self.page.wait('document.querySelector("#saving").dataset.state === "saved"')

    def wait_mask(self):
        self.wait('editor.draft && !editor.draft.waiting && !editor.draft.stale && editor.mask?.area > 0')

    def wait_picture(self, stem):
        self.wait(f'editor.picture?.name === "{stem}.jpg" && album.ready')

    def on_screen(self, x, y):
        """Where a point of the picture is."""
        return self.ask(f'{{ const box = document.querySelector("#stage").getBoundingClientRect();'
                        f' return [box.x + view.left + {x} * view.scale, box.y + view.top + {y} * view.scale]; }}')

    def click(self, x, y, **how):
        self.page.click(*self.on_screen(x, y), **how)

    def drag(self, *points, **how):
        self.page.drag([self.on_screen(*point) for point in points], **how)

    def accept(self):
        """Accepts the mask in work; the new object's id."""
        self.page.key('Enter')
        self.wait('!editor.draft')
        self.wait_saved()
        return self.ask('Math.max(...editor.objects.keys())')

    def shown(self, number):
        """The pixels of an object as the page has them."""
        runs = self.ask(f'editor.objects.get({number}).mask.runs')
        return b''.join(bytes([i % 2]) * run for i, run in enumerate(runs))

    def check_file(self, stem, number):
        mask = self.server.mask(stem, number)
        assert mask == self.shown(number), f'masks/{stem}_{number}.png is not what was drawn'
        assert sum(mask) > 0
        return self.server.objects(stem)[number]


def near(values, wanted, by=1.0):
    return len(values) == len(wanted) and all(abs(value - want) <= by for value, want in zip(values, wanted))


def capsule(a, b, radius):
    """Pixels whose middle is within a radius of a line, as 0 and 1."""
    (x0, y0), (x1, y1) = a, b
    dx, dy = x1 - x0, y1 - y0
    out = bytearray()
    for y in range(SIZE):
        for x in range(SIZE):
            px, py = x + 0.5 - x0, y + 0.5 - y0
            along = min(1, max(0, (px * dx + py * dy) / (dx * dx + dy * dy)))
            out.append((px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius)
    return bytes(out)


def opens(test):
    test.page.go(test.server.address)
    test.wait_picture('bicycle')
    assert 'token' not in test.page.run('location.href'), 'the token stays in the address'
    rows = test.page.run('[...document.querySelectorAll("#picture-rows .row")].map((row) => row.title)')
    assert rows == ['bicycle.jpg', 'chair.jpg', 'kite.jpg', 'torn.jpg'], rows


def clicks(test):
    test.page.key('2')
    test.click(256, 256)
    test.wait_mask()
    test.click(40, 40, button='right')
    test.wait_mask()
    test.click(300, 300, modifiers=SHIFT)
    test.wait_mask()
    number = test.accept()
    item = test.check_file('bicycle', number)
    assert item['class'] == 'chair' and item['clicks'] == 3 and not item['edited'], item
    assert item['prompts'][0]['labels'] == [1, 0, 0] and near(item['prompts'][0]['points'][0], [256, 256]), item


def hover(test):
    """The mask under the mouse: the latest alone, and never two questions at once."""
    test.page.run('''{
      const fetched = window.fetch;
      window.asked = {now: 0, most: 0, all: 0};
      window.fetch = async (path, request) => {
        if (!path.endsWith('/predict')) return fetched(path, request);
        asked.all += 1;
        asked.most = Math.max(asked.most, ++asked.now);
        try {
          return await fetched(path, request);
        } finally {
          asked.now -= 1;
        }
      };
    }''')
    x, y = test.on_screen(60, 60)
    for i in range(60):
        test.page.mouse('mouseMoved', x + 2 * i, y + i)
    test.wait('layers.pointer.hover || layers.pointer.item')
    test.wait('asked.now === 0')
    all_asked, most = test.page.run('[asked.all, asked.most]')
    assert 1 <= all_asked <= 60 and most == 1, (all_asked, most)
    test.page.key('h')
    test.page.mouse('mouseMoved', x, y + 100)
    test.page.mouse('mouseMoved', x, y + 110)
    assert test.page.run('asked.all') == all_asked
    test.page.key('h')


def two_windows(test):
    """A change from elsewhere is told, and either of the two is taken."""
    number = test.ask('Math.max(...editor.objects.keys())')
    for key, button, wanted in (('2', 'Keep mine', 'chair'), ('1', 'Take theirs', 'kite')):
        revision = test.server.call('GET', '/api/pictures/0')['revision']
        item = next(one for one in test.server.call('GET', '/api/pictures/0')['objects'] if one['id'] == number)
        item['class'] = 'kite'
        test.server.call('PUT', f'/api/pictures/0/objects/{number}', {'revision': revision, 'object': item})
        test.page.press(f'#object-rows .row[data-id="{number}"] .open')
        test.wait(f'editor.draft?.id === {number}')
        test.page.key(key)
        test.page.key('Enter')
        test.page.wait('document.querySelectorAll(".notice.saver button").length === 2')
        test.page.run(f'[...document.querySelectorAll(".notice.saver button")].find((one) => one.textContent === "{button}").click()')
        test.wait_saved()
        test.wait(f'editor.objects.get({number})?.name === "{wanted}"')
        assert test.check_file('bicycle', number)['class'] == wanted
    test.forgive('409')


def boxes(test):
    test.page.key('1')
    test.drag((50, 150), (200, 300), (460, 480))
    test.wait_mask()
    item = test.check_file('bicycle', test.accept())
    assert item['class'] == 'bicycle' and near(item['prompts'][0]['box'], [50, 150, 460, 480]), item


def parts(test):
    test.page.key('n')
    test.drag((20, 20), (100, 120))
    test.wait_mask()
    test.page.key('m')
    test.drag((300, 20), (420, 120))
    test.wait_mask()
    item = test.check_file('bicycle', test.accept())
    assert [near(prompt['box'][:2], [left, 20]) for prompt, left in zip(item['prompts'], (20, 300))] == [True, True], item


def strokes(test):
    """Brush, eraser, undo and redo, by stroke; the wheel changes the brush."""
    before = test.ask('editor.objects.size')
    test.page.key('n')
    test.page.key('b')
    x, y = test.on_screen(100, 400)
    test.page.mouse('mouseWheel', x, y, deltaX=0, deltaY=-120)
    test.wait('tools.radius > 12.5')
    test.ask('tools.setRadius(10)')
    a, b = [test.ask(f'{{ const box = document.querySelector("#stage").getBoundingClientRect();'
                     f' return view.toPicture({x} - box.x, {y} - box.y); }}')
            for x, y in (test.on_screen(100, 400), test.on_screen(220, 400))]
    test.drag((100, 400), (220, 400))
    test.wait('editor.mask?.area > 0')
    test.page.key('e')
    test.drag((160, 350), (160, 450))
    erased = test.ask('editor.mask.area')
    test.page.key('z', CTRL)
    whole = test.ask('editor.mask.area')
    assert erased < whole == sum(capsule(a, b, 10)), (erased, whole)
    test.page.key('z', CTRL | SHIFT)
    assert test.ask('editor.mask.area') == erased
    number = test.accept()
    item = test.check_file('bicycle', number)
    assert item['edited'] and item['source'] == 'brush', item
    cut = capsule((160, 350), (160, 450), 10)
    wanted = bytes(one & (1 - other) for one, other in zip(capsule(a, b, 10), cut))
    wrong = sum(one != other for one, other in zip(wanted, test.server.mask('bicycle', number)))
    assert wrong <= 40, f'{wrong} pixels are not those of the strokes'  # a pointer stands on whole pixels of the screen
    test.page.key('c')
    assert test.ask('editor.objects.size') == before + 1


def undone_objects(test):
    """Accepting, deleting and classes are undone, on disk as well."""
    number = test.ask('Math.max(...editor.objects.keys())')
    for _ in range(4):  # accept, eraser, brush, new
        test.page.key('z', CTRL)
    test.wait_saved()
    assert test.server.mask('bicycle', number) is None and number not in test.server.objects('bicycle')
    for _ in range(4):
        test.page.key('y', CTRL)
    test.wait_saved()
    test.check_file('bicycle', number)
    test.page.press(f'#object-rows .row[data-id="{number}"] .open')
    test.wait(f'editor.draft?.id === {number}')
    test.page.key('3')
    test.accept()
    assert test.check_file('bicycle', number)['class'] == 'kite'
    test.click(112, 400)  # opens it on the picture
    test.wait(f'editor.draft?.id === {number}')
    test.page.key('Delete')
    test.wait_saved()
    assert test.server.mask('bicycle', number) is None
    test.page.key('z', CTRL)
    test.wait_saved()
    test.page.key('Escape')
    assert test.check_file('bicycle', number)['class'] == 'kite'


def kinds(test):
    """SAM, HQ, both; what is only looked at is not changed."""
    seen = test.page.run('[...document.querySelectorAll("#kinds button")].map((button) => button.dataset.value)')
    if 'both' not in seen:
        return 'the model has no HQ modules'
    number = test.ask('Math.min(...editor.objects.keys())')
    before = test.check_file('bicycle', number)
    test.page.press(f'#object-rows .row[data-id="{number}"] .open')
    test.wait(f'editor.draft?.id === {number}')
    for _ in seen:
        test.page.key('t')
        test.wait('!editor.draft.waiting && editor.askedKinds.every((kind) => editor.draft.masks[kind])')
    test.page.key('n')
    test.page.key('Escape')
    test.wait_saved()
    assert test.check_file('bicycle', number) == before
    return None


def views(test):
    """The wheel zooms around the pointer, space drags, Z shows all."""
    x, y = test.on_screen(128, 128)
    test.page.mouse('mouseWheel', x, y, deltaX=0, deltaY=-240)
    test.wait('!view.isFitted')
    assert near(test.on_screen(128, 128), [x, y], 0.01)
    test.drag((256, 256), (300, 256), button='middle')
    assert test.on_screen(128, 128)[0] > x + 20
    test.page.key('z')
    test.wait('view.isFitted')


def suggestions(test):
    test.page.key('g')
    test.page.wait('!document.querySelector("#suggest").disabled', 60)
    before, found = test.ask('[editor.objects.size, editor.suggestions.length]')
    if not found:
        return 'the model found nothing'
    test.page.key('Enter')
    test.wait_saved()
    assert test.ask('[editor.objects.size, editor.suggestions.length]') == [before + 1, found - 1]
    assert test.check_file('bicycle', test.ask('Math.max(...editor.objects.keys())'))['source'] == 'proposal'
    test.page.press('#dismiss-all')
    assert test.ask('editor.suggestions.length') == 0
    return None


def next_picture(test):
    """Going on accepts the mask in work; F says that a picture is done."""
    test.page.key('b')
    test.drag((20, 460), (60, 460))
    count = test.ask('editor.objects.size')
    test.page.key('d')
    test.wait_picture('chair')
    test.wait_saved()
    assert len(test.server.objects('bicycle')) == count + 1
    test.page.key('a')
    test.wait_picture('bicycle')
    test.page.key('f')
    test.wait_picture('chair')
    test.wait_saved()
    assert test.server.annotation('bicycle')['state'] == 'done'


def followed(test):
    """The masks of the picture before as suggestions: one by a click, one by Enter, the rest dismissed; and undone."""
    test.page.key('p')
    test.page.wait('!document.querySelector("#follow").disabled', 60)
    found = test.ask('editor.suggestions.length')
    assert found >= 3, found
    test.page.press('#suggestion-rows .open')
    test.page.key('Enter')
    test.wait_saved()
    assert test.ask('[editor.objects.size, editor.suggestions.length]') == [2, found - 2]
    for number in test.ask('[...editor.objects.keys()]'):
        assert test.check_file('chair', number)['source'] == 'previous'
    test.page.press('#dismiss-all')
    assert test.ask('editor.suggestions.length') == 0
    test.page.key('z', CTRL)
    assert test.ask('editor.suggestions.length') == found - 2
    test.page.press('#accept-all')
    test.wait_saved()
    assert len(test.server.objects('chair')) == found
    test.page.key('z', CTRL)
    test.page.key('z', CTRL)
    test.wait_saved()
    assert list(test.server.objects('chair')) == [1]


def reload(test):
    test.page.key('a')
    test.wait_picture('bicycle')
    before = {number: test.shown(number) for number in test.ask('[...editor.objects.keys()]')}
    test.page.run('window.isOld = true')
    test.page.call('Page.reload')
    test.page.wait('!window.isOld')
    test.wait_picture('bicycle')
    assert {number: test.shown(number) for number in test.ask('[...editor.objects.keys()]')} == before
    for number in before:
        test.check_file('bicycle', number)


def killed_server(test):
    """kill -9: the page says so, keeps what is drawn, and brings it when the server is back."""
    test.page.key('d')
    test.wait_picture('chair')
    test.server.kill()
    test.page.key('b')
    test.drag((100, 100), (200, 100))
    test.page.key('Enter')
    test.page.wait('document.querySelector(".notice.saver")?.textContent.includes("1 change is kept")')
    assert test.page.run('document.querySelector("#saving").textContent') == 'Not saved'
    test.server.start()
    test.page.wait('document.querySelector("#saving").dataset.state === "saved" || document.querySelector("#locked").open')
    if test.page.run('document.querySelector("#locked").open'):  # another token
        test.page.run(f'document.querySelector("#address").value = "{test.server.address}"')
        test.page.press('#locked button')
    test.wait_saved()
    test.check_file('chair', test.ask('Math.max(...editor.objects.keys())'))
    test.forgive('ERR_CONNECTION', 'ERR_EMPTY_RESPONSE', '401')


def another_port(test):
    """Started anew on another port: what was not saved goes along."""
    test.server.kill()
    test.page.key('b')
    test.drag((300, 100), (400, 100))
    test.page.key('Enter')
    test.page.wait('document.querySelector(".notice.saver")?.textContent.includes("Other address")')
    number = test.ask('Math.max(...editor.objects.keys())')
    drawn = test.shown(number)
    test.server.start(port=0)
    test.page.press('.notice.saver button:last-child')
    test.page.run(f'document.querySelector("#address").value = "{test.server.address}"')
    test.page.press('#locked button')
    test.page.wait(f'location.port === "{test.server.port}"')
    test.wait('album.ready')
    test.page.press('#picture-rows .row[title="chair.jpg"]')
    test.wait_picture('chair')
    assert test.shown(number) == drawn and test.page.run('window.name') == ''
    test.check_file('chair', number)
    test.forgive('ERR_CONNECTION', 'ERR_EMPTY_RESPONSE')


def many_objects(test):
    """200 objects: what a pointer that moves costs."""
    revision = test.server.call('GET', '/api/pictures/2')['revision']
    for i in range(200):
        left, top = 24 * (i % 20), 48 * (i // 20)
        runs, rows = [top * SIZE + left], 40
        for _ in range(rows - 1):
            runs += [20, SIZE - 20]
        runs += [20, SIZE * SIZE - sum(runs) - 20]
        item = {'id': i + 1, 'class': 'kite', 'mask': {'size': [SIZE, SIZE], 'runs': runs}, 'box': [left, top, left + 20, top + rows],
                'prompts': [], 'kind': 'hq', 'clicks': 1, 'seconds': 1, 'edited': False, 'source': 'brush'}
        revision = test.server.call('PUT', f'/api/pictures/2/objects/{i + 1}', {'revision': revision, 'object': item})['revision']
    test.page.key('c')
    test.page.key('d')
    test.wait_picture('kite')
    assert test.ask('editor.objects.size') == 200
    cost = test.page.run('''new Promise((resolve) => {
      const stage = document.querySelector('#stage'), box = stage.getBoundingClientRect(), costs = [];
      let left = 80;
      const frame = () => {
        let start = 0;
        requestAnimationFrame(() => (start = performance.now()));
        const begun = performance.now();
        stage.dispatchEvent(new PointerEvent('pointermove', {pointerType: 'mouse', bubbles: true, clientX: box.x + 60 + 8 * left,
          clientY: box.y + 200}));
        const handled = performance.now() - begun;
        requestAnimationFrame(() => {
          costs.push(handled + performance.now() - start);
          if (--left) frame();
          else resolve(costs.sort((a, b) => a - b)[40]);
        });
      };
      frame();
    })''')
    whole = test.ask('''new Promise((resolve) => {
      const costs = [];
      const frame = () => {
        let start = 0;
        requestAnimationFrame(() => (start = performance.now()));
        view.pan(costs.length % 2 ? 1 : -1, 0);
        requestAnimationFrame(() => {
          costs.push(performance.now() - start);
          if (costs.length < 40) frame();
          else resolve(costs.sort((a, b) => a - b)[20]);
        });
      };
      frame();
    })''')
    print(f'    over 200 objects a pointer that moves costs {cost:.2f} ms, moving the picture {whole:.2f} ms (medians)')
    assert cost < 50, cost


def widths(test):
    """At any width the bars' buttons lie on the screen, and none on another."""
    test.page.key('n')
    test.page.key('e')  # the slider of its size takes the most room
    for width in (360, 640, 800, 960, 961, 1100, 1240, 1241, 1920):
        test.page.resize(width, 800)
        time.sleep(0.05)
        found = test.page.run('''[...document.querySelectorAll('.top button, .bottom button, .left .segments button, .stage button')]
          .filter((button) => button.checkVisibility({visibilityProperty: true})).filter((button) => {
            const {left, right, top, bottom} = button.getBoundingClientRect();
            const reached = [left + 2, right - 2].map((x) => document.elementFromPoint(x, (top + bottom) / 2));
            return left < 0 || right > innerWidth || bottom > innerHeight || !reached.every((other) => button.contains(other));
          }).map((button) => button.outerHTML)''')
        assert not found and test.page.run('document.documentElement.scrollWidth <= innerWidth'), (width, found)
    test.page.key('Escape')
    test.page.key('c')
    test.page.resize(1280, 800)


def phone(test):
    """390 pixels: nothing beside the screen, all within reach, fingers work."""
    test.page.resize(390, 844, phone=True)
    test.page.key('c')
    test.page.key('a')
    test.wait_picture('chair')
    test.page.key('n')
    x, y = test.on_screen(256, 256)
    test.page.call('Input.dispatchTouchEvent', type='touchStart', touchPoints=[{'x': x, 'y': y}])
    test.page.call('Input.dispatchTouchEvent', type='touchEnd', touchPoints=[])
    test.wait_mask()
    assert test.page.run('document.documentElement.scrollWidth') <= 390
    beside = '''[...document.querySelectorAll('PLACE button')].filter((button) => button.checkVisibility()).filter((button) => {
      const {left, right, top, bottom, width, height} = button.getBoundingClientRect();
      const reached = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return left < 0 || right > 390 || top < 0 || bottom > 844 || width < 26 || height < 26 || !button.contains(reached);
    }).map((button) => button.outerHTML)'''
    for place in ('.top', '.bottom'):
        assert not (found := test.page.run(beside.replace('PLACE', place))), found
    for button, side in (('#show-pictures', '.left'), ('#show-objects', '.right')):
        test.page.press(button)
        time.sleep(0.3)
        box = test.page.run(f'document.querySelector("{side}").getBoundingClientRect().toJSON()')
        assert box['left'] >= 0 and box['right'] <= 390, (side, box)
        test.page.click(195 if side == '.right' and box['left'] > 195 else (380 if side == '.left' else 10), 400)
        time.sleep(0.3)
    fingers = [[{'x': 150, 'y': 400, 'id': 1}, {'x': 240, 'y': 400, 'id': 2}], [{'x': 100, 'y': 400, 'id': 1}, {'x': 290, 'y': 400, 'id': 2}]]
    before = test.ask('[view.scale, editor.draft.clicks]')
    for kind, points in (('touchStart', fingers[0]), ('touchMove', fingers[1]), ('touchEnd', [])):
        test.page.call('Input.dispatchTouchEvent', type=kind, touchPoints=points)
    after = test.ask('[view.scale, editor.draft.clicks]')
    assert after[0] > 1.5 * before[0] and after[1] == before[1], (before, after)
    test.page.press('#accept')
    test.wait('!editor.draft')
    test.wait_saved()
    test.check_file('chair', test.ask('Math.max(...editor.objects.keys())'))


def masks(test):
    code = (pathlib.Path(__file__).parent / 'masks.js').read_text()
    wrong = test.page.run(code[code.index('(async'):])
    assert not wrong, wrong


def click_on_a_drawn_mask(test):
    """A click changes one piece of a mask that was drawn by hand: all else stays."""
    test.page.key('n')
    test.page.key('b')
    test.ask('tools.setRadius(8)')
    test.drag((60, 60), (60, 400))
    test.wait('editor.mask?.area > 0')
    before = test.ask('editor.mask.area')
    test.page.key('c')
    test.click(256, 256)
    test.wait('editor.draft.clicks === 2 && !editor.draft.waiting')
    assert test.ask('editor.draft.hand !== null && editor.mask.has(60, 200)')
    after = test.ask('editor.mask.area')
    assert after >= before, (before, after)
    test.page.key('Escape')
    test.page.wait('!document.querySelector(".notice.note")')


def broken_picture(test):
    """One that cannot be read is told, and the next can be gone to."""
    test.page.press('#picture-rows .row[title="torn.jpg"]')
    test.page.wait('document.querySelector(".notice.error")?.textContent.startsWith("torn.jpg")')
    test.page.key('b')
    test.page.drag([test.page.middle('#stage'), (500, 500)])
    test.page.key('a')
    test.wait_picture('kite')
    test.page.press('.notice.error button:last-child')


def another_token(test):
    """Without the token the page asks for its address."""
    test.page.run('sessionStorage.clear(), window.isOld = true')
    test.page.call('Page.reload')
    test.page.wait('!window.isOld && document.querySelector("#locked").open')
    test.page.run(f'document.querySelector("#address").value = "{test.server.address}"')
    test.page.press('#locked button')
    test.wait_picture('bicycle')
    test.forgive('401')


def help_on_keys(test):
    test.page.key('?')
    assert test.page.run('document.querySelector("#help").open && document.querySelectorAll("#help dd").length > 20')
    test.page.key('?')
    assert not test.page.run('document.querySelector("#help").open')


STEPS = [opens, help_on_keys, masks, hover, clicks, boxes, parts, strokes, undone_objects, click_on_a_drawn_mask, kinds, views, suggestions, two_windows, next_picture,
         followed, reload, another_token, killed_server, another_port, many_objects, broken_picture, widths, phone]


def main():
    os.environ['OMP_NUM_THREADS'] = '1'  # small work, and other tests may run beside it
    test = Test(*sys.argv[1:4], torn=True)
    try:
        for step in STEPS:
            start = time.monotonic()
            skipped = step(test)
            test.forgive('/api/pictures/3/image')  # torn.jpg, also looked at ahead
            assert not test.page.said, f'the page said: {test.page.said}'
            print(f'{step.__name__}: {"skipped: " + skipped if skipped else "good"} ({time.monotonic() - start:.1f} s)', flush=True)
    except BaseException:
        picture = pathlib.Path(tempfile.gettempdir()) / 'hqsam_page_failed.png'
        with contextlib.suppress(Exception):  # the browser may be gone
            test.page.screenshot(str(picture))
        print(f'FAILED: {step.__name__}; the page said: {test.page.said}; see {picture}', flush=True)
        raise
    finally:
        test.close()


if __name__ == '__main__':
    main()
