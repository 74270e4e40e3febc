"""Outlets in cockpit.toml: strict, with their secrets elsewhere, and never shown."""

from __future__ import annotations

import base64

import pytest

from cockpit.settings import SettingsError, load

HOOK = '[[outlet]]\nname = "duty"\nkind = "webhook"\nurl = "https://duty.example.cn/hook"\n'
SIGNED = HOOK + 'secret = "sixteen-characters-or-more"\n'
WECOM = '[[outlet]]\nname = "group"\nkind = "wecom"\nurl = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k-1"\n'


def declared(tmp_path, toml: str, environment: dict[str, str] | None = None):
    (tmp_path / "cockpit.toml").write_text(toml, encoding="utf-8")
    return load({}, environment or {}, tmp_path).outlet


def mistake(tmp_path, toml: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as error:
        declared(tmp_path, toml, environment)
    assert str(error.value).startswith(str(tmp_path / "cockpit.toml"))
    return str(error.value)


def test_an_outlet_has_what_its_table_says(tmp_path):
    (one, two) = declared(
        tmp_path,
        SIGNED + 'grades = [1, 2]\nrules = ["sos"]\ncommunities = ["demo"]\nlang = "en"\npublic = true\n'
        "drills = false\ntimeout_s = 5\n" + WECOM,
    )
    assert (one.name, one.kind, one.url, one.lang, one.public, one.drills, one.timeout_s) == (
        "duty", "webhook", "https://duty.example.cn/hook", "en", True, False, 5,
    )  # fmt: skip
    assert (one.grades, one.rules, one.communities) == ({1, 2}, {"sos"}, {"demo"})
    assert (two.name, two.grades, two.drills, two.lang, two.public) == ("group", frozenset(), True, "zh", False)


def test_the_file_of_the_data_folder_says_all_outlets_anew(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/cockpit.toml").write_text(WECOM, encoding="utf-8")
    assert [one.name for one in declared(tmp_path, SIGNED)] == ["group"]


def test_a_secret_may_come_from_the_environment_or_from_a_file_beside(tmp_path):
    (tmp_path / "robot.url").write_text("https://oapi.dingtalk.com/robot/send?access_token=t-1\n", encoding="utf-8")
    hook, robot = declared(
        tmp_path,
        HOOK + 'secret_env = "DUTY_SECRET"\n'
        '[[outlet]]\nname = "ding"\nkind = "dingtalk"\nurl_file = "robot.url"\nsecret = "SEC1"\n',
        {"DUTY_SECRET": "sixteen-characters-or-more"},
    )
    assert hook.secret == "sixteen-characters-or-more"
    assert robot.url == "https://oapi.dingtalk.com/robot/send?access_token=t-1"


def test_a_path_is_looked_for_beside_the_file_that_names_it(tmp_path):
    (one,) = declared(tmp_path, '[[outlet]]\nname = "log"\nkind = "file"\npath = "told.jsonl"\n')
    assert one.path == str(tmp_path / "told.jsonl")


def test_neither_address_nor_secret_is_shown(tmp_path):
    shown = repr(declared(tmp_path, SIGNED + WECOM))
    assert [s for s in ("sixteen", "k-1", "duty.example.cn") if s in shown] == []


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("outlet = 1", "expected [[outlet]] tables"),
        ('[[outlet]]\nkind = "mqtt"', "outlet 1: name: found None, expected a-z, 0-9, - and _"),
        ('[[outlet]]\nname = "值班"\nkind = "mqtt"', "outlet 1: name: found '值班'"),
        ('[[outlet]]\nname = "a"', "outlet a: kind: found None; expected mqtt, webhook, wecom, dingtalk, file"),
        ('[[outlet]]\nname = "a"\nkind = "wecon"', "outlet a: kind: found 'wecon'; did you mean wecom?"),
        (SIGNED + "grade = [1]", "outlet duty: there is no key 'grade'; did you mean grades?"),
        (SIGNED + "grades = [5]", "outlet duty: grades: found 5; expected 1, 2, 3, 4"),
        (SIGNED + "grades = 1", "outlet duty: grades: found 1, expected a list"),
        (SIGNED + "grades = [true]", "outlet duty: grades: found True"),
        (SIGNED + 'kinds = ["raise"]', "outlet duty: kinds: found 'raise'; did you mean raised?"),
        (SIGNED + "rules = [1]", "outlet duty: rules: found 1, expected text"),
        (SIGNED + 'lang = "de"', "outlet duty: lang: found 'de'"),
        (SIGNED + 'drills = "no"', "outlet duty: drills: found 'no', expected true or false"),
        (SIGNED + "timeout_s = 0", "outlet duty: timeout_s: found 0, expected 1 to 60 seconds"),
        (SIGNED + 'ca_file = "none.pem"', "outlet duty: ca_file: there is no file"),
        (SIGNED + SIGNED, "two outlets are called duty"),
        (HOOK, "outlet duty: a webhook outlet needs secret"),
        (HOOK + 'secret = "short"', "outlet duty: secret: expected at least 16 characters"),
        (HOOK + 'secret = "whsec_%%%"', "outlet duty: secret: expected at least 16 characters, or whsec_ and base64"),
        (HOOK + 'secret_env = "NOT_SET"', "outlet duty: secret_env: the environment variable it names is not set"),
        (HOOK + 'secret_env = "CIM_X"', "outlet duty: secret_env: names beginning with CIM_ are settings"),
        (HOOK + 'secret_file = "none"', "outlet duty: secret_file: the file it names cannot be read: No such file"),
        (SIGNED + 'secret_env = "X"', "outlet duty: found secret and secret_env, expected one of them"),
        (HOOK.replace("https", "http"), "outlet duty: a webhook outlet needs secret"),
        (SIGNED.replace("https", "http"), "outlet duty: url: expected https:// (plain http only to this machine"),
        (SIGNED.replace("https", "ftp"), "outlet duty: url: expected https://host/…"),
        (SIGNED.replace("//", "//me:pw@"), "outlet duty: url: expected no user or password in it"),
        (SIGNED.replace("/hook", "/ho ok"), "outlet duty: url: this is not an address"),
        (SIGNED.replace(".cn/", ".cn:99999/"), "outlet duty: url: this is not an address"),
        (WECOM + 'secret = "x"', "outlet group: a wecom outlet has no secret"),
        ('[[outlet]]\nname = "t"\nkind = "mqtt"\nurl = "mqtt://b"', "outlet t: a mqtt outlet has no url"),
        (WECOM.replace("key=", "k="), "outlet group: url: expected the robot's whole address, with key=…"),
        ('[[outlet]]\nname = "f"\nkind = "file"', "outlet f: a file outlet needs path"),
        ("tell_hours = 0", "tell_hours: found 0, expected a whole number of hours, 1 to 168"),
        ('night_quiet = "22-7"', "night_quiet: found '22-7', expected 22:00-07:00, or nothing"),
        ('public_url = "cim.example.cn"', "public_url: found 'cim.example.cn', expected https://host, or nothing"),
    ],
)
def test_a_mistake_names_the_outlet_and_what_was_expected(tmp_path, toml, said):
    assert said in mistake(tmp_path, toml)


