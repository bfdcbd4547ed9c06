"""penstock.toml and the environment: what is read, what wins, and how each mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import SettingsError
from penstock.model import Severity
from penstock.ports import Probe
from penstock.settings import Auth, Settings
from penstock.settings.load import load_settings

WHOLE = """
[check]
entries = ["nginx/nginx.conf"]
profile = "strict"
fail_on = "warning"
nginx_version = "1.26.3"
policies = ["policies"]
[check.map]
"/etc/nginx" = "nginx"
[check.rules."security/server-tokens"]
severity = "off"
[check.rules."style/line-length"]
severity = "info"
limit = 100

[configs.web]
path = "nginx/nginx.conf"
[configs.proxy]
template = "penstock:reverse-proxy"
values = "values"
[configs.own]
template = "templates/own"
values = "values"

[targets.staging]
config = "proxy"
group = "edge"
environment = "staging"
site = "fra"
manager = "https://nim.example.com/"
cacert = "ca.pem"
root = "/etc/nginx"
entry = "nginx.conf"
deadline_s = 30
[[targets.staging.probes]]
url = "http://127.0.0.1:{{ listen_port }}/"
status = 204
host = "example.com"
contains = "ok"
[targets.local]
config = "web"
instance = "laptop"
[targets.local.auth]
source = "token-file"
name = "token"

[manager]
data = "state"
allow = ["/etc/nginx", "/srv/nginx"]
[manager.names]
"/etc/nginx/nginx.conf" = "laptop"
[manager.groups]
edge = ["a", "b"]

