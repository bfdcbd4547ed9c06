"""Whether the whole configuration is at hand: only then can a name be called undefined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.standing import Standing, of_standing
from penstock.config.facts import empty_includes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.analysis.rule import Context

_OWN_MODULES = frozenset({"http_geoip", "http_image_filter", "http_xslt_filter", "mail", "stream", "stream_geoip"})


def whole(context: Context) -> bool:
    """No file is missing, nothing was unreadable, and no module that is not known here may define names of its own."""
    config = context.config
    if not any(top.name in {"http", "stream"} for top in config.directives):
        return False  # a fragment on its own
    if config.problems or not all(_nothing_new(load.args) for load in context.each("load_module")):
        return False
    for include in context.get(empty_includes):
        word = include.args[0]
        if word.startswith("/") and not config.files.holds(word):
            return False
    return not any(
        next(of_standing(context, standing), None) is not None
        for standing in (Standing.UNKNOWN, Standing.MODULE, Standing.PLUS, Standing.LATER)
    )


def _nothing_new(args: Sequence[str]) -> bool:
    """Whether the module is one of nginx's own whose names are all in the catalogue."""
    name = args[0].rpartition("/")[2] if args else ""
    return name.removeprefix("ngx_").removesuffix("_module.so") in _OWN_MODULES
