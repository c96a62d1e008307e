"""The measured footprint holds at least the key/value cache that was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_solver.bench.footprint import STATUS, footprint


@pytest.mark.skipif(not STATUS.exists(), reason="the figures are Linux's")
def test_the_cache_is_own_memory_and_grows_with_the_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_SOLVER_HOME", str(tmp_path))
    grown = {}
    for width in (1, 256):
        found = footprint("builtin", width, max_tokens=20)
        assert found["open"]["peak"] >= found["open"]["own"] >= found["loaded"]["own"]
        assert found["announced"]["process"] <= found["open"]["peak"]
        grown[width] = found["open"]["own"] - found["loaded"]["own"]
    assert grown[256] > grown[1] + 200 * found["kv_bytes_per_token"]