[history]
path = "history.git"
"""


def load(text: str, folder: Path, **environment: str) -> Settings:
    """The settings of a project whose penstock.toml is this text."""
    (folder / "penstock.toml").write_text(text)
    return load_settings(folder, environment)


def test_every_setting_is_read(tmp_path: Path) -> None:
    """Each key of the schema arrives typed, and paths are relative to the file."""
    settings = load(WHOLE, tmp_path)
    check = settings.check
    assert settings.folder == tmp_path
    assert settings.file == tmp_path / "penstock.toml"
    assert check.entries == (tmp_path / "nginx/nginx.conf",)
    assert (check.profile, check.fail_on, check.nginx_version) == ("strict", Severity.WARNING, "1.26.3")
    assert check.mapping == {"/etc/nginx": str(tmp_path / "nginx")}
    assert check.policies == (tmp_path / "policies",)
    assert not check.rules["security/server-tokens"].enabled
    assert check.rules["style/line-length"].severity is Severity.INFO
    assert check.rules["style/line-length"].options == {"limit": 100}
    assert settings.configs["web"].path == tmp_path / "nginx/nginx.conf"
    assert settings.configs["proxy"].template == "penstock:reverse-proxy"
    assert settings.configs["own"].template == str(tmp_path / "templates/own")
    staging = settings.targets["staging"]
    assert (staging.config, staging.group, staging.instance) == ("proxy", "edge", "")
    assert (staging.environment, staging.site, staging.deadline_s) == ("staging", "fra", 30.0)
    assert (staging.manager, staging.cacert) == ("https://nim.example.com", tmp_path / "ca.pem")
    assert staging.probes == (Probe("http://127.0.0.1:{{ listen_port }}/", 204, "example.com", "ok"),)
    assert settings.targets["local"].auth == Auth("token-file", str(tmp_path / "token"))
    assert settings.manager.data == tmp_path / "state"
    assert settings.manager.allow == ("/etc/nginx", "/srv/nginx")
    assert settings.manager.names == {"/etc/nginx/nginx.conf": "laptop"}
    assert settings.manager.groups == {"edge": ("a", "b")}
    assert settings.history == tmp_path / "history.git"


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    """No project is no error: somebody has an /etc/nginx and nothing else."""
    settings = load_settings(tmp_path, {})
    assert settings.file is None
    assert settings.check.profile == "default"
    assert settings.history == tmp_path / ".penstock/history.git"
    assert settings.manager.data == tmp_path / ".penstock"


CONFIG = '[configs.web]\npath = "a.conf"\n'
TARGET = CONFIG + '[targets.t]\nconfig = "web"\ngroup = "g"\n'

MISTAKES: dict[str, tuple[str, str]] = {
    "a key nobody knows": ('[check]\nprofil = "x"', "check.profil is not a setting\n  Did you mean check.profile?"),
    "a table nobody knows": ("[chekc]", "chekc is not a setting\n  Did you mean check?"),
    "a key far from any": ("[history]\nzzz = 1", "history.zzz is not a setting\n  [history] takes: path."),
    "the wrong type": ("[check]\nprofile = 3", "check.profile must be a string, not a number (3)"),
    "a boolean for a number": (TARGET + "deadline_s = true", "targets.t.deadline_s must be a number, not a boolean"),
    "no time at all": (TARGET + "deadline_s = 0", "must be a number of seconds above 0, not 0"),
    "endless time": (TARGET + "deadline_s = inf", "must be a number of seconds above 0, not inf"),
    "a string for a list": ('[check]\nentries = "a"', "check.entries must be a list, not a string ('a')"),
    "a list of numbers": ("[check]\nentries = [1]", "check.entries must be a list of strings, and holds a number (1)"),
    "a value for a table": ("check = 1", "check must be a table, not a number"),
    "a word outside the choice": ('[check]\nfail_on = "warn"', "must be one of info, warning, error, not 'warn'"),
    "a version that is none": ('[check]\nnginx_version = "new"', "must be a release such as 1.26.3, not 'new'"),
    "a relative path on the target": ('[check.map]\nnginx = "x"', "check.map.nginx must be a path on the target"),
    "a severity of a rule": ('[check.rules."a/b"]\nseverity = "no"', 'check.rules."a/b".severity must be one of off,'),
    "a config of neither kind": ("[configs.web]", "configs.web must have exactly one of path and template"),
    "a config of both kinds": (CONFIG + 'template = "t"', "configs.web must have exactly one of path and template"),
    "a template without values": ('[configs.w]\ntemplate = "t"', "configs.w has a template and no values"),
    "values without a template": (CONFIG + 'values = "v"', "configs.web.values belongs to a template"),
    "an empty path": ('[configs.w]\npath = ""', "configs.w.path must name a path, and is empty"),
    "a target of no config": ('[targets.t]\ngroup = "g"', "targets.t.config is missing"),
    "a target of another config": (
        CONFIG + '[targets.t]\nconfig = "wep"\ngroup = "g"',
        "targets.t.config names no config: 'wep'\n  Did you mean 'web'?",
    ),
    "a target nowhere": (
        CONFIG + '[targets.t]\nconfig = "web"',
        "targets.t must have exactly one of group and instance",
    ),
    "a target twice": (TARGET + 'instance = "i"', "targets.t must have exactly one of group and instance"),
    "an entry above the root": (TARGET + 'entry = "../x.conf"', "targets.t.entry must name a file below the root"),
    "an absolute entry": (TARGET + 'entry = "/x.conf"', "targets.t.entry must name a file below the root"),
    "a relative root": (TARGET + 'root = "etc"', "targets.t.root must be an absolute path"),
    "a manager that is no URL": (TARGET + 'manager = "nim"', "targets.t.manager must be a URL such as"),
    "a password in the URL": (TARGET + 'manager = "https://a:b@nim"', "targets.t.manager holds a user or password"),
    "a credential beside a URL": (
        TARGET + 'manager = "https://nim"\n[targets.t.auth]\nsource = "netrc"',
        "targets.t.auth stands beside a manager URL",
    ),
    "a source that is none": (TARGET + '[targets.t.auth]\nsource = "flag"', "targets.t.auth.source must be one of"),
    "a source without a name": (TARGET + '[targets.t.auth]\nsource = "environment"', "needs the name of the variable"),
    "a name without a source": (TARGET + '[targets.t.auth]\nname = "X"', "targets.t.auth.name needs a source"),
    "a secret itself": (TARGET + '[targets.t.auth]\npassword = "X"', "targets.t.auth.password is not a setting"),
    "a probe elsewhere": (TARGET + '[[targets.t.probes]]\nurl = "ftp://x"', "targets.t.probes[1].url must be http://"),
    "a status that is none": (
        TARGET + '[[targets.t.probes]]\nurl = "http://x/"\nstatus = 99',
        "targets.t.probes[1].status must be a whole number from 100 to 599, not 99",
    ),
    "probes that are no tables": (TARGET + "probes = [1]", "must be tables, written [[targets.t.probes]]"),
    "a relative folder to manage": ('[manager]\nallow = ["etc"]', "manager.allow holds 'etc', which is not absolute"),
    "a control character": ('[check]\nprofile = "\\u001b"', "check.profile holds a control character"),
    "no TOML": ("[check\n", "is not TOML: Expected ']' at the end of a table declaration (at line 1"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named(case: str, tmp_path: Path) -> None:
    """The message names the file, the key and the way out."""
    text, message = MISTAKES[case]
    with pytest.raises(SettingsError) as caught:
        load(text, tmp_path)
    assert message in str(caught.value)
    assert str(tmp_path / "penstock.toml") in str(caught.value)
    assert caught.value.exit_code == 2


def test_bytes_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    """A Latin-1 file gives the place of the first wrong byte."""
    (tmp_path / "penstock.toml").write_bytes(b'# caf\xe9\n[check]\nprofile = "strict"\n')
    with pytest.raises(SettingsError, match="is not UTF-8: byte 5 is 0xe9"):
        load_settings(tmp_path, {})


def profile_at(folder: Path, **environment: str) -> str:
    """Which file counts for this folder, told by the profile that it names."""
    return load_settings(folder, environment).check.profile


def write_profile(file: Path, profile: str, table: str = "check") -> None:
    """A settings file that can be told apart."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[{table}]\nprofile = "{profile}"\n')


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    """From the working folder upwards, and penstock.toml before the other names."""
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    write_profile(tmp_path / "penstock.toml", "top")
    assert profile_at(below) == "top"
    write_profile(tmp_path / "a" / "pyproject.toml", "middle", "tool.penstock.check")
    assert profile_at(below) == "middle"
    write_profile(tmp_path / "a" / ".penstock.toml", "hidden")
    assert profile_at(below) == "hidden"


