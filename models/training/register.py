"""Write the size and checksum of every shipped model file into ``models/registry.toml``.

Run it after an artifact in ``models/builtin`` was made anew; it changes nothing else in the registry.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent


def register(text: str, file: str, data: bytes) -> str:
    """Return the registry's text with the ``bytes`` and ``sha256`` that follow a ``file`` line brought up to date."""
    digest = hashlib.sha256(data).hexdigest()
    pattern = re.compile(rf'(file = "{re.escape(file)}"\n)bytes = \d+\nsha256 = "[0-9a-f]*"\n')
    return pattern.sub(rf'\g<1>bytes = {len(data)}\nsha256 = "{digest}"\n', text)


def main() -> None:
    """Bring the registry up to date and say what it holds."""
    registry = MODELS / "registry.toml"
    text = registry.read_text(encoding="utf-8")
    for file in re.findall(r'^file = "(builtin/[^"]+)"$', text, re.MULTILINE):
        data = (MODELS / file).read_bytes()
        text = register(text, file, data)
        print(f"{file}: {len(data):,} bytes")
    registry.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
