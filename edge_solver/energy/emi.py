"""The energy counters of x86 processors under Windows 11, by its Energy Meter Interface (EMI); needs no administrator.

A device lists channels by name, each with a 64-bit counter in picowatt-hours. Only whole packages count: cores and
graphics are parts of them. A package that two devices show, or two channels that mirror one counter, count once. All
that talks to Windows is ``Windows``; what it returns is read here, by the layout in ``emi.h``. The invariant: a reading
that cannot be trusted ends the meter.
"""

from __future__ import annotations

import ctypes
import re
import struct
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_solver.core.meter import Activity, EnergyLabel, Reading
from edge_solver.energy.unavailable import Breakable, MeterUnavailableError

SCOPE = "cpu package"

INTERFACE = uuid.UUID("45BD8344-7ED6-49CF-A440-C276C933B053")
"""``GUID_DEVICE_ENERGY_METER``."""
# Control codes of an unknown kind of device, buffered, with read access.
GET_VERSION, GET_METADATA_SIZE, GET_METADATA, GET_MEASUREMENT = (0x22 << 16 | 1 << 14 | n << 2 for n in range(4))

# emi.h packs nothing, and every field falls on its own boundary but in the channels of V2, which follow each other
# without a gap.
_V1 = struct.Struct("<I32s32sHH")  # unit, maker, model, revision, bytes of the name that follows
_V2 = struct.Struct("<32s32sHH")  # maker, model, revision, number of channels that follow
_CHANNEL = struct.Struct("<IH")  # unit, bytes of the name that follows
_MEASUREMENT = struct.Struct("<QQ")  # energy, and when it was taken in units of 100 ns
_PICOWATT_HOURS = 0
_JOULES = 3600e-12  # in a picowatt-hour

_MOST_METADATA = 1 << 20  # a driver that says more is broken
_PACKAGE = re.compile(r"RAPL_Package\d+_PKG", re.IGNORECASE)
_TWIN_JOULES, _USED_JOULES = 1.0, 1000.0  # closer than this after as much use, two counters are one
_MOST_WATTS = 2000.0  # more than any package draws: a counter that says so was set anew
_SHORTEST = 0.1  # seconds; below this the clock is no better than the guess
_TICKING_AFTER = 1.0  # seconds of work

Channel = tuple[str, int]
"""A device, and which of its measurements."""


class Windows(Protocol):
    """What is asked of the system."""

    def devices(self) -> Sequence[str]:
        """Return the paths of all energy meters."""
        ...

    def ask(self, device: str, code: int, size: int) -> bytes:
        """Send a control code to a device and return its answer, at most ``size`` bytes.

        Raises:
            OSError: The device is gone, or refuses.
        """
        ...


@dataclass(frozen=True, slots=True)
class Device:
    """An energy meter and the names of its channels."""

    path: str
    channels: tuple[str, ...]