def test_a_pyproject_of_others_is_passed_over(tmp_path: Path) -> None:
    """pyproject.toml without [tool.penstock] does not end the search."""
    write_profile(tmp_path / "penstock.toml", "top")
    write_profile(tmp_path / "a" / "pyproject.toml", "other", "tool.ruff")
    assert profile_at(tmp_path / "a") == "top"


@pytest.mark.parametrize("git", ["folder", "file"])
def test_the_search_ends_at_the_root_of_the_work_tree(git: str, tmp_path: Path) -> None:
    """What lies above the repository is not the repository's; a linked work tree has a .git file."""
    write_profile(tmp_path / "penstock.toml", "outside")
    (tmp_path / "repo" / "a").mkdir(parents=True)
    if git == "folder":
        (tmp_path / "repo" / ".git").mkdir()
    else:
        (tmp_path / "repo" / ".git").write_text("gitdir: /elsewhere\n")
    assert profile_at(tmp_path / "repo" / "a") == "default"
    write_profile(tmp_path / "repo" / "penstock.toml", "inside")
    assert profile_at(tmp_path / "repo" / "a") == "inside"


def test_flag_then_environment_then_file(tmp_path: Path) -> None:
    """--config beats PENSTOCK_CONFIG, which beats the search; a variable beats the file's key."""
    write_profile(tmp_path / "penstock.toml", "found")
    write_profile(tmp_path / "env.toml", "variable")
    write_profile(tmp_path / "flag.toml", "flag")
    assert profile_at(tmp_path, PENSTOCK_CONFIG="env.toml") == "variable"
    flagged = load_settings(tmp_path, {"PENSTOCK_CONFIG": "env.toml"}, config=Path("flag.toml"))
    assert flagged.check.profile == "flag"
    assert profile_at(tmp_path, PENSTOCK_PROFILE="strict") == "strict"


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """--config of nothing is not the same as no project."""
    with pytest.raises(SettingsError, match=r"gone\.toml, named as the settings file, does not exist"):
        load_settings(tmp_path, {}, config=Path("gone.toml"))


def test_a_mistake_in_a_variable_names_the_variable(tmp_path: Path) -> None:
    """The file is not blamed for what the environment says."""
    with pytest.raises(SettingsError, match=r"^PENSTOCK_FAIL_ON in the environment must be one of"):
        load('[check]\nfail_on = "error"', tmp_path, PENSTOCK_FAIL_ON="never")


def test_the_managers_url_may_come_from_the_environment(tmp_path: Path) -> None:
    """Then the file may say whose credential to take: it does not decide where it goes."""
    settings = load(TARGET + '[targets.t.auth]\nsource = "netrc"', tmp_path, PENSTOCK_MANAGER="https://nim.example.com")
    assert settings.targets["t"].manager == "https://nim.example.com"
    assert settings.targets["t"].auth == Auth("netrc")


@given(text=st.text(max_size=200))
def test_wild_text_is_settings_or_a_settings_error(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing that stands in a file makes the loader fail in another way."""
    folder = tmp_path_factory.mktemp("wild")
    (folder / "penstock.toml").write_text(text, encoding="utf-8", newline="")
    try:
        settings = load_settings(folder, {})
    except SettingsError as error:
        assert str(folder) in str(error)  # noqa: PT017 - either end is right
    else:
        assert settings.file is not None
