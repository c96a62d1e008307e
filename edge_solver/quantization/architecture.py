"""What a checkpoint's ``config.json`` says, as one frozen value: the sizes of a Llama, Mistral or Qwen2 transformer.

The three differ in little: Qwen2 has biases on queries, keys and values, and llama.cpp rotates the others' heads in
another order. Everything that would change a result and that we do not handle is refused here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_solver.errors import ModelBrokenError, UsageError

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "LlamaForCausalLM": "llama",
        "LLaMAForCausalLM": "llama",
        "LlamaForTokenClassification": "llama",
        "MistralForCausalLM": "llama",
        "MistralForTokenClassification": "llama",
        "Qwen2ForCausalLM": "qwen2",
        "Qwen2ForTokenClassification": "qwen2",
        "Qwen2ForProcessRewardModel": "qwen2",
        "Qwen2ForPrmModel": "qwen2",
        "Qwen2ForRewardModel": "qwen2",
    }
)
"""Architectures of ``config.json`` and the llama.cpp architecture that computes the same."""
_DEFAULT_THETA = 10_000.0


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary position embedding, and how it is stretched beyond the trained context."""

    theta: float
    scaling: str | None = None
    """``linear``, ``yarn`` or ``llama3``."""
    factor: float = 1.0
    original_context: int = 0
    low: float = 1.0
    """``llama3``: low frequency factor; ``yarn``: slow beta."""
    high: float = 4.0
    """``llama3``: high frequency factor; ``yarn``: fast beta."""
    attention_factor: float | None = None
    """``yarn``: what cosine and sine are multiplied by, where it is not the usual ``0.1 ln(factor) + 1``."""

    def divisors(self, head: int) -> NDArray[np.float32] | None:
        """Return what each frequency is divided by, ``[head / 2]``, where that differs between them (``llama3``).

        From transformers' ``_compute_llama3_parameters``; llama.cpp reads it as ``rope_freqs.weight``.
        """
        if self.scaling != "llama3":
            return None
        wavelengths = 2 * np.pi * self.theta ** (np.arange(0, head, 2) / head)
        longest, shortest = self.original_context / self.low, self.original_context / self.high
        smooth = (self.original_context / wavelengths - self.low) / (self.high - self.low)
        between = 1 / ((1 - smooth) / self.factor + smooth)
        divisors = np.where(wavelengths < shortest, 1.0, np.where(wavelengths > longest, self.factor, between))
        return divisors.astype(np.float32)

    def frequencies(self, head: int) -> NDArray[np.float64]:
        """Return radians per position, ``[head / 2]``.

        Yarn as in transformers' ``_compute_yarn_parameters`` (Peng et al., arXiv 2309.00071).
        """
        plain = self.theta ** -(np.arange(0, head, 2) / head)
        if self.scaling == "linear":
            return plain / self.factor
        if self.scaling == "yarn":
            low, high = (self._turning_dimension(beta, head) for beta in (self.high, self.low))
            low, high = max(math.floor(low), 0), min(math.ceil(high), head - 1)
            ramp = np.clip((np.arange(head // 2) - low) / max(high - low, 0.001), 0, 1)
            return plain / self.factor * ramp + plain * (1 - ramp)
        divisors = self.divisors(head)
        return plain if divisors is None else plain / divisors

    @property
    def magnitude(self) -> float:
        """What cosine and sine are multiplied by."""
        if self.scaling != "yarn":
            return 1.0
        return self.attention_factor or 0.1 * math.log(self.factor) + 1.0

    def _turning_dimension(self, turns: float, head: int) -> float:
        """Return the dimension that makes so many turns within the trained context."""
        return head * math.log(self.original_context / (turns * 2 * math.pi)) / (2 * math.log(self.theta))


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sizes of a transformer."""

    family: str
    """llama.cpp's name: ``llama`` or ``qwen2``."""
    layers: int
    width: int
    feed_forward: int
    heads: int
    heads_kv: int
    head: int
    """Size of one head."""
    vocabulary: int
    context: int
    epsilon: float
    rope: Rope
    tied: bool
    """Whether the output matrix is the embedding."""


def read_architecture(config: Mapping[str, Any]) -> Architecture:
    """Read a configuration.

    Raises:
        UsageError: Its architecture is not one of ``FAMILIES``, or uses what the others do not have.
        ModelBrokenError: It lacks a size, or holds one that makes no sense.
    """
    names = config.get("architectures") or ["none"]
    family = FAMILIES.get(names[0])
    if family is None:
        raise UsageError(f"the architecture {names[0]} is not known; known are {', '.join(FAMILIES)}")
    _refuse_unknown(config)
    try:
        heads, width = int(config["num_attention_heads"]), int(config["hidden_size"])
        context = _context(config)
        architecture = Architecture(
            family,
            int(config["num_hidden_layers"]),
            width,
            int(config["intermediate_size"]),
            heads,
            int(config.get("num_key_value_heads") or heads),
            int(config.get("head_dim") or width // heads),
            int(config["vocab_size"]),
            context,
            float(config.get("rms_norm_eps", 1e-6)),
            _rope(config, context),
            bool(config.get("tie_word_embeddings", False)),
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ModelBrokenError(f"config.json cannot be used: {error!r}") from None
    sizes = (architecture.layers, width, heads, architecture.heads_kv, architecture.head, architecture.vocabulary)
    if min(sizes) < 1 or heads % architecture.heads_kv or architecture.head % 2:
        raise ModelBrokenError(f"config.json cannot be used: layers, width, heads, … are {sizes}")
    return architecture


def _refuse_unknown(config: Mapping[str, Any]) -> None:
    """Refuse what would change results unseen."""
    if config.get("quantization_config"):
        raise UsageError("the checkpoint is quantized already; convert the original one")
    if config.get("hidden_act", "silu") not in {"silu", "swish"}:
        raise UsageError(f"the activation {config['hidden_act']!r} is not known; known is 'silu'")
    if config.get("mlp_bias") or (config.get("attention_bias") and "Qwen2" not in str(config.get("architectures"))):
        raise UsageError("biases in a Llama or Mistral checkpoint are not supported")
    if config.get("use_sliding_window"):
        raise UsageError("Qwen2 with a sliding window is not supported; every published one has it switched off")


def _context(config: Mapping[str, Any]) -> int:
    """Return the trained context; with a sliding window (Mistral) as much of it as the window never hides."""
    context, window = int(config.get("max_position_embeddings") or 2048), config.get("sliding_window")
    return min(context, int(window)) if window and "use_sliding_window" not in config else context


def _rope(config: Mapping[str, Any], context: int) -> Rope:
    """Read rope settings as transformers has written them before version 5 and since."""
    given = {**(config.get("rope_scaling") or {}), **(config.get("rope_parameters") or {})}
    theta = float(given.get("rope_theta") or config.get("rope_theta") or _DEFAULT_THETA)
    match given.get("rope_type") or given.get("type") or "default":
        case "default":
            return Rope(theta)
        case "linear":
            return Rope(theta, "linear", float(given["factor"]))
        case "llama3":
            low, high = float(given["low_freq_factor"]), float(given["high_freq_factor"])
            original = int(given["original_max_position_embeddings"])
            return Rope(theta, "llama3", float(given["factor"]), original, low, high)
        case "yarn":
            low, high = float(given.get("beta_slow") or 1), float(given.get("beta_fast") or 32)
            original = int(given.get("original_max_position_embeddings") or context)
            magnitude = given.get("attention_factor")
            return Rope(
                theta, "yarn", float(given["factor"]), original, low, high, float(magnitude) if magnitude else None
            )
        case unknown:
            raise UsageError(f"rope scaling {unknown!r} is not known; known are linear, llama3 and yarn")