class EmiMeter(Breakable):
    """Adds up what all packages have used since it was opened."""

    def __init__(self, windows: Windows, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Find the packages and take their first reading.

        Raises:
            MeterUnavailableError: There are none, or they cannot be read.
        """
        self._windows, self._clock = windows, clock
        self._devices, self.packages = _packages(windows)
        first = self._counters()
        self._kept = _without_twins(first)
        self._last = {channel: first[channel] for channel in self._kept}
        self._when = clock()
        self._picowatt_hours = 0

    def read(self, activity: Activity) -> Reading:
        """Return the joules since the meter was opened, or no number once a counter could not be trusted."""
        self._attempt(self._advance)
        if self.broken is not None:
            return Reading(None, EnergyLabel.UNAVAILABLE, SCOPE)
        if self._picowatt_hours == 0 and activity.seconds >= _TICKING_AFTER:
            return Reading(None, EnergyLabel.STALE, SCOPE)
        return Reading(self._picowatt_hours * _JOULES, EnergyLabel.COUNTER, SCOPE)

    def _advance(self) -> None:
        counters, when = self._counters(), self._clock()
        now = {channel: counters[channel] for channel in self._kept}
        for channel, value in now.items():
            before, name = self._last[channel], self.packages[channel]
            if value < before:
                raise MeterUnavailableError(f"{name} went back from {before} to {value} pWh")
            if (value - before) * _JOULES > _MOST_WATTS * max(when - self._when, _SHORTEST):
                raise MeterUnavailableError(f"{name} jumped from {before} to {value} pWh: it was set anew")
        self._picowatt_hours += sum(now.values()) - sum(self._last.values())
        self._last, self._when = now, when

    def _counters(self) -> dict[Channel, int]:
        """Read every package."""
        found: dict[Channel, int] = {}
        for device in self._devices:
            values = parse_measurements(
                _ask(self._windows, device.path, GET_MEASUREMENT, _MEASUREMENT.size * len(device.channels)),
                len(device.channels),
            )
            found.update({(device.path, index): value for index, value in enumerate(values)})
        return {channel: found[channel] for channel in self.packages}


def open_emi(windows: Windows | None = None, *, clock: Callable[[], float] = time.monotonic) -> EmiMeter:
    """Open the energy meters of this machine.

    Raises:
        MeterUnavailableError: This is not Windows, or it shows no package.
    """
    return EmiMeter(windows or _this_windows(), clock=clock)


def parse_channels(version: int, metadata: bytes) -> tuple[str, ...]:
    """Return the names of a device's channels from its ``EMI_METADATA_V1`` or ``EMI_METADATA_V2``.

    Raises:
        MeterUnavailableError: The version or a unit is not known, or the data end too early.
    """
    try:
        if version == 1:
            unit, *_, size = _V1.unpack_from(metadata)
            return (_name(metadata, _V1.size, size, unit),)
        if version == 2:  # noqa: PLR2004 - the number is the version's name
            *_, count = _V2.unpack_from(metadata)
            names, at = [], _V2.size
            for _ in range(count):
                unit, size = _CHANNEL.unpack_from(metadata, at)
                names.append(_name(metadata, at + _CHANNEL.size, size, unit))
                at += _CHANNEL.size + size
            return tuple(names)
    except struct.error as error:
        raise MeterUnavailableError(f"an energy meter describes itself in {len(metadata)} bytes: {error}") from None
    raise MeterUnavailableError(f"an energy meter speaks version {version}; known are 1 and 2")


def parse_measurements(data: bytes, channels: int) -> tuple[int, ...]:
    """Return the counters of a device's channels, in picowatt-hours.

    Raises:
        MeterUnavailableError: The data are too short or too long.
    """
    if len(data) != channels * _MEASUREMENT.size:
        raise MeterUnavailableError(f"an energy meter with {channels} channels answered {len(data)} bytes")
    return tuple(energy for energy, _ in _MEASUREMENT.iter_unpack(data))


def _name(metadata: bytes, start: int, size: int, unit: int) -> str:
    if unit != _PICOWATT_HOURS:
        raise MeterUnavailableError(f"an energy meter counts in a unit that is not known ({unit})")
    if start + size > len(metadata):
        raise MeterUnavailableError("an energy meter's description ends in the middle of a name")
    return metadata[start : start + size].decode("utf-16-le", "replace").split("\0")[0]


def _packages(windows: Windows) -> tuple[list[Device], dict[Channel, str]]:
    """Return the devices that show packages, and one channel for every package by its name."""
    found = [_device(windows, path) for path in windows.devices()]
    channels: dict[str, Channel] = {}
    others: list[str] = []
    for device in found:
        if isinstance(device, str):
            others.append(device)
            continue
        for index, name in enumerate(device.channels):
            if _PACKAGE.fullmatch(name):
                channels.setdefault(name.casefold(), (device.path, index))
            else:
                others.append(name)
    if not channels:
        seen = f"; it shows: {', '.join(others)}" if others else ""
        raise MeterUnavailableError(
            f"Windows shows no counter of a processor package (it needs Windows 11 and no virtual machine){seen}"
        )
    used = {path for path, _ in channels.values()}
    devices = [device for device in found if isinstance(device, Device) and device.path in used]
    return devices, {channel: name for name, channel in channels.items()}


def _device(windows: Windows, path: str) -> Device | str:
    """Return a device with its channels, or why it cannot be used: a strange one leaves the others as they are."""
    try:
        version = int.from_bytes(_ask(windows, path, GET_VERSION, 2), "little")
        size = int.from_bytes(_ask(windows, path, GET_METADATA_SIZE, 4), "little")
        if not 0 < size <= _MOST_METADATA:
            return f"an energy meter that describes itself in {size} bytes"
        return Device(path, parse_channels(version, _ask(windows, path, GET_METADATA, size)))
    except MeterUnavailableError as error:
        return error.reason


def _without_twins(counters: dict[Channel, int]) -> list[Channel]:
    """Return the channels without those that mirror another one's counter."""
    kept: list[Channel] = []
    for channel, value in counters.items():
        near = [other for other in kept if abs(counters[other] - value) * _JOULES < _TWIN_JOULES]
        if not near or value * _JOULES < _USED_JOULES:
            kept.append(channel)
    return kept


def _ask(windows: Windows, device: str, code: int, size: int) -> bytes:
    try:
        return windows.ask(device, code, size)
    except OSError as error:
        raise MeterUnavailableError(f"an energy meter cannot be read: {error}") from None


if sys.platform == "win32":
    from ctypes import wintypes

    class _Win32:
        """Windows by its own libraries."""

        def __init__(self) -> None:
            self._config = ctypes.WinDLL("cfgmgr32", use_last_error=True)
            self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            self._kernel.CreateFileW.restype = wintypes.HANDLE
            self._kernel.CreateFileW.argtypes = (
                wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, wintypes.LPVOID, wintypes.DWORD, wintypes.DWORD,
                wintypes.HANDLE,
            )  # fmt: skip
            self._kernel.DeviceIoControl.argtypes = (
                wintypes.HANDLE, wintypes.DWORD, wintypes.LPVOID, wintypes.DWORD, wintypes.LPVOID, wintypes.DWORD,
                ctypes.POINTER(wintypes.DWORD), wintypes.LPVOID,
            )  # fmt: skip
            self._kernel.CloseHandle.argtypes = (wintypes.HANDLE,)

        def devices(self) -> Sequence[str]:
            """Return the paths of all energy meters that are present."""
            kind = (ctypes.c_ubyte * 16).from_buffer_copy(INTERFACE.bytes_le)
            size = wintypes.ULONG(0)
            present, success = 0, 0
            if self._config.CM_Get_Device_Interface_List_SizeW(ctypes.byref(size), kind, None, present) != success:
                return ()
            names = ctypes.create_unicode_buffer(size.value)
            if self._config.CM_Get_Device_Interface_ListW(kind, None, names, size, present) != success:
                return ()
            return [name for name in names[: size.value].split("\0") if name]

        def ask(self, device: str, code: int, size: int) -> bytes:
            """Send a control code to a device and return its answer."""
            read, share, existing = 0x80000000, 0x1 | 0x2, 3
            handle = self._kernel.CreateFileW(device, read, share, None, existing, 0, None)
            if handle in (None, wintypes.HANDLE(-1).value):
                raise ctypes.WinError(ctypes.get_last_error())
            try:
                answer, length = ctypes.create_string_buffer(size), wintypes.DWORD(0)
                if not self._kernel.DeviceIoControl(handle, code, None, 0, answer, size, ctypes.byref(length), None):
                    raise ctypes.WinError(ctypes.get_last_error())
                return answer.raw[: length.value]
            finally:
                self._kernel.CloseHandle(handle)

    def _this_windows() -> Windows:
        return _Win32()

else:

    def _this_windows() -> Windows:
        raise MeterUnavailableError("this is not Windows")
