"""The documents say what is so: commands that can be pasted, one version, and a map of files that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import edge_solver

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_the_first_two_commands_are_single_lines_that_set_up_and_test() -> None:
    first, second = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[:2]
    assert first.count("\n") == second.count("\n") == 1
    assert "-m venv .venv" in first
    assert "edge-solver solve" in first
    assert second.strip() == "make check"


def test_ci_runs_exactly_the_commands_of_the_readme() -> None:
    done = subprocess.run(
        ["/bin/bash", str(CHECKOUT / ".ci" / "run"), "--print"], capture_output=True, text=True, check=True
    )
    blocks = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert done.stdout == blocks[0] + blocks[1]


def test_every_path_in_the_readmes_map_exists() -> None:
    (tree,) = re.findall(r"^```text\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    paths = [line.split()[0] for line in tree.splitlines() if line.strip()]
    assert paths
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


def test_the_changelog_has_a_section_for_this_version() -> None:
    changelog = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[({re.escape(edge_solver.__version__)}|Unreleased)\]", changelog, re.MULTILINE)
