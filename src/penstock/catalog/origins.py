"""Where a documented directive comes from, where that is not nginx's own source."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PLUS = "NGINX Plus"

_MODULES = {
    # https://nginx.org/en/docs/njs/, https://nginx.org/en/docs/ngx_otel_module.html,
    # https://nginx.org/en/docs/http/ngx_http_acme_module.html
    "ngx_http_js_module": "njs",
    "ngx_stream_js_module": "njs",
    "ngx_otel_module": "nginx-otel",
    "ngx_http_acme_module": "nginx-acme",
} | dict.fromkeys(
    # https://nginx.org/en/docs/: "available as part of our commercial subscription"
    (
        "ngx_http_api_module",
        "ngx_http_auth_jwt_module",
        "ngx_http_auth_require_module",
        "ngx_http_f4f_module",
        "ngx_http_hls_module",
        "ngx_http_internal_redirect_module",
        "ngx_http_keyval_module",
        "ngx_http_num_map_module",
        "ngx_http_oidc_module",
        "ngx_http_session_log_module",
        "ngx_http_status_module",
        "ngx_http_upstream_conf_module",
        "ngx_http_upstream_hc_module",
        "ngx_mgmt_module",
        "ngx_stream_keyval_module",
        "ngx_stream_mqtt_filter_module",
        "ngx_stream_mqtt_preread_module",
        "ngx_stream_num_map_module",
        "ngx_stream_upstream_hc_module",
        "ngx_stream_zone_sync_module",
    ),
    PLUS,
)

# What stands in a module of the open source nginx, but not in its source, is for subscribers, but for these:
# limit_zone went away in 1.7.6; of the others, the documentation does not say so.
_NEITHER = frozenset({"error_log_tag", "limit_zone", "stall_threshold"})


def origin_of(module: str, name: str, *, in_source: bool) -> str:
    """ "NGINX Plus", "njs", "nginx-otel", "nginx-acme", or empty for nginx's own source."""
    if module in _MODULES:
        return _MODULES[module]
    return "" if in_source or name in _NEITHER else PLUS


def contexts_of(module: str, contexts: Sequence[str]) -> tuple[str, ...]:
    """The contexts in the catalogue's words: the documentation calls a server of stream and mail `server`, too."""
    family = next((family for family in ("stream", "mail") if module.startswith(f"ngx_{family}_")), "")
    if family:
        return tuple(f"{family} {context}" if context in {"server", "upstream"} else context for context in contexts)
    named: list[str] = []
    for context in contexts:
        named += ("if in server", "if in location") if context == "if" else (context or "any",)
    return tuple(named)
