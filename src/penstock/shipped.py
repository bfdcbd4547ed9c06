"""Where the data that ships with Penstock stands: inside the installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def shipped(name: str) -> Path:
    """The folder `rules`, `templates` or `examples`.

    An editable install leaves no copy in the package (a copy would go stale), so the checkout's folder is used there.
    """
    packaged = _PACKAGE / "_shipped" / name
    return packaged if packaged.is_dir() else _CHECKOUT / name
