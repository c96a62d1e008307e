"""One file from the hub into one partial file: goes on where it stopped, however often the connection is cut.

The hub's own client starts again from zero in every new process (huggingface_hub 2.x downloads into a file that only
one process knows), and a model of four gigabytes is too much for that. Whether the bytes are the right ones is not
decided here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from huggingface_hub import constants, get_session
from huggingface_hub.errors import HfHubHTTPError

from edge_solver.catalog.hub import Location, asked_wait, raise_for_status
from edge_solver.errors import DownloadError

TRIES = 5
"""In a row without a new byte, before it is given up."""
LONGEST_WAIT = 300.0  # seconds; who is told to wait longer does something else meanwhile
_AGAIN = {403, 408, 416, 429, 500, 502, 503, 504}
"""Statuses that may pass: a link to the storage that has run out (403), a limit, a server with problems."""
_PARTIAL, _BEYOND = 206, 416


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to know how a transfer is going."""

    report: Callable[[int], None] = lambda _: None
    """Called with the bytes that are here, often."""
    note: Callable[[str], None] = lambda _: None
    """Called with a sentence when something happens."""
    sleep: Callable[[float], None] = field(default=time.sleep)
    """Waits some seconds."""


def transfer(locate: Callable[[], Location], partial: Path, size: int, listener: Listener) -> None:
    """Bring a partial file to its size.

    Args:
        locate: Finds out where the contents are; asked again after every interruption.
        partial: What is here already, and will be more.
        size: Bytes of the whole.
        listener: Told of the progress.

    Raises:
        DownloadError: The hub asks to wait for longer than makes sense.
        httpx2.HTTPError, OSError: What went wrong last, when trying again did not help.
    """
    failures = 0
    while (have := _size(partial)) != size:
        if have > size:
            partial.unlink()
            continue
        try:
            _read(locate(), partial, have, listener)
        except (httpx2.TransportError, HfHubHTTPError) as error:
            _check(error)
            failures = 1 if _size(partial) > have else failures + 1
            if failures > TRIES:
                raise
            wait = _wait(error, failures)
            listener.note(f"{_reason(error)}; going on in {wait:g} s at {_size(partial):,} of {size:,} bytes")
            listener.sleep(wait)
        else:
            failures = failures + 1 if _size(partial) <= have else 0
            if failures > TRIES:
                raise DownloadError(f"the hub sends nothing of the {size:,} bytes that it announces; try again later")


def _read(location: Location, partial: Path, have: int, listener: Listener) -> None:
    """Append what one response brings."""
    headers = {**location.headers, "Range": f"bytes={have}-"} if have else location.headers
    request = get_session().stream("GET", location.url, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT)
    with request as response:
        if response.status_code == _BEYOND:
            partial.unlink(missing_ok=True)
        raise_for_status(response)
        goes_on = response.status_code == _PARTIAL
        if goes_on and _begins(response.headers) not in (None, have):
            partial.unlink(missing_ok=True)
            raise httpx2.RemoteProtocolError(f"asked for the bytes from {have}, and got others")
        with partial.open("ab" if goes_on else "wb") as file:
            done = have if goes_on else 0
            listener.report(done)
            for chunk in response.iter_raw():
                room = location.file.size - done
                file.write(chunk[:room])  # a server that sends too much must not fill the disk
                done += min(len(chunk), room)
                listener.report(done)
                if len(chunk) > room:
                    return


def _begins(headers: Mapping[str, str]) -> int | None:
    """Return the first byte of a partial response."""
    _, _, span = headers.get("Content-Range", "").partition("bytes ")
    first, _, _ = span.partition("-")
    return int(first) if first.isdigit() else None


def _check(error: Exception) -> None:
    """Let errors pass that no waiting will mend."""
    if isinstance(error, HfHubHTTPError) and (
        error.response.status_code not in _AGAIN or error.response.headers.get("X-Error-Code")
    ):
        raise error


def _wait(error: Exception, failures: int) -> float:
    """Return the seconds to wait: what the hub asks for, or longer each time."""
    wait = float(min(8, 2 ** (failures - 1)))
    if isinstance(error, HfHubHTTPError):
        wait = max(wait, asked_wait(error.response) or 0.0)
    if wait > LONGEST_WAIT:
        raise DownloadError(f"the hub asks to wait for {wait:g} s before the next request; run this again then")
    return wait


def _reason(error: Exception) -> str:
    if isinstance(error, HfHubHTTPError):
        return f"the hub answers with status {error.response.status_code}"
    return f"the connection broke ({type(error).__name__})"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
