# SPDX-License-Identifier: Apache-2.0
"""annotate.py <hqsam> <checkpoint> <pictures>: the annotation page as its users meet it, and the files it leaves."""
import contextlib
import os
import pathlib
import sys
import tempfile
import time

import drawing
import safety
import screen
from harness import Test

STEPS = [safety.opens, screen.help_on_keys, drawing.masks, screen.hover, drawing.clicks, drawing.boxes,
         drawing.parts, drawing.strokes, drawing.undone_objects, drawing.click_on_a_drawn_mask, drawing.kinds,
         screen.views, drawing.suggestions, safety.two_windows, safety.next_picture, drawing.followed, safety.reload,
         safety.another_token, safety.killed_server, safety.another_port, screen.many_objects, safety.broken_picture,
         screen.widths, screen.phone]


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
