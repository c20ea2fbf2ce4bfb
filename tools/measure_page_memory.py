"""Measures the memory of the review page's process while one photo after another is accepted.

Run: python -m tools.measure_page_memory [--photos 600]
It speaks to Chromium directly: Playwright has the page's process record every answer, which grows by itself.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.measure_review import make_queue, served

_SWITCHES = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --enable-precise-memory-info --window-size=1280,800"""


class Browser:
    """One page of a Chromium, by the DevTools protocol over a WebSocket (RFC 6455), as far as it is needed here."""

    def __init__(self, profile: Path) -> None:
        command = [shutil.which("chromium") or "chromium", *_SWITCHES.split(), "--remote-debugging-port=0"]
        self.process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self._port(profile / "DevToolsActivePort")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            page = next(each for each in json.load(answer) if each["type"] == "page")
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._shake_hands(urlsplit(page["webSocketDebuggerUrl"]).path, port)
        self._calls = 0

    def _port(self, file: Path) -> int:
        deadline = time.monotonic() + 30
        while not file.is_file() or not file.read_text():
            if time.monotonic() > deadline:
                raise TimeoutError("Chromium did not start")
            time.sleep(0.1)
        return int(file.read_text().split()[0])

    def _shake_hands(self, path: str, port: int) -> None:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._socket.sendall(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self._socket.recv(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls a method and returns its result."""
        self._calls += 1
        self._send(json.dumps({"id": self._calls, "method": method, "params": parameters}).encode())
        while True:
            message = json.loads(self._receive())
            if message.get("id") == self._calls:
                return dict(message.get("result", {}))

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def press(self, key: str) -> None:
        """Presses a letter's key."""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key, code=f"Key{key.upper()}")
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=f"Key{key.upper()}")

    def megabytes(self) -> float:
        """Resident memory of its largest page process."""
        sizes = [0.0]
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if b"--type=renderer" in (path / "cmdline").read_bytes() and self._is_own(path):
                    sizes.append(int((path / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)
            except OSError:
                continue
        return max(sizes)

    def _is_own(self, path: Path) -> bool:
        while path.name not in ("0", "1"):
            if path.name == str(self.process.pid):
                return True
            path = path.with_name((path / "stat").read_text().rpartition(")")[2].split()[1])
        return False

    def _send(self, content: bytes) -> None:
        mask = secrets.token_bytes(4)
        size = bytes([0x80 | len(content)]) if len(content) < 126 else b"\xfe" + struct.pack(">H", len(content))
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(content))
        self._socket.sendall(b"\x81" + size + mask + masked)

    def _receive(self) -> bytes:
        size = self._read(2)[1] & 127
        if size > 125:
            size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
        return self._read(size)

    def _read(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            content += self._socket.recv(size - len(content))
        return content


def walk(browser: Browser, photos: int) -> None:
    """Accepts photos, and prints the memory after every hundred."""
    for done in range(photos + 1):
        if done % 100 == 0:
            browser.call("HeapProfiler.collectGarbage")
            script = browser.value("performance.memory.usedJSHeapSize") / 1e6
            print(f"{done} photos: process {browser.megabytes():.0f} MB, script {script:.2f} MB", flush=True)
        browser.value("performance.clearMeasures()")
        browser.press("a")
        deadline = time.monotonic() + 30
        while not browser.value("performance.getEntriesByName('packshot:shown').length"):
            if time.monotonic() > deadline:
                raise TimeoutError("the next photo was not shown")
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=600)
    photos = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as folder:
        queue = make_queue(Path(folder), photos + 100, 2)
        with served(["review", "--catalog", str(queue), "--editor", "me"]) as address:
            visit(Path(folder) / "profile", address, photos)


def visit(profile: Path, address: str, photos: int) -> None:
    """Walks so many photos in a browser of its own."""
    browser = Browser(profile)
    try:
        browser.call("Page.navigate", url=address)
        time.sleep(5)
        walk(browser, photos)
    finally:
        browser.process.terminate()
        browser.process.wait()


if __name__ == "__main__":
    main()
