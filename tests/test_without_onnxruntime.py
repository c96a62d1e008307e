"""On a platform that onnxruntime has no wheel for, everything but the reward model works and says what to install."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# None in sys.modules is what makes an import fail as if the package were not there.
PROGRAM = """
import sys
sys.modules["onnxruntime"] = None
from edge_solver.cli import main
raise SystemExit(main(sys.argv[1:]))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=300, check=False
    )


def test_a_search_with_rewards_says_what_to_install_and_how_to_do_without() -> None:
    done = run("solve", "What is 2 + 3?")
    assert done.returncode == 2
    assert "pip install onnxruntime" in done.stderr
    assert "pkg install python-onnxruntime" in done.stderr
    assert "--strategy majority" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_search_without_rewards_works() -> None:
    done = run("solve", "What is 2 + 3?", "--strategy", "majority", "--width", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["prm"] is None


@pytest.mark.slow
def test_the_device_is_measured_without_the_reward_model(tmp_path: Path) -> None:
    out = tmp_path / "device.json"
    done = run("bench", "device", "--quick", "--repeats", "1", "--problems", "1", "--quiet", "--out", str(out))
    assert done.returncode == 0, done.stderr
    document = json.loads(out.read_text())
    assert document["complete"] is True
    assert "prm" not in document["speed"]
    assert any("pip install onnxruntime" in note for note in document["notes"])
