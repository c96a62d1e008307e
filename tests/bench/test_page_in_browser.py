"""The page in a real browser without a network: no error in the console, nothing cut off. Needs Chromium."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed to open the page with"),
]

# Measured in the page itself, so that the browser's own layout decides: a phone's width in a frame, since windows of a
# browser cannot be that narrow.
PROBE = """<!DOCTYPE html><html><body style="margin:0">
<iframe id="phone" src="index.html" style="width:390px;height:844px;border:0"></iframe><pre id="found"></pre><script>
document.getElementById("phone").addEventListener("load", event => {
  const page = event.target.contentDocument;
  const blocks = [...page.querySelectorAll("section, figure, header, nav")];
  const wide = blocks.filter(e => e.getBoundingClientRect().right > 391);
  const boxes = [...page.querySelectorAll("svg")].flatMap(svg => [...svg.querySelectorAll("text")].filter(text => {
    const outer = svg.getBoundingClientRect(), inner = text.getBoundingClientRect();
    return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1
      || inner.bottom > outer.bottom + 1;
  })).map(text => text.textContent);
  document.getElementById("found").textContent = JSON.stringify({
    scrolls: page.documentElement.scrollWidth > 390, wide: wide.map(e => e.id || e.tagName), cut: boxes,
    letters: Math.min(...[...page.querySelectorAll("svg text")].map(text => text.getBoundingClientRect().height)),
    pictures: page.querySelectorAll("svg").length,
  });
});
</script></body></html>"""


def browse(file: Path, profile: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Open a file without a network; return the page as it stands when it is loaded, and the console."""
    assert CHROMIUM is not None
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to run as root with one
    return subprocess.run(
        [
            CHROMIUM,
            "--headless=new",
            *sandbox,
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--allow-file-access-from-files",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            f"--user-data-dir={profile}",
            "--virtual-time-budget=5000",
            *flags,
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.fixture
def page(tiny_report: Path) -> Path:
    return tiny_report / "index.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_offline_with_nothing_in_the_console(page: Path, tmp_path: Path, scheme: str) -> None:
    done = browse(page, tmp_path / "profile", f"--blink-settings=preferredColorScheme={int(scheme == 'light')}")
    assert "<h2>In plain words</h2>" in done.stdout
    assert re.findall(r".*:CONSOLE.*", done.stderr) == []


def test_on_a_phone_nothing_is_cut_off_or_too_small(page: Path, tmp_path: Path) -> None:
    probe = tmp_path / "probe.html"
    probe.write_text(PROBE, encoding="utf-8")
    shutil.copy(page, tmp_path / "index.html")
    done = browse(probe, tmp_path / "profile")
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout)
    assert found is not None
    assert '"scrolls":false,"wide":[],"cut":[]' in found[1]
    assert '"pictures":7' in found[1]
    letters = re.search(r'"letters":([\d.]+)', found[1])
    assert letters is not None
    assert float(letters[1]) >= 9.0  # pixels of the smallest line of text in a picture
