"""Fetch a model of the registry from the hub: first an offer that says what it takes, then the download itself.

Contents are gathered beside their final place, checked against the checksum that the registry or else the hub gives,
and moved there in one piece. One process at a time gathers a file; a lock that the operating system holds says who, so
that it ends with the process, whatever the end was.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined] # public by its documentation

from edge_solver import paths
from edge_solver.catalog import cache
from edge_solver.catalog.hub import Hub, Location, RemoteFile, explained
from edge_solver.catalog.registry import ModelEntry
from edge_solver.catalog.transfer import Listener, transfer
from edge_solver.errors import DownloadError, UsageError

CHECKPOINT_FILES = (".safetensors", ".json", ".model", ".txt")
"""What of a checkpoint is needed to convert it; weights in older files only where there are no safetensors."""
PICKLED = ".bin"
SPARE = 64 << 20  # bytes of disk that a download leaves free
NOTICEABLE = 16 << 20  # bytes whose checksum takes long enough to be said


@dataclass(frozen=True, slots=True)
class Offer:
    """What a download would bring and take."""

    entry: ModelEntry
    hub: Hub
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def here(self) -> int:
        """Bytes that are here already, from this or an earlier download."""
        return sum(_here(file) for file in self.files)

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to fetch."""
        return all(cache.blob_path(file.repository, file.etag).exists() for file in self.files)

    @property
    def free(self) -> int:
        """Bytes that are free on the disk where the files go."""
        folder = paths.hub_dir()
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model that is here."""

    files: tuple[Path, ...]
    """In the order of the offer."""
    fetched: int
    """Bytes that came over the network."""


def offer(entry: ModelEntry, hub: Hub | None = None) -> Offer:
    """Ask the hub what fetching a model would take.

    Raises:
        UsageError: The model ships with the package.
        DownloadError: The hub cannot be reached or refuses, or its file is not the one in the registry.
    """
    hub = hub or Hub()
    repository = entry.repository or entry.checkpoint
    if repository is None:
        raise UsageError(f"{entry.name} comes with edge-solver; there is nothing to download")
    names = _names(entry, hub)
    with explained(repository, hub.endpoint):
        found = tuple(hub.locate(repository, name).file for name in names)
    if entry.sha256 and found[0].etag != entry.sha256:
        raise DownloadError(
            f"{found[0].name} of {repository} is not the file that edge-solver knows (its sha256 begins with "
            f"{found[0].etag[:12]}, expected {entry.sha256[:12]}); to use it all the same, download it by hand and "
            f"give its path to --model with --format {entry.format}"
        )
    return Offer(entry, hub, found)


def pull(offered: Offer, listener: Listener | None = None) -> Pulled:
    """Download what is missing of an offer.

    Args:
        offered: From ``offer``.
        listener: Told of the bytes that are here, over all files, and of what happens.

    Raises:
        UsageError: There is too little room on the disk, or the cache cannot be written to.
        DownloadError: It cannot be fetched; what is here stays, and the next try goes on from there.
    """
    listener = listener or Listener()
    paths.writable(paths.hub_dir())
    missing = offered.size - offered.here
    if missing + SPARE > offered.free:
        raise UsageError(
            f"{offered.entry.name} needs {missing / 1e9:.2f} GB more in {paths.hub_dir()}, and "
            f"{offered.free / 1e9:.2f} GB are free; free some, or set HF_HOME to a folder on another disk"
        )
    fetched, before, made = 0, 0, []
    for file in offered.files:
        with explained(file.repository, offered.hub.endpoint):
            fetched += _fetch(file, offered.hub, _after(before, listener))
            made.append(cache.put(file.repository, file.name, file.commit, file.etag))
        before += file.size
        listener.report(before)
    return Pulled(tuple(made), fetched)


def _after(before: int, listener: Listener) -> Listener:
    """Return a listener that counts on from the files before."""
    return replace(listener, report=lambda here: listener.report(before + here))


def _names(entry: ModelEntry, hub: Hub) -> list[str]:
    if entry.repository is not None:
        is_pattern = "*" in entry.file
        return [hub.name_like(entry.repository, entry.file) if is_pattern else entry.file]
    assert entry.checkpoint is not None  # whoever calls has looked
    names = [name for name in hub.names(entry.checkpoint) if "/" not in name]
    wanted = [name for name in names if name.endswith(CHECKPOINT_FILES)]
    if not any(name.endswith(".safetensors") for name in wanted):
        wanted += [name for name in names if name.endswith(PICKLED)]
    if not any(name.endswith((".safetensors", PICKLED)) for name in wanted):
        raise DownloadError(f"{entry.checkpoint} holds no weights: {', '.join(names) or 'nothing'}")
    return wanted


def _fetch(file: RemoteFile, hub: Hub, listener: Listener) -> int:
    """Bring the contents of a file to their place, and return the bytes that this took."""
    blob = cache.blob_path(file.repository, file.etag)
    if blob.exists():
        return 0
    with _alone(file, listener):
        if blob.exists():
            return 0  # whoever held the lock has fetched it
        partial = cache.partial_path(file.repository, file.etag)
        partial.parent.mkdir(parents=True, exist_ok=True)
        began = _here(file)
        if began:
            listener.note(f"going on at {began:,} of {file.size:,} bytes of {file.name}")
        fetched = _gather(file, hub, partial, listener)
        if began and not partial.exists():  # what an earlier download left was not a part of this file
            listener.note("what was here before does not fit; starting again")
            fetched += _gather(file, hub, partial, listener)
        if not partial.exists():
            raise DownloadError(
                f"what came of {file.name} does not have the checksum that the hub announces ({file.etag[:12]}…), so "
                "it was thrown away; try again, and look at proxies in between if it happens again"
            )
        partial.replace(blob)
    return fetched


def _gather(file: RemoteFile, hub: Hub, partial: Path, listener: Listener) -> int:
    """Bring a partial file to its size and check it; it is gone afterwards if it was wrong."""
    began = _here(file)

    def locate() -> Location:
        location = hub.locate(file.repository, file.name)
        if location.file.etag != file.etag:
            raise DownloadError(f"{file.name} was changed on the hub while it was read; run this again")
        return location

    transfer(locate, partial, file.size, listener)
    if file.size > NOTICEABLE:
        listener.note(f"checking {file.name}")
    if not cache.matches(partial, file.etag):
        partial.unlink()
    return file.size - began


@contextmanager
def _alone(file: RemoteFile, listener: Listener) -> Iterator[None]:
    """Hold the lock of a file; wait for whoever has it."""
    lock = cache.lock_path(file.repository, file.etag)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(WeakFileLock(lock, timeout=0.1))
        except TimeoutError:
            listener.note(f"another process downloads {file.name}; waiting for it")
            stack.enter_context(WeakFileLock(lock))
        yield


def _here(file: RemoteFile) -> int:
    for path in (cache.blob_path(file.repository, file.etag), cache.partial_path(file.repository, file.etag)):
        if path.exists():
            return min(path.stat().st_size, file.size)
    return 0
