# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, driven over its DevTools protocol with nothing but Python's library."""
import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time

NAMES = ('chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome')


def find_browser():
    """The browser's path; None where there is none that runs (Ubuntu's chromium-browser is an installer of a snap)."""
    for name in NAMES:
        path = shutil.which(name)
        if path and subprocess.run([path, '--version'], capture_output=True, check=False).returncode == 0:
            return path
    return None


class WebSocket:
    """A client of one text websocket."""

    def __init__(self, address):
        host, port, path = re.fullmatch(r'ws://([^:/]+):(\d+)(/.*)', address).groups()
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f'GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                             f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n').encode())
        self.stream = self.socket.makefile('rb')
        status = self.stream.readline()
        if b' 101 ' not in status:
            raise ConnectionError(f'no websocket: {status!r}')
        while self.stream.readline().strip():
            pass

    def send(self, text):
        self._send(1, text.encode())

    def _send(self, kind, data):
        size = len(data)
        if size < 126:
            head = struct.pack('!BB', 0x80 | kind, 0x80 | size)
        elif size < 65536:
            head = struct.pack('!BBH', 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack('!BBQ', 0x80 | kind, 0x80 | 127, size)
        mask = os.urandom(4)
        key = int.from_bytes((mask * (size // 4 + 1))[:size], 'big')
        self.socket.sendall(head + mask + (int.from_bytes(data, 'big') ^ key).to_bytes(size, 'big'))

    def receive(self):
        text = b''
        while True:
            first, second = self._read(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(self._read(2 if size == 126 else 8), 'big')
            data = self._read(size)
            if first & 15 == 8:
                raise ConnectionError('the browser closed the websocket')
            if first & 15 == 9:
                self._send(10, data)
                continue
            text += data
            if first & 0x80:
                return text.decode()

    def _read(self, size):
        data = self.stream.read(size)
        if len(data) < size:
            raise ConnectionError('the browser is gone')
        return data


class Page:
    """One page: what it says on the console or throws is in `said`."""

    def __init__(self, browser, width=1280, height=800):
        self.folder = tempfile.mkdtemp(prefix='hqsam_page')
        self.process = subprocess.Popen(
            [browser, '--headless=new', '--remote-debugging-port=0', f'--user-data-dir={self.folder}', '--no-sandbox', '--no-first-run',
             '--disable-gpu', '--disable-dev-shm-usage', '--disable-extensions', '--disable-background-networking',
             '--disable-component-update', '--disable-sync', '--hide-scrollbars', 'about:blank'],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            found = re.search(r'DevTools listening on (ws://\S+)', line)
            if found:
                break
        else:
            raise RuntimeError('the browser did not start')
        self.socket = WebSocket(found[1])
        self.number = 0
        self.session = None
        self.said = []
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log'):
            self.call(f'{domain}.enable')
        self.resize(width, height)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, **parameters):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            message['sessionId'] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.receive())
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(f'{method}: {answer["error"]}')
                return answer['result']
            self._event(answer)

    def _event(self, event):
        parameters = event.get('params', {})
        if event['method'] == 'Runtime.consoleAPICalled':
            self.said.append(' '.join(str(part.get('value', part.get('description'))) for part in parameters['args']))
        elif event['method'] == 'Runtime.exceptionThrown':
            details = parameters['exceptionDetails']
            self.said.append(details.get('exception', {}).get('description', details['text']))
        elif event['method'] == 'Log.entryAdded':
            entry = parameters['entry']
            self.said.append(f'{entry["text"]} {entry.get("url", "")}')

    def resize(self, width, height, phone=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.call('Emulation.setTouchEmulationEnabled', enabled=phone)

    def go(self, address):
        self.call('Page.navigate', url=address)

    def run(self, code):
        """The value of an expression, awaited."""
        result = self.call('Runtime.evaluate', expression=code, awaitPromise=True, returnByValue=True)
        if 'exceptionDetails' in result:
            details = result['exceptionDetails']
            raise RuntimeError(f'{code}: {details.get("exception", {}).get("description", details["text"])}')
        return result['result'].get('value')

    def wait(self, code, seconds=20):
        """Waits until an expression holds."""
        end = time.monotonic() + seconds
        while True:
            try:
                if self.run(code):
                    return
            except RuntimeError:
                pass  # a page that is being loaded
            if time.monotonic() > end:
                raise TimeoutError(f'not within {seconds} s: {code}')
            time.sleep(0.02)

    def mouse(self, kind, x, y, button='none', modifiers=0, buttons=0, **more):
        self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button=button, buttons=buttons, modifiers=modifiers,
                  clickCount=1 if button != 'none' else 0, **more)

    def click(self, x, y, button='left', modifiers=0):
        held = {'left': 1, 'right': 2, 'middle': 4}[button]
        self.mouse('mouseMoved', x, y, modifiers=modifiers)
        self.mouse('mousePressed', x, y, button, modifiers, held)
        self.mouse('mouseReleased', x, y, button, modifiers)

    def drag(self, points, button='left', modifiers=0):
        held = {'left': 1, 'right': 2, 'middle': 4}[button]
        self.mouse('mouseMoved', *points[0], modifiers=modifiers)
        self.mouse('mousePressed', *points[0], button, modifiers, held)
        for x, y in points[1:]:
            self.mouse('mouseMoved', x, y, button, modifiers, held)
        self.mouse('mouseReleased', *points[-1], button, modifiers)

    def key(self, key, modifiers=0):
        code = f'Key{key.upper()}' if len(key) == 1 and key.isalpha() else key
        self.call('Input.dispatchKeyEvent', type='rawKeyDown', key=key, code=code, modifiers=modifiers)
        self.call('Input.dispatchKeyEvent', type='keyUp', key=key, code=code, modifiers=modifiers)

    def press(self, selector):
        """Clicks the middle of an element."""
        self.click(*self.middle(selector))

    def middle(self, selector):
        return self.run(f'(() => {{ const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();'
                        ' return [box.x + box.width / 2, box.y + box.height / 2]; })()')

    def screenshot(self, path, quality=80):
        options = {'format': 'png'} if path.endswith('.png') else {'format': 'jpeg', 'quality': quality}
        with open(path, 'wb') as file:
            file.write(base64.b64decode(self.call('Page.captureScreenshot', **options)['data']))
