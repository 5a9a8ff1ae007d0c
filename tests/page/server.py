# SPDX-License-Identifier: Apache-2.0
"""hqsam annotate as a process, and its files."""
import json
import pathlib
import re
import subprocess
import urllib.request

from png import read_mask


class Server:
    def __init__(self, hqsam, checkpoint, images, output, classes):
        self.command = [hqsam, 'annotate', '--checkpoint', checkpoint, '--images', images, '--output', output, '--classes', classes]
        self.output = pathlib.Path(output)
        self.port = 0
        self.start()

    def start(self, port=None):
        """Starts it, on the port of before where it ran already, or on another."""
        self.port = self.port if port is None else port
        self.log = open(self.output.with_suffix('.log'), 'ab')
        self.process = subprocess.Popen([*self.command, '--port', str(self.port)], stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            found = re.search(r'http://127\.0\.0\.1:(\d+)/\?token=(\w+)', line)
            if found:
                break
        else:
            raise RuntimeError(f'no address: {self.output.with_suffix(".log").read_text()}')
        self.address, self.port, self.token = found[0], int(found[1]), found[2]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def call(self, method, path, body=None):
        request = urllib.request.Request(f'http://127.0.0.1:{self.port}{path}', method=method, headers={'X-Token': self.token},
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def annotation(self, stem):
        return json.loads((self.output / 'annotations' / f'{stem}.json').read_text())

    def objects(self, stem):
        """Of a picture, by their ids."""
        return {item['id']: item for item in self.annotation(stem)['objects']}

    def mask(self, stem, number):
        """Pixels of a mask's file as 0 and 1; None without the file."""
        path = self.output / 'masks' / f'{stem}_{number}.png'
        if not path.exists():
            return None
        pixels = read_mask(path)[2]
        assert set(pixels) <= {0, 255}, f'{path} has other values than 0 and 255'
        return bytes(value & 1 for value in pixels)