@pytest.mark.parametrize(
    "toml",
    [
        HOOK + 'secret = "hush-hush-hush-hush"\nsecret_file = "hush-hush-hush-hush"',
        HOOK + 'secret_env = "hush-hush-hush-hush"',
        HOOK + 'secret_file = "hush-hush-hush-hush"',
        HOOK + 'secret = "hush"',
        HOOK + 'secret = ["hush-hush-hush-hush"]',
        SIGNED.replace("/hook", "/hush hush"),
        SIGNED.replace("https://", "hush://"),
        SIGNED.replace("//", "//me:hush@"),
        WECOM.replace("key=k-1", "kex=hush"),
    ],
)
def test_no_mistake_repeats_a_secret(tmp_path, toml):
    assert "hush" not in mistake(tmp_path, toml).replace(str(tmp_path), "")


def test_outlets_are_for_the_file_only(tmp_path):
    with pytest.raises(SettingsError, match="environment variable CIM_OUTLET: these are set as"):
        load({}, {"CIM_OUTLET": "x"}, tmp_path)


def test_a_base64_secret_of_standard_webhooks_is_taken(tmp_path):
    secret = "whsec_" + base64.b64encode(b"sixteen bytes, at least").decode()
    assert declared(tmp_path, HOOK + f'secret = "{secret}"\n')[0].secret == secret


def test_the_night_and_the_address_are_understood(tmp_path):
    (tmp_path / "cockpit.toml").write_text(
        'night_quiet = "21:30-06:15"\npublic_url = "https://cim.example.cn/"', encoding="utf-8"
    )
    settings = load({}, {"CIM_TELL_HOURS": "6"}, tmp_path)
    assert [t.isoformat("minutes") for t in settings.quiet or ()] == ["21:30", "06:15"]
    assert (settings.public_url, settings.tell_hours) == ("https://cim.example.cn", 6)
    assert load({}, {"CIM_NIGHT_QUIET": ""}, tmp_path).quiet is None
