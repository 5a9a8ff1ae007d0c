# SPDX-License-Identifier: Apache-2.0
"""Clicks, boxes, strokes, objects and suggestions: what is drawn is what is on disk."""
import pathlib

from harness import CTRL, SHIFT, capsule, near


def masks(test):
    code = (pathlib.Path(__file__).parent / 'masks.js').read_text()
    wrong = test.page.run(code[code.index('(async'):])
    assert not wrong, wrong


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
