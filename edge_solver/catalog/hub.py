"""What the Hugging Face Hub says of a repository and its files, and what its refusals mean.

The hub's client makes the requests: it knows the endpoint (``HF_ENDPOINT``), the token and offline mode. Its errors,
and those of its HTTP library, become ours here, with the next step for the user.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from urllib.parse import urljoin, urlparse

import httpx2
from huggingface_hub import HfApi, constants, get_hf_file_metadata, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # public by its documentation

from edge_solver import __version__
from edge_solver.errors import DownloadError

NAME = "edge-solver"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the hub describes it."""

    repository: str
    name: str
    size: int
    etag: str
    commit: str


@dataclass(frozen=True, slots=True)
class Location:
    """Where the contents of a file can be read for the next while: links to the hub's storage run out."""

    file: RemoteFile
    url: str
    headers: dict[str, str]


class Hub:
    """The hub at an endpoint; by default the one that the environment names."""

    def __init__(self, endpoint: str | None = None) -> None:
        """Make no request yet."""
        self.endpoint = (endpoint or constants.ENDPOINT).rstrip("/")

    def names(self, repository: str) -> list[str]:
        """Return the names of all files in a repository.

        Raises:
            DownloadError: The hub cannot be reached or refuses.
        """
        with explained(repository, self.endpoint):
            info = HfApi(self.endpoint, library_name=NAME, library_version=__version__).model_info(repository)
        return sorted(sibling.rfilename for sibling in info.siblings or ())

    def name_like(self, repository: str, pattern: str) -> str:
        """Return the one file of a repository that fits a pattern.

        Raises:
            DownloadError: None does, or several do, or the hub refuses.
        """
        names = self.names(repository)
        fitting = [name for name in names if fnmatch(name.lower(), pattern.lower())]
        if len(fitting) != 1:
            listed = ", ".join(fitting or names) or "nothing"
            raise DownloadError(
                f"{len(fitting)} files of {repository} fit {pattern}, not one; there is {listed}; take the right one "
                f"with 'hf download {repository} FILE', and give the path that it prints to --model"
            )
        return fitting[0]

    def locate(self, repository: str, name: str) -> Location:
        """Ask for a file's size, checksum and place.

        Raises:
            httpx2.HTTPError, OSError: Whatever the client raises; see ``explained``.
            DownloadError: What answers is not a hub.
        """
        url = hf_hub_url(repository, name, endpoint=self.endpoint)
        data = get_hf_file_metadata(url, library_name=NAME, library_version=__version__, endpoint=self.endpoint)
        if data.commit_hash is None or data.etag is None or data.size is None:
            raise DownloadError(
                f"what {self.endpoint} says of {name} has no commit, checksum or size, so it is no Hugging Face Hub; "
                "look at HF_ENDPOINT, and at proxies in between"
            )
        headers = build_hf_headers(library_name=NAME, library_version=__version__)
        place = urljoin(url, data.location)
        if _origin(place) != _origin(url):
            headers.pop("authorization", None)  # a link to storage carries its own permission
        headers["Accept-Encoding"] = "identity"
        return Location(RemoteFile(repository, name, data.size, data.etag, data.commit_hash), place, headers)


def status_of(error: Exception) -> int | None:
    """Return the HTTP status that an error of the client stands for."""
    return error.response.status_code if isinstance(error, HfHubHTTPError) else None


@contextlib.contextmanager
def explained(repository: str, endpoint: str) -> Iterator[None]:
    """Turn the errors of the client within this context into a ``DownloadError`` with the next step."""
    try:
        yield
    except DownloadError:
        raise
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise DownloadError(_words(error, repository, endpoint)) from error


def _words(error: Exception, repository: str, endpoint: str) -> str:  # noqa: PLR0911 - a table, one line a kind
    page = f"{endpoint}/{repository}"
    match error:
        case OfflineModeIsEnabled():
            return "offline mode is on: unset HF_HUB_OFFLINE to download, or copy the file here and give its path"
        case GatedRepoError():
            return (
                f"{repository} is gated: its owners want to know who downloads it. Open {page} in a browser, accept "
                f"their terms, {_with_a_token()}"
            )
        case RemoteEntryNotFoundError() | RevisionNotFoundError():
            return f"{repository} does not have the file any more; see {page} for what it has"
        case RepositoryNotFoundError():
            return f"{repository} does not exist on {endpoint}, or is private; if it is yours, {_with_a_token()}"
        case HfHubHTTPError():
            return _status_words(error, repository, endpoint)
        case httpx2.TimeoutException():
            return f"{endpoint} did not answer in time; try again"
        case httpx2.HTTPError() | httpx2.InvalidURL():
            return (
                f"cannot reach {endpoint}: {_brief(error)}; try again with a network, or bring the file from another "
                "machine and give its path to --model with --format"
            )
        case OSError() if error.errno == errno.ENOSPC:
            return f"no space is left on the disk; free some, and the download goes on where it stopped: {error}"
        case _:
            return f"cannot download from {repository}: {_brief(error)}"


def _status_words(error: HfHubHTTPError, repository: str, endpoint: str) -> str:
    status = error.response.status_code
    match status:
        case 401:
            return f"{endpoint} wants to know who asks for {repository}; {_with_a_token()}"
        case 403:
            return f"{endpoint} does not allow this for {repository}; {_with_a_token()}"
        case 404:
            return f"{endpoint} has no {repository}"
        case 429:
            return f"{endpoint} answers that there were too many requests; try again later, or {_with_a_token()}"
        case _ if status >= 500:  # noqa: PLR2004 - the class of HTTP statuses that are the server's fault
            return f"{endpoint} has a problem of its own (status {status}); try again later"
        case _:
            return f"cannot download from {repository}: {_brief(error)}"


def _with_a_token() -> str:
    if get_token():
        return "make sure that the account of your token is allowed to read it (a token is set)"
    return "make a token at https://huggingface.co/settings/tokens and give it as HF_TOKEN, or run 'hf auth login'"


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlparse(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(parts.scheme)
