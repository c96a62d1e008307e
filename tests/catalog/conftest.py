"""A hub of one's own: it speaks the hub's protocol on the loopback interface, and misbehaves when told to."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

COMMIT = "c" * 40
_ABOUT = {"X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
_SMALL = "/api/resolve-cache/models/"
"""Where the hub sends those who ask for a small file."""


@dataclass
class FakeHub:
    """Repositories, and what goes wrong with them."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Contents by repository and name. Those of ``.gguf`` and ``.safetensors`` are in large file storage."""
    refuse: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """Status and headers for every request about a repository."""
    page: bytes = b""
    """What a refusal has as its body."""
    moved: dict[str, str] = field(default_factory=dict)
    """New names of repositories that were renamed."""
    trouble: list[Callable[[Handler], bool]] = field(default_factory=list)
    """Each is used up by one read from storage; it answers itself and returns true, or lets it pass."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of every request, in lower case."""
    token: str | None = None
    """Asked for by the hub, never by its storage."""
    url: str = ""
    storage: str = ""

    def add(self, repository: str, name: str, data: bytes) -> str:
        """Put a file into a repository, and return its etag."""
        self.files.setdefault(repository, {})[name] = data
        return etag(name, data)

    def reads(self) -> list[str | None]:
        """Return the ranges that were asked of the storage."""
        return [headers.get("range") for method, path, headers in self.requests if path.startswith("/storage/")]


class Handler(BaseHTTPRequestHandler):
    """Answers like the hub, and like the storage that it links to."""

    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def send(self, status: int, headers: dict[str, str], body: bytes = b"", length: int | None = None) -> None:
        """Send a response; ``length`` may lie."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def contents(self) -> bytes:
        """Return what is read from storage."""
        _, _, owner, repository, name = self.path.split("/", 4)
        return self.hub.files[f"{owner}/{repository}"][name]

    def send_contents(self, data: bytes) -> None:
        """Send contents from the byte that is asked for."""
        asked = self.headers.get("Range")
        if asked is None:
            self.send(200, {"ETag": '"storage"'}, data)
            return
        first = int(asked.removeprefix("bytes=").rstrip("-"))
        if first >= len(data):
            self.send(416, {"Content-Range": f"bytes */{len(data)}"})
            return
        self.send(206, {"Content-Range": f"bytes {first}-{len(data) - 1}/{len(data)}"}, data[first:])

    def _answer(self) -> None:
        self.hub.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
        if self.path.startswith("/storage/"):
            while self.hub.trouble:
                if self.hub.trouble.pop(0)(self):
                    return
            self.send_contents(self.contents())
            return
        for old, new in self.hub.moved.items():
            if self.path.startswith((f"/{old}/", f"/api/models/{old}")):
                self.send(307, {"Location": self.path.replace(old, new, 1)})
                return
        if self.path.startswith("/api/models/"):
            self._list(self.path.removeprefix("/api/models/").partition("?")[0])
            return
        if self.path.startswith(_SMALL):
            repository, _, name = self.path.removeprefix(_SMALL).partition(f"/{COMMIT}/")
            if not self._refused(repository):
                data = self.hub.files[repository][name]
                self.send(200, {**_ABOUT, "ETag": f'W/"{etag(name, data)}"'}, data)
            return
        repository, _, rest = self.path[1:].partition("/resolve/main/")
        self._resolve(repository, rest)

    def _refused(self, repository: str) -> bool:
        if repository in self.hub.refuse:
            status, headers = self.hub.refuse[repository]
            self.send(status, headers, self.hub.page)
        elif repository not in self.hub.files:
            self.send(404, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
        elif self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self.send(401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to model is restricted"})
        else:
            return False
        return True

    def _resolve(self, repository: str, name: str) -> None:
        if self._refused(repository):
            return
        data = self.hub.files[repository].get(name)
        if data is None:
            self.send(404, {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"})
            return
        mark = etag(name, data)
        if len(mark) == 64:
            linked = {"X-Linked-Size": str(len(data)), "X-Linked-Etag": f'"{mark}"'}
            xet = {"X-Xet-Hash": "a" * 64, "Link": f'<{self.hub.url}/api/xet>; rel="xet-auth"'}
            place = f"{self.hub.storage}/storage/{repository}/{name}"
            self.send(302, {**_ABOUT, **linked, **xet, "Location": place, "ETag": '"redirect"'})
        else:
            self.send(307, {**_ABOUT, "Location": f"{_SMALL}{repository}/{COMMIT}/{name}", "ETag": f'"{mark}"'})

    def _list(self, repository: str) -> None:
        if self._refused(repository):
            return
        names = [{"rfilename": name} for name in self.hub.files[repository]]
        body = json.dumps({"id": repository, "sha": COMMIT, "siblings": names}).encode()
        self.send(200, {"Content-Type": "application/json"}, body)


def etag(name: str, data: bytes) -> str:
    """Return what the hub names contents by."""
    if name.endswith((".gguf", ".safetensors", ".bin")):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def cut_after(size: int) -> Callable[[Handler], bool]:
    """Promise everything, send a part, and hang up."""

    def cut(handler: Handler) -> bool:
        data = handler.contents()
        asked = handler.headers.get("Range")
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        about = {"Content-Range": f"bytes {first}-{len(data) - 1}/{len(data)}"} if first else {}
        handler.send(206 if first else 200, about, data[first : first + size], len(data) - first)
        handler.close_connection = True
        return True

    return cut


def answer(status: int, body: bytes = b"", **headers: str) -> Callable[[Handler], bool]:
    """Answer with a status, and with no contents of a file."""

    def refuse(handler: Handler) -> bool:
        handler.send(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)
        return True

    return refuse


def slow(seconds: float) -> Callable[[Handler], bool]:
    """Wait first, then answer as usual."""

    def wait(_: Handler) -> bool:
        time.sleep(seconds)
        return False

    return wait


def trickle(seconds: float) -> Callable[[Handler], bool]:
    """Send the first half at once, and then wait with the rest."""

    def drip(handler: Handler) -> bool:
        data = handler.contents()
        handler.send(200, {}, data[: len(data) // 2], len(data))
        handler.wfile.flush()
        time.sleep(seconds)
        handler.close_connection = True
        return True

    return drip


def send_instead(data: bytes) -> Callable[[Handler], bool]:
    """Send other bytes."""

    def other(handler: Handler) -> bool:
        handler.send_contents(data)
        return True

    return other


def ignore_range() -> Callable[[Handler], bool]:
    """Send everything, whatever range was asked for."""

    def all_of_it(handler: Handler) -> bool:
        handler.send(200, {}, handler.contents())
        return True

    return all_of_it


class Server(ThreadingHTTPServer):
    """Is not surprised by clients that hang up."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the standard library's own
        """Say nothing."""


def _serve(hub: FakeHub) -> Server:
    handler = type("Bound", (Handler,), {"hub": hub})
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def fake_hub() -> Iterator[FakeHub]:
    """Run a hub, and its storage at another origin."""
    hub = FakeHub()
    servers = [_serve(hub), _serve(hub)]
    hub.url, hub.storage = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    yield hub
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the developer's own files, token and settings out."""
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def a_blob(size: int, seed: int = 0) -> bytes:
    """Return bytes that are nowhere the same."""
    return b"".join(hashlib.sha256(b"%d %d" % (seed, at)).digest() for at in range(0, size, 32))[:size]
