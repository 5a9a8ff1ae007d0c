# SPDX-License-Identifier: Apache-2.0
"""hqsam annotate as a process, for the scripts here."""
import http.client
import json
import subprocess
from pathlib import Path


class Server:
    def __init__(self, hqsam, folder, options):
        command = [hqsam, "annotate", "--images", folder / "pictures", "--output", folder / "out", *options]
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        url = self.process.stdout.readline().strip()
        self.port = int(url.split(":")[2].split("/")[0])
        self.token = url.split("token=")[1]
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    def ask(self, method, path, body=None, headers=None):
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, {"X-Token": self.token, **(headers or {})})
        answer = self.connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if answer.getheader("Content-Type") == "application/json" else data

    def memory(self):  # MiB
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def end(self):
        self.process.terminate()
        return self.process.wait(60)
