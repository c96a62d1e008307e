"""A checkpoint's tokenizer in the words of GGUF: tokens, kinds, and scores or merges.

Two kinds are known: SentencePiece BPE (Llama, Mistral; from ``tokenizer.model``, or from a ``tokenizer.json`` with
byte fallback) and byte-level BPE (Qwen2, Llama 3; from ``tokenizer.json``). llama.cpp cuts text into words by rules
of its own that have names; a tokenizer whose rule is not in ``_WORDS`` is refused, because it would be cut wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gguf

from edge_solver.errors import ModelMissingError, UsageError
from edge_solver.quantization.checkpoint import read_json

_Kind = gguf.TokenType

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_MODERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORDS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {
        (_MODERN % r"\p{N}",): "qwen2",
        (_MODERN % r"\p{N}{1,3}",): "llama-bpe",
        (_GPT2,): "gpt-2",
        (r"\p{N}", _GPT2): "smollm",
    }
)
"""How text is cut into words, one after another, and llama.cpp's name for it (``llama_vocab::impl::load``)."""
_LOWEST = -10_000.0
_ADDED = -1000.0
_BPE = 2
"""``TrainerSpec.ModelType.BPE`` of SentencePiece."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What GGUF stores of a tokenizer."""

    model: str
    """``llama`` (SentencePiece) or ``gpt2`` (byte-level BPE)."""
    words: str
    """llama.cpp's name for how text is cut into words."""
    tokens: list[bytes]
    kinds: list[int]
    scores: list[float] = field(default_factory=list)
    """SentencePiece: which merge goes first."""
    has_merges: bool = False
    space_prefix: bool | None = None

    def write(self, writer: gguf.GGUFWriter, folder: Path) -> None:
        """Add it to a GGUF, with special tokens and chat template from the checkpoint's folder."""
        writer.add_tokenizer_model(self.model)
        writer.add_tokenizer_pre(self.words)
        writer.add_token_list(self.tokens)
        writer.add_token_types(self.kinds)
        if self.scores:
            writer.add_token_scores(self.scores)
        if self.space_prefix is not None:
            writer.add_add_space_prefix(self.space_prefix)
        special = gguf.SpecialVocab(folder, load_merges=self.has_merges, n_vocab=len(self.tokens))
        special.add_to_gguf(writer, quiet=True)


def read_vocabulary(folder: Path, size: int) -> Vocabulary:
    """Read a folder's tokenizer, filled up to the ``size`` of the embedding.

    Raises:
        ModelMissingError: There is none.
        UsageError: It is of a kind that llama.cpp cannot follow.
        ModelBrokenError: Its file cannot be read.
    """
    if (folder / "tokenizer.model").is_file():
        return _sentencepiece(folder, size)
    if not (folder / "tokenizer.json").is_file():
        raise ModelMissingError(f"{folder} has no tokenizer: neither tokenizer.model nor tokenizer.json")
    table = read_json(folder / "tokenizer.json")
    model = table.get("model") or {}
    if model.get("type") != "BPE":
        raise UsageError(
            f"{folder / 'tokenizer.json'} cannot be converted: it is of type {model.get('type')}, known is BPE"
        )
    return _from_fast(table, size) if model.get("byte_fallback") else _byte_level(folder, table, size)


def _sentencepiece(folder: Path, size: int) -> Vocabulary:
    proto = _read_proto(folder / "tokenizer.model")
    if proto.trainer_spec.model_type != _BPE:
        raise UsageError(
            f"{folder / 'tokenizer.model'} cannot be converted: it is no BPE, and llama.cpp knows only BPE"
        )
    if proto.normalizer_spec.precompiled_charsmap:
        raise UsageError(f"{folder / 'tokenizer.model'} cannot be converted: it rewrites text, llama.cpp does not")
    # The proto's kinds are GGUF's: normal 1, unknown 2, control 3, user defined 4, unused 5, byte 6.
    rows = [(piece.piece, piece.score, int(piece.type)) for piece in proto.pieces]
    return _spm(rows, _added(folder), size, space_prefix=proto.normalizer_spec.add_dummy_prefix)


def _read_proto(path: Path) -> Any:  # noqa: ANN401 - a generated class without type information
    try:
        from sentencepiece import sentencepiece_model_pb2 as schema
    except ImportError:
        raise UsageError("reading tokenizer.model needs sentencepiece: pip install 'edge-solver[quantize]'") from None
    proto = schema.ModelProto()  # type: ignore[attr-defined] # made at run time
    try:
        proto.ParseFromString(path.read_bytes())
    except Exception as error:  # noqa: BLE001 - protobuf's own, which moved between its versions
        raise UsageError(f"{path} cannot be converted: it is not a SentencePiece model ({error})") from None
    if not proto.pieces:
        raise UsageError(f"{path} cannot be converted: it is not a SentencePiece model")
    return proto


