"""What llama.cpp says: kept to explain a refusal, and away from the terminal."""

from __future__ import annotations

import ctypes

import llama_cpp

_messages: list[str] = []


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _collect(level: int, text: bytes, _user_data: object) -> None:
    """Keep llama.cpp's warnings and errors: they explain a refused file, and must not reach the terminal."""
    if level in (3, 4):  # GGML_LOG_LEVEL_WARN, GGML_LOG_LEVEL_ERROR
        _messages.append(text.decode("utf-8", "replace").strip())
        del _messages[:-20]


def silence() -> None:
    """Collect what is said from now on, and forget what was said before."""
    llama_cpp.llama_log_set(_collect, ctypes.c_void_p(0))
    _messages.clear()


def reason() -> str:
    """Return the first complaint since the latest ``silence``."""
    errors = [message for message in _messages if message]
    return errors[0] if errors else "it gave no reason"
