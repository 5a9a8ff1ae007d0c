# SPDX-License-Identifier: Apache-2.0
"""The page, its server and its folder, for the steps of the test."""
import pathlib
import shutil
import tempfile

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
