"""Directives of modules that nginx does not ship: names, so that they are not taken for mistakes.

Each module stands on GitHub under the name given here. The names of dav-ext, set-misc, fancyindex, upload, upload
progress, PAM, cookie flag and upstream check were looked up in published configurations and sources; the others are
general knowledge. A name that is wrong here silences a report; it never makes one.
"""

from __future__ import annotations

import re

_LUA = "openresty/lua-nginx-module"
_SET_MISC = "openresty/set-misc-nginx-module"
_CHECK = "yaoweibin/nginx_upstream_check_module"

_STARTS = (
    ("brotli", "google/ngx_brotli"),
    ("datadog_", "DataDog/nginx-datadog"),
    ("dav_ext_", "arut/nginx-dav-ext-module"),
    ("echo", "openresty/echo-nginx-module"),
    ("encrypted_session_", "openresty/encrypted-session-nginx-module"),
    ("fancyindex", "aperezdc/ngx-fancyindex"),
    ("geoip2", "leev/ngx_http_geoip2_module"),
    ("lua_", _LUA),
    ("modsecurity", "owasp-modsecurity/ModSecurity-nginx"),
    ("more_", "openresty/headers-more-nginx-module"),
    ("nchan_", "slact/nchan"),
    ("opentelemetry", "open-telemetry/opentelemetry-cpp-contrib"),
    ("opentracing", "opentracing-contrib/nginx-opentracing"),
    ("pagespeed", "apache/incubator-pagespeed-ngx"),
    ("passenger", "phusion/passenger"),
    ("push_stream_", "wandenberg/nginx-push-stream-module"),
    ("rtmp", "arut/nginx-rtmp-module"),
    ("srcache_", "openresty/srcache-nginx-module"),
    ("report_uploads", "masterzen/nginx-upload-progress-module"),
    ("subs_filter", "yaoweibin/ngx_http_substitutions_filter_module"),
    ("track_uploads", "masterzen/nginx-upload-progress-module"),
    ("upload_progress", "masterzen/nginx-upload-progress-module"),
    ("vhost_traffic_status", "vozlt/nginx-module-vts"),
    ("zstd", "tokers/zstd-nginx-module"),
)
_NAMES = {
    "auth_pam": "sto/ngx_http_auth_pam_module",
    "auth_pam_service_name": "sto/ngx_http_auth_pam_module",
    "check": _CHECK,
    "check_http_expect_alive": _CHECK,
    "check_http_send": _CHECK,
    "check_status": _CHECK,
    "set_cookie_flag": "AirisX/nginx_cookie_flag_module",
    "set_escape_uri": _SET_MISC,
    "set_if_empty": _SET_MISC,
    "set_md5": _SET_MISC,
    "set_random": _SET_MISC,
    "set_secure_random_alphanum": _SET_MISC,
    "set_sha1": _SET_MISC,
    "set_unescape_uri": _SET_MISC,
    "upload_pass": "fdintino/nginx-upload-module",
    "upload_store": "fdintino/nginx-upload-module",
    "upload_set_form_field": "fdintino/nginx-upload-module",
}
_BY_LUA = re.compile(r"_by_lua(_block|_file)?\Z")


def third_party(name: str) -> str:
    """The module that brings a directive of this name, or an empty string."""
    if _BY_LUA.search(name):
        return _LUA
    return _NAMES.get(name) or next((module for start, module in _STARTS if name.startswith(start)), "")
