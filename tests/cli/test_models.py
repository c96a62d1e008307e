"""``models`` and ``energy``: what is known and what works, for people and for programs."""

from __future__ import annotations

import json

import pytest

from edge_solver.catalog import registry
from edge_solver.cli import main


def test_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["NAME", "KIND", "SIZE", "HERE", "LICENCE", "SUMMARY"]
    assert [row.split()[0] for row in rows] == list(registry())


def test_models_are_listed_as_objects_with_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    assert [model["name"] for model in json.loads(capsys.readouterr().out)] == list(registry())


@pytest.mark.parametrize("name", sorted(registry()))
def test_a_model_is_shown(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", name]) == 0
    assert registry()[name].summary in capsys.readouterr().out
    assert main(["models", "show", name, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["sha256"] == registry()[name].sha256


def test_what_is_not_verified_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    main(["models", "show", "llemma-metamath-7b"])
    printed = capsys.readouterr().out
    assert "unverified      bytes: sum of rounded sizes" in printed
    assert "unverified      format math-shepherd, suffix: the exact whitespace" in printed


def test_an_alias_of_two_models_means_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", "builtin", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "policy"


def test_the_meter_is_named_with_its_quality(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["energy", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"meter", "label", "scope", "refused", "meters"} == set(document)
    (chosen,) = [finding for finding in document["meters"] if finding["chosen"]]
    assert (chosen["meter"], chosen["label"], chosen["scope"]) == tuple(
        document[key] for key in ("meter", "label", "scope")
    )
    assert main(["energy"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert document["meter"] in captured.out
    assert document["label"] in captured.out
    for finding in document["meters"]:
        assert finding["meter"] in captured.out
    for refusal in document["refused"]:
        assert f"{refusal['meter']} does not work: {refusal['reason']}" in captured.out
        assert (refusal["remedy"] or "") in captured.out
