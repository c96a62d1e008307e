"""Weights rearranged for this processor: twice to three times as fast with several branches, and not for AMX.

Rearranged for AMX (server processors since 2023) they end the process in the first call where the compiler lost the
description of the tiles, as GCC 12 does (https://github.com/ggml-org/llama.cpp/issues/20824), and only such a call
tells that build from a good one. llama.cpp has one switch for all arrangements, and takes for each weight the first of
a list that can hold it: where AMX is in that list, it is taken out, so that the others serve.
"""

from __future__ import annotations

import ctypes
from functools import cache

from edge_solver.engines.llama import ggml
from edge_solver.engines.llama.build import compiled_features, has_amx

_CPU = 0  # GGML_BACKEND_DEVICE_TYPE_CPU
_LIST = ctypes.POINTER(ctypes.c_void_p)


@cache
def may_rearrange() -> bool:
    """Say whether weights may be rearranged here, after AMX was taken out of the ways to do it."""
    return not has_amx(compiled_features()) or _drop("AMX")


def ways() -> list[str]:
    """Return the names of the arrangements that llama.cpp would try, the first choice first."""
    found = _ways()
    return [] if found is None else [name for name, _ in found[1]]


def _drop(way: str) -> bool:
    """Take an arrangement out of llama.cpp's list, for this process; say whether that was possible."""
    found = _ways()
    if found is None:
        return False
    places, known = found
    kept = [each for name, each in known if name != way]
    for place, each in enumerate([*kept, None]):
        places[place] = each
    return True


def _ways() -> tuple[ctypes.Array[ctypes.c_void_p], list[tuple[str, int]]] | None:
    """Return llama.cpp's own list, which ends in a null pointer, and what is in it by name."""
    find = ggml.function("ggml_backend_dev_by_type", ctypes.c_void_p, [ctypes.c_int])
    registry_of = ggml.function("ggml_backend_dev_backend_reg", ctypes.c_void_p, [ctypes.c_void_p])
    address_of = ggml.function("ggml_backend_reg_get_proc_address", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p])
    name_of = ggml.function("ggml_backend_buft_name", ctypes.c_char_p, [ctypes.c_void_p])
    if find is None or registry_of is None or address_of is None or name_of is None:
        return None
    device = find(_CPU)
    address = device and address_of(registry_of(device), b"ggml_backend_dev_get_extra_bufts")
    if not address:
        return None
    places = ctypes.CFUNCTYPE(_LIST, ctypes.c_void_p)(address)(device)
    known: list[tuple[str, int]] = []
    while places and (each := places[len(known)]):
        known.append((name_of(each).decode("utf-8", "replace"), each))
    return places, known
