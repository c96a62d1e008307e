"""Files of public data sets, fetched from the Hugging Face Hub when they are asked for and kept in our cache.

The hub's client does the work: a connection that breaks is taken up again (but not by the next process, and these files
are small), a whole file is found again without the network. What is in a file is somebody else's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_solver import paths
from edge_solver.errors import UsageError


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of a data set on the hub."""

    repository: str
    name: str
    kilobytes: int
    """About; said before it is downloaded."""


def find(file: DataFile) -> Path | None:
    """Return the file if it has been downloaded before; never goes to the network."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        found = hf_hub_download(
            file.repository, file.name, repo_type="dataset", cache_dir=_cache(), local_files_only=True
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
        return None
    return Path(found)


def fetch(file: DataFile) -> Path:
    """Return the file, downloading it if need be.

    Raises:
        UsageError: The hub cannot be reached, has no such file any more, or the cache cannot be written to.
    """
    from huggingface_hub import hf_hub_download

    paths.writable(_cache())
    try:
        return Path(hf_hub_download(file.repository, file.name, repo_type="dataset", cache_dir=_cache()))
    except Exception as error:  # the client's errors, its HTTP library's and the disk's share no base class
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise UsageError(
            f"cannot download {file.name} of {file.repository} from the Hugging Face Hub: {reason}; try again with a "
            "network, or give a JSON Lines file to --suite"
        ) from error


def _cache() -> Path:
    return paths.cache_dir() / "datasets"
