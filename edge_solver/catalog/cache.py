"""Files of the hub on this disk, laid out as the hub's own clients do: each finds what the other has put here.

A repository is a folder with ``blobs/<etag>`` (the contents, named by their checksum), ``snapshots/<commit>/<file>``
(links to them) and ``refs/main`` (the newest commit seen). What is not finished is called ``<etag>.incomplete``.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from edge_solver import paths

SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Cached:
    """A file of the hub that is on this disk."""

    path: Path
    etag: str
    """What it is named by: the SHA-256 of a large file, the Git object id of a small one."""


def repository_dir(repository: str) -> Path:
    """Return the folder of a repository; it may not exist."""
    return paths.hub_dir() / ("models--" + repository.replace("/", "--"))


def blob_path(repository: str, etag: str) -> Path:
    """Return where the contents of a file are kept once they are whole."""
    return repository_dir(repository) / "blobs" / etag


def partial_path(repository: str, etag: str) -> Path:
    """Return where the contents of a file are gathered."""
    return repository_dir(repository) / "blobs" / f"{etag}.incomplete"


def lock_path(repository: str, etag: str) -> Path:
    """Return the lock that the hub's own clients take for a file, too."""
    return paths.hub_dir() / ".locks" / repository_dir(repository).name / f"{etag}.lock"


def find(repository: str, pattern: str, sha256: str = "") -> Cached | None:
    """Return a file that is here: the one with this checksum, or of those that fit the pattern the newest."""
    found = sorted(files(repository, pattern), key=lambda cached: _changed(cached.path))
    if sha256 and any(cached.etag == sha256 for cached in found):
        found = [cached for cached in found if cached.etag == sha256]
    return found[-1] if found else None


def files(repository: str, pattern: str = "*") -> Iterator[Cached]:
    """Iterate over the files of a repository that are here, in every commit."""
    snapshots = repository_dir(repository) / "snapshots"
    for commit in sorted(snapshots.iterdir()) if snapshots.is_dir() else ():
        for path in sorted(commit.rglob("*")):
            if path.is_file() and fnmatch(path.relative_to(commit).as_posix().lower(), pattern.lower()):
                yield Cached(path, path.resolve().name if path.is_symlink() else "")


def put(repository: str, file: str, commit: str, etag: str) -> Path:
    """Give contents that are whole their name in a commit, and return its path."""
    folder = repository_dir(repository)
    link = folder / "snapshots" / commit / file
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        _link(link, blob_path(repository, etag))
    _write(folder / "refs" / "main", commit)
    return link


def drop(cached: Cached) -> int:
    """Remove a file, and its contents where no other commit has the same; return the bytes that this frees."""
    path, blob = cached.path, cached.path.resolve()
    path.unlink(missing_ok=True)
    snapshots = next(parent for parent in path.parents if parent.name == "snapshots")
    _prune(path.parent, snapshots)
    if blob == path or any(other.resolve() == blob for other in snapshots.rglob("*") if other.is_symlink()):
        return 0
    size = blob.stat().st_size if blob.exists() else 0
    blob.unlink(missing_ok=True)
    return size


def partials(repository: str, etag: str = "*") -> list[Path]:
    """Return what is here of files that are not whole yet."""
    return sorted((repository_dir(repository) / "blobs").glob(f"{etag}.incomplete"))


def drop_partials(repository: str, etag: str = "*") -> int:
    """Remove what downloads that never ended have left; return the bytes that this frees."""
    freed = 0
    for partial in partials(repository, etag):
        freed += partial.stat().st_size
        partial.unlink(missing_ok=True)
    return freed


def matches(path: Path, etag: str, report: Callable[[int], None] = lambda _: None) -> bool:
    """Say whether contents are those that an etag names: by SHA-256, or as Git names small files.

    Args:
        path: The contents.
        etag: As the hub gives it.
        report: Called with the bytes read so far.
    """
    if SHA256.fullmatch(etag):
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            report(done)
    return digest.hexdigest() == etag


def _link(link: Path, blob: Path) -> None:
    try:
        link.symlink_to(os.path.relpath(blob, link.parent))
    except FileExistsError:
        pass  # another process was quicker
    except OSError:  # a file system without links
        blob.replace(link)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    partial.write_text(text, encoding="ascii")
    partial.replace(path)


def _prune(folder: Path, top: Path) -> None:
    """Remove a folder and those above it, up to ``top``, as far as they are empty."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _changed(path: Path) -> float:
    return path.stat().st_mtime