def _from_fast(table: Mapping[str, Any], size: int) -> Vocabulary:
    """Rebuild a SentencePiece vocabulary from its fast form: a merge that comes first has the highest score."""
    merges: Sequence[str | Sequence[str]] = table["model"].get("merges") or ()
    rank: dict[str, int] = {}
    for index, merge in enumerate(merges):
        pair = merge.split(" ") if isinstance(merge, str) else merge
        rank.setdefault("".join(pair), index)
    unknown = table["model"].get("unk_token")
    rows: list[tuple[str, float, int]] = []
    for token, _ in sorted(table["model"]["vocab"].items(), key=lambda item: item[1]):
        kind = _Kind.UNKNOWN if token == unknown else _Kind.BYTE if _is_byte(token) else _Kind.NORMAL
        rows.append((token, -float(rank.get(token, len(rank))), int(kind)))
    added = {entry["id"]: (entry["content"], entry.get("special", False)) for entry in table.get("added_tokens", ())}
    return _spm(rows, added, size, space_prefix=_has_space_prefix(table))


def _spm(
    rows: Sequence[tuple[str, float, int]], added: Mapping[int, tuple[str, bool]], size: int, *, space_prefix: bool
) -> Vocabulary:
    tokens = [f"[PAD{index}]".encode() for index in range(size)]
    scores, kinds = [_LOWEST] * size, [int(_Kind.UNUSED)] * size
    for index, (text, score, kind) in enumerate(rows[:size]):
        tokens[index], scores[index], kinds[index] = text.encode(), score, kind
    for index, (text, is_special) in added.items():
        if index < size and kinds[index] != _Kind.UNKNOWN:
            special = is_special or _looks_special(text)
            tokens[index] = (text if special else text.replace("▁", " ")).encode()
            scores[index], kinds[index] = _ADDED, int(_Kind.CONTROL if special else _Kind.USER_DEFINED)
    return Vocabulary("llama", "default", tokens, kinds, scores, space_prefix=space_prefix)


def _byte_level(folder: Path, table: Mapping[str, Any], size: int) -> Vocabulary:
    rules = tuple(_rules(table.get("pre_tokenizer") or {}))
    if rules not in _WORDS:
        raise UsageError(
            f"{folder / 'tokenizer.json'} cannot be converted: llama.cpp has no name that we know for how it cuts text "
            f"into words: {' then '.join(rules) or 'not at all'}"
        )
    normalizer = (table.get("normalizer") or {}).get("type")
    if normalizer not in {None, "NFC"}:  # ours is not applied by llama.cpp either, and does nothing to ordinary text
        raise UsageError(f"{folder / 'tokenizer.json'} cannot be converted: it rewrites text ({normalizer})")
    tokens = [f"[PAD{index}]".encode() for index in range(size)]
    kinds = [int(_Kind.UNUSED)] * size
    for token, index in table["model"]["vocab"].items():
        if index < size:
            tokens[index], kinds[index] = token.encode(), int(_Kind.NORMAL)
    for entry in table.get("added_tokens", ()):
        if entry["id"] < size:
            special = entry.get("special") or _looks_special(entry["content"])
            tokens[entry["id"]] = entry["content"].encode()
            kinds[entry["id"]] = int(_Kind.CONTROL if special else _Kind.USER_DEFINED)
    return Vocabulary("gpt2", _WORDS[rules], tokens, kinds, has_merges=True)


def _rules(pre: Mapping[str, Any]) -> list[str]:
    """Return the expressions that cut text, in their order."""
    match pre.get("type"):
        case "Sequence":
            return [rule for part in pre["pretokenizers"] for rule in _rules(part)]
        case "Split":
            return [str(pre["pattern"].get("Regex", pre["pattern"]))]
        case "Digits":
            return [r"\p{N}" if pre.get("individual_digits") else r"\p{N}+"]
        case "ByteLevel":
            return ["(space)"] * bool(pre.get("add_prefix_space")) + [_GPT2] * bool(pre.get("use_regex", True))
        case other:
            return [str(other)]


def _has_space_prefix(table: Mapping[str, Any]) -> bool:
    normalizer = table.get("normalizer") or {}
    parts = normalizer.get("normalizers", [normalizer])
    if any(part.get("type") == "Prepend" for part in parts):
        return True
    pre = table.get("pre_tokenizer") or {}
    return pre.get("type") == "Metaspace" and pre.get("prepend_scheme", "always") != "never"


def _added(folder: Path) -> dict[int, tuple[str, bool]]:
    """Return tokens that were added to a SentencePiece model afterwards, by id: text, and whether it is special."""
    added: dict[int, tuple[str, bool]] = {}
    if (folder / "added_tokens.json").is_file():
        added |= {int(index): (text, False) for text, index in read_json(folder / "added_tokens.json").items()}
    if (folder / "tokenizer_config.json").is_file():
        decoder = read_json(folder / "tokenizer_config.json").get("added_tokens_decoder") or {}
        added |= {int(index): (row["content"], bool(row.get("special"))) for index, row in decoder.items()}
    return added


def _looks_special(text: str) -> bool:
    return (text.startswith("<|") and text.endswith("|>")) or text == "<pad>"


def _is_byte(token: str) -> bool:
    return len(token) == len("<0x00>") and token.startswith("<0x") and token.endswith(">")
