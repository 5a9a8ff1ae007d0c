# SPDX-License-Identifier: Apache-2.0
"""screenshots.py <hqsam> <checkpoint with HQ modules>: renews docs/annotate.jpg and docs/annotate_phone.jpg."""
import pathlib
import sys
import time

from harness import Test

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def scene(test, dark):
    test.page.call('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])


def main():
    test = Test(sys.argv[1], sys.argv[2], SOURCE / 'data' / 'samples')
    try:
        page = test.page
        scene(test, dark=False)
        page.go(test.server.address)
        test.wait_picture('bicycle')
        # The first picture is done, the second at work.
        test.drag((12, 130), (500, 450))
        test.wait_mask()
        test.accept()
        page.key('f')
        test.wait_picture('chair')
        page.key('2')
        page.press('#kinds [data-value="both"]')
        box = [float(value) for value in (sys.argv[3] if len(sys.argv) > 3 else '45,35,485,495').split(',')]
        test.drag(box[:2], box[2:])
        test.wait_mask()
        page.mouse('mouseMoved', 5, 5)
        time.sleep(0.5)
        page.screenshot(str(SOURCE / 'docs' / 'annotate.jpg'), 82)
        scene(test, dark=True)
        page.resize(390, 844, phone=True)
        page.key('z')
        time.sleep(0.5)
        page.screenshot(str(SOURCE / 'docs' / 'annotate_phone.jpg'), 80)
        assert not page.said, page.said
    finally:
        test.close()


if __name__ == '__main__':
    main()
