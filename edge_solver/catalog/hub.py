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
from huggingface_hub.utils import (  # type: ignore[attr-defined] # public by its documentation
    build_hf_headers,
    hf_raise_for_status,
    parse_ratelimit_headers,
)

from edge_solver import __version__
from edge_solver.errors import DownloadError

NAME = "edge-solver"
OFFICIAL = "https://huggingface.co"
_BAD_TOKEN = "Invalid credentials in Authorization header"  # noqa: S105 - the hub's words (huggingface_hub, utils/_http.py)


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
        """Make no request yet.

        Raises:
            DownloadError: What ``HF_ENDPOINT`` holds is no address.
        """
        self.endpoint = (endpoint or constants.ENDPOINT or OFFICIAL).rstrip("/")
        if urlparse(self.endpoint).scheme not in {"http", "https"}:
            raise DownloadError(f"HF_ENDPOINT={self.endpoint} is no address; write it as https://{self.endpoint}")

    def names(self, repository: str) -> list[str]:
        """Return the names of all files in a repository.

        Raises:
            DownloadError: The hub cannot be reached or refuses.
        """
        with explained(repository, self.endpoint):
            try:
                info = HfApi(self.endpoint, library_name=NAME, library_version=__version__).model_info(repository)
            except (
                AttributeError,
                KeyError,
                TypeError,
                ValueError,
            ) as error:  # the client trusts any page
                raise self._foreign("its list of files cannot be read") from error
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
            raise self._foreign(f"it says no commit, checksum or size of {name}")
        headers = build_hf_headers(library_name=NAME, library_version=__version__)
        place = urljoin(url, data.location)
        if _origin(place) != _origin(url):
            headers.pop("authorization", None)  # a link to storage carries its own permission
        headers["Accept-Encoding"] = "identity"
        return Location(RemoteFile(repository, name, data.size, data.etag, data.commit_hash), place, headers)

    def _foreign(self, sign: str) -> DownloadError:
        return DownloadError(
            f"what answers at {self.endpoint} is no Hugging Face Hub: {sign}; look at HF_ENDPOINT, and at proxies and "
            "log-in pages of the network in between"
        )


def raise_for_status(response: httpx2.Response) -> None:
    """Raise the client's error for a refusal, also where its reading of the body fails.

    Raises:
        HfHubHTTPError: The status is that of a refusal.
    """
    try:
        hf_raise_for_status(response)
    except (
        AttributeError,
        TypeError,
        UnicodeDecodeError,
    ) as error:  # JSON but no object, or no text
        raise HfHubHTTPError(f"status {response.status_code}", response=response) from error


def asked_wait(response: httpx2.Response) -> float | None:
    """Return the seconds that the hub asks to wait before the next request."""
    limit = parse_ratelimit_headers(response.headers)
    if limit is not None and limit.remaining == 0:
        return limit.reset_in_seconds + 1.0
    asked = response.headers.get("Retry-After", "").strip()
    return float(asked) if asked.isdecimal() else None


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
        case OSError() if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return f"no space is left on the disk; free some, and the download goes on where it stopped: {error}"
        case _:
            return f"cannot download from {repository}: {_brief(error)}"


def _status_words(error: HfHubHTTPError, repository: str, endpoint: str) -> str:  # noqa: PLR0911 - as above
    status = error.response.status_code
    match status:
        case 401 if error.response.headers.get("X-Error-Message") == _BAD_TOKEN:
            return (
                f"{endpoint} does not know the token that was given, and shows nothing to who gives it, not even what "
                "is public; make a new one with 'hf auth login', or take it away: unset HF_TOKEN, or 'hf auth logout'"
            )
        case 401:
            return f"{endpoint} wants to know who asks for {repository}; {_with_a_token()}"
        case 403:
            return f"{endpoint} does not allow this for {repository}; {_with_a_token()}"
        case 404:
            return f"{endpoint} has no {repository}"
        case 429:
            wait = asked_wait(error.response)
            when = "later" if wait is None else f"in {wait:g} s"
            return f"{endpoint} answers that there were too many requests; try again {when}, or {_with_a_token()}"
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
