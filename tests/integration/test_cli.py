"""The administrative commands, driven as people drive them, on both databases."""

import json
import re
import os
import socket
import subprocess
import time

import pytest
from support import portal, rows, smtp, wait
from support.certificates import Authority
from support.mail_server import MailServer
from support.node import ROOT, Node

WITH_VERBS = ["account", "destination", "domain", "user", "source", "definition", "group", "licence", "policy", "request", "queue",
              "message", "node", "destructions"]
COMMANDS = ["init", "serve", "demo", "check", *WITH_VERBS, "migrate", "version"]
NO_ID = "06h0kza5jgavvbdjkbf16ack84"

OK, INTERNAL, USAGE, NOT_FOUND, DENIED, CONFLICT, INVALID, _, _, _, UNAVAILABLE = range(11)


@pytest.fixture
def bare(binary, database):
    """A node without an account, not started."""
    node = Node(binary, database).init()
    yield node
    node.close()


@pytest.fixture
def acme(binary, database):
    node = Node(binary, database).make_acme()
    yield node
    node.close()


def call(binary, *words, **environment):
    return subprocess.run([binary, *words], env={**os.environ, **environment}, text=True, capture_output=True,
                          timeout=60)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each(binary, command):
    done = call(binary, command, "--help")
    assert done.returncode == OK and done.stderr == ""
    assert f"sealpost {command}" in done.stdout
    assert re.findall(r"^  (\S+)", call(binary, "--help").stdout, re.M) == COMMANDS


@pytest.mark.parametrize("command", WITH_VERBS)
def test_help_of_each_verb(binary, command):
    """What prints data prints it as JSON too; a verb tells of its own options only, and takes no other's."""
    usages = [u.split() for u in re.findall(r"^  sealpost (.+)", call(binary, command, "--help").stdout, re.M)]
    assert usages
    for usage in usages:
        done = call(binary, *usage[:2], "--help")
        assert done.returncode == OK and done.stdout.startswith(f"Usage: sealpost {usage[0]} {usage[1]}"), usage
        assert not {"list", "show", "events", "usage"} & set(usage) or "--json" in done.stdout, usage
        named = set(re.findall(r"--([a-z-]+)", done.stdout.splitlines()[0]))
        told = set(re.findall(r"^  --([a-z-]+)", done.stdout, re.M))
        assert named <= told <= named | {"config", "account"}, usage
        refused = call(binary, *usage[:2], "--of-another")
        assert refused.returncode == USAGE and "no such option: --of-another" in refused.stderr


@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["account"], ["account", "nonsense"], ["account", "add"], ["account", "list", "more"],
    ["account", "list", "--nonsense"], ["account", "list", "--json=yes"], ["domain", "add", "a.example", "--next-hop"],
    ["version", "more"], ["queue", "retry"], ["policy", "enable"], ["queue", "list", "--reason", "late"],
    ["message", "extend", "ID", "--quotes"]])
def test_usage_errors(binary, words):
    done = call(binary, *words)
    assert done.returncode == USAGE and done.stdout == "" and "sealpost" in done.stderr


@pytest.mark.parametrize("words,told", [
    (["nonsense"], "there is no command nonsense; sealpost --help"), (["account", "nonsense"], "account has no verb nonsense"),
    (["account", "add", "-x"], "no such option: -x"), (["account", "-x"], "account has no verb -x"),
    (["account", "set", "language"], "VALUE is missing"), (["user", "second-factor", "--remove"], "ADDRESS is missing"),
    (["domain", "add", "--next-hop", "a:25"], "DOMAIN is missing"), (["group", "member"], "one of these is missing: add, remove, list"),
    (["group", "member", "add", "sales"], "ADDRESS is missing"), (["definition", "folder", "rename", "A"], "NEW-NAME is missing"),
    (["licence", "pack", "add", "a@acme.example", "5", "--first", "2026-01-01"], "--last DAY is missing: of a pack"),
    (["policy", "add", "--from", "internal", "--no-action"], "--to SCOPE is missing"), (["queue", "drop", "ID"], "--reason TEXT is missing"),
    (["message", "recall", "ID", "--quotes"], "--reason TEXT is missing"), (["message", "extend", "ID"], "--until TIME is missing"),
    (["domain", "add", "a.example", "--next-hop", "a:25", "--next-hop=b:25"], "given twice: --next-hop=b:25")])
def test_the_first_line_says_what_is_wrong(binary, words, told):
    assert call(binary, *words).stderr.splitlines()[0].startswith(f"sealpost: {told}")


@pytest.mark.parametrize("words,told", [
    (["definition", "remove", "Nope"], "definition Nope"), (["definition", "set", "Nope", "--print", "no"], "definition Nope"),
    (["policy", "add", "--from", "everyone", "--to", "external", "--definition", "Nope"], "definition Nope"),
    (["message", "show", NO_ID], "no such message"), (["message", "code", NO_ID], "no such message"),
    (["message", "recall", NO_ID, "--reason", "x"], "no such message"), (["request", "close", NO_ID], "no such request"),
    (["licence", "revoke", "nobody@acme.example"], "nobody with that address")])
def test_what_is_not_there_is_named(sqlite_acme, words, told):
    refused = sqlite_acme.run(*words, code=NOT_FOUND)
    assert told in refused and refused.count("\n") == 1


@pytest.mark.parametrize("command", WITH_VERBS)
def test_each_verb_names_what_is_missing(binary, command):
    for usage in re.findall(rf"^  sealpost {command} (.+)", call(binary, command, "--help").stdout, re.M):
        verb, *needed = re.sub(r"\[.*?\]|\(.*?\)", "", usage).split()
        if not needed:
            continue
        done = call(binary, command, verb)
        named = f"one of these is missing: {needed[0]}, " if "|" in needed else f"{' '.join(needed[:2]) if needed[0][0] == '-' else needed[0]} is missing"
        assert done.returncode == USAGE and done.stderr.startswith(f"sealpost: {named}"), usage


def test_help_and_version_by_the_names_that_other_programs_have(binary):
    for words in ([], ["version"], ["account"], ["account", "add"]):
        assert call(binary, *words, "-h").stdout == call(binary, *words, "--help").stdout != ""
    assert call(binary, "--version").stdout == call(binary, "version").stdout


def test_version(binary):
    assert json.loads(call(binary, "version", "--json").stdout)["version"]
    assert call(binary, "version").stdout.split()[0] == "sealpost"


@pytest.mark.parametrize("text,code,words", [
    ("hostname = a\n", INVALID, ["sealpost.conf:1", "host_name"]),
    ("\nlisten {\n smtp = 127.0.0.1:25\n", INVALID, ["sealpost.conf:"]),
    ("portal_url = http://portal.example\noutbox = o\n", INVALID, ["portal_url", "https://"]),
    *[(f'portal_url = "https://{p}"\n', INVALID, ["sealpost.conf:1: portal_url", "https://HOST"])  # where browsers never are
      for p in ("", ":1", "a b", "a/", "a/b", "a?x", "u@a", "a:0", "a:443", "a:99999", "bücher.example", "::1")],
    ("host_name = bücher.example\n", INVALID, ["sealpost.conf:1: host_name", "xn--"]),
    ("return_domain = bücher.example\n", INVALID, ["sealpost.conf:1: return_domain", "xn--"]),
    ('outbox = ""\n', INVALID, ["sealpost.conf:1: outbox: a value is missing"]),
    ('outbox = "\033[2J"\n', INVALID, ["sealpost.conf:1: outbox: a control character"]),
    ('outbox = o\nlisten {\n smtp = "127.0.0.1:25"\n http = "127.0.0.1:25"\n}\n', INVALID, ["sealpost.conf:4: listen.http", "twice"]),
    ("log_level = loud\n", INVALID, ["sealpost.conf:1", "debug|info|warning|error"]),
    ("\nlisten { smtp = nowhere }\n", INVALID, ["sealpost.conf:2: listen.smtp", "127.0.0.1:25"]),
    ("outbox = o\nlisten {\n  https = \"127.0.0.1:443\"\n}\n", INVALID, ["sealpost.conf:3: listen.https", "tls.certificate"]),
    ("\ndelivery = smart_host\n", INVALID, ["sealpost.conf:2: delivery", "smart_host.address"]),
    ("\ufeffhost_name = gw.acme.example\nmistake = a\n", INVALID, ["sealpost.conf:2: mistake"]),
    ("host_name =\n", INVALID, ["sealpost.conf:1: host_name: a value is missing"]),
    (None, NOT_FOUND, ["sealpost.conf", "sealpost init"])])
def test_configuration_that_is_wrong(binary, tmp_path, text, code, words):
    file = tmp_path / "sealpost.conf"
    if text is not None:
        file.write_text(text)
    done = call(binary, "account", "list", "--config", str(file))
    assert done.returncode == code and done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("sealpost: ")
    assert all(word in done.stderr for word in words), done.stderr


def test_a_folder_is_no_configuration(binary, tmp_path):
    done = call(binary, "check", "--config", str(tmp_path))
    assert done.returncode == INVALID and done.stderr == f"sealpost: {tmp_path}: Is a directory\n"


@pytest.mark.parametrize("key,words", [
    ("root_key", ["No such file", "sealpost init"]), ("blobs", ["No such file", "make the folder above it"]),
    ("certificate", ["cannot be read", "PEM", "sealpost init"]), ("authorities", ["no certificate authority"]),
    ("web_dir", ["No such file"]), ("password_file", ["no password"]), ("anchor", ["cannot be read", "DNSKEY"]),
    ("destructions", ["No such file"]), ("logos", ["is not there", "name the one with the logos"])])
def test_a_file_that_is_missing_is_told_with_its_line(binary, bare, key, words):
    replaced = "outbox" if key == "anchor" else key  # which asks no name server
    lines = [l for l in bare.config.read_text().splitlines() if not re.match(rf"\s*{replaced} =", l)]
    lines += ["", f'smart_host {{\n  user = x\n  {key} = "/nonexistent/x"\n}}' if key == "password_file" else
              f'delivery = direct\nresolver {{\n  {key} = "/nonexistent/x"\n}}' if key == "anchor" else
              f'tls {{\n  {key} = "/nonexistent/x"\n}}' if key in ("certificate", "authorities") else f'{key} = "/nonexistent/x"']
    bare.config.write_text("\n".join(lines) + "\n")
    line = bare.config.read_text().splitlines().index(next(l for l in "\n".join(lines).splitlines() if "/nonexistent" in l)) + 1
    refused = bare.run("serve", code={"root_key": NOT_FOUND, "web_dir": NOT_FOUND, "destructions": NOT_FOUND, "logos": NOT_FOUND, "blobs": UNAVAILABLE}.get(key, INVALID))
    assert refused.count("\n") == 1 and re.search(rf"sealpost.conf:{line}: (\w+\.)?{key}: ", refused), refused
    assert "/nonexistent/x" in refused and all(word in refused for word in words), refused


def test_config_option_counts_more_than_the_environment(binary, bare):
    done = call(binary, "account", "list", "--json", f"--config={bare.config}", SEALPOST_CONFIG="/nonexistent")
    assert done.returncode == OK and json.loads(done.stdout) == []


def test_init_makes_the_folders_that_are_not_there(binary):
    node = Node(binary, values={"blobs": "lib/data/blobs", "logos": "lib/logos", "destructions": "kept/destructions"})
    node.database = f"sqlite:{node.folder}/db/sealpost.db"
    node.config.write_text(node.config.read_text().replace("/sealpost.db", "/db/sealpost.db"))
    node.init().run("check")
    made = [node.folder / name for name in ("lib/data/blobs", "db", "kept", "lib")]
    assert [oct(folder.stat().st_mode & 0o777) for folder in made] == ["0o700"] * 4
    node.close()


def test_init_tells_which_folder_cannot_be_made(binary, tmp_path):
    (tmp_path / "file").write_text("")
    node = Node(binary, values={"blobs": f"{tmp_path}/file/blobs"})
    assert f"{tmp_path}/file" in node.run("init", code=UNAVAILABLE)
    node.close()


def test_init_again_changes_nothing(bare):
    key = (bare.folder / "root.key").read_bytes()
    certificate = (bare.folder / "certificate.pem").read_bytes()
    bare.run("init")
    assert (bare.folder / "root.key").read_bytes() == key
    assert (bare.folder / "certificate.pem").read_bytes() == certificate
    now, before = re.findall(r"[0-9]+", bare.run("migrate"))
    assert now == before


def test_account(bare):
    assert "no account" in bare.run("user", "list", code=INVALID)
    bare.run("account", "add", "acme", "--display-name", "Acme")
    assert "already" in bare.run("account", "add", "acme", code=CONFLICT)
    bare.run("account", "add", "Not Right", code=INVALID)
    assert [a["name"] for a in bare.json("account", "list")] == ["acme"]
    assert bare.run("account", "list").startswith("name")

    settings = {s["setting"]: s for s in bare.json("account", "show")}
    assert settings["display_name"]["value"] == "Acme" and all(s["help"] for s in settings.values())
    assert settings["second_factor"]["help"].endswith("(nobody, internal, everybody)")
    assert settings["undo_seconds"]["help"].endswith("(0 to 60)") and settings["export"]["help"].endswith("(yes or no)")
    bare.run("account", "set", "retention_days", "90")
    assert {s["setting"]: s["value"] for s in bare.json("account", "show")}["retention_days"] == 90
    bare.run("account", "set", "retention_days", "soon", code=INVALID)
    assert "sealpost account show" in bare.run("account", "set", "nonsense", "1", code=INVALID)


@pytest.mark.parametrize("setting, wrong, right, said", [
    ("time_zone", "Mars/Phobos", "Europe/Berlin", "no time zone Mars/Phobos"), ("time_zone", "", "UTC", "no time zone"),
    ("language", "xx", "de", "one of: en, de"), ("notification_address", "secure", "secure@acme.example", "takes an address"),
    ("display_name", "Acme\nBcc: x@y.example", "Acme", "one line"), ("help_text", "x" * 501, "Call 1234", "500 bytes")])
def test_what_a_setting_cannot_be_is_refused_and_leaves_the_old(sqlite_acme, setting, wrong, right, said):
    node = sqlite_acme
    node.run("account", "set", setting, right)
    assert said in node.run("account", "set", setting, wrong, code=INVALID)
    assert {s["setting"]: s["value"] for s in node.json("account", "show")}[setting] == right


def test_names_are_one_line(sqlite_acme):
    for words in (["definition", "add", "A\nB"], ["definition", "add", "A", "--description", "\x1b[31m"],
                  ["definition", "folder", "add", "A\rB"], ["group", "add", "A\tB"],
                  ["user", "add", "zoe@acme.example", "--name", "Zoe\nZorn"], ["user", "add", "zoe@acme.example", "--name", "Z" * 256],
                  ["policy", "add", "--from", "everyone", "--to", "external", "--no-action", "--narrative", "n" * 201]):
        assert "one line" in sqlite_acme.run(*words, code=INVALID)


def test_a_table_turns_nothing_on_the_terminal(sqlite_acme):
    sqlite_acme.run("policy", "add", "--from", "internal", "--to", "external", "--no-action", "--narrative", "to \u202egnp.exe \u2028x")
    assert "to    gnp.exe    x" in sqlite_acme.run("policy", "list")
    assert sqlite_acme.json("policy", "list")[0]["narrative"] == "to \u202egnp.exe \u2028x"


def test_several_accounts_are_kept_apart(acme):
    acme.run("account", "add", "other")
    assert "--account" in acme.run("domain", "list", code=INVALID)
    acme.run("domain", "list", "--account", "nobody", code=NOT_FOUND)
    acme.run("domain", "add", "other.example", "--next-hop", "127.0.0.1:1", "--account", "other")
    assert [d["name"] for d in domains(acme, "other")] == ["other.example"]
    assert [d["name"] for d in domains(acme, "acme")] == ["acme.example"]
    acme.run("domain", "add", "acme.example", "--next-hop", "127.0.0.1:1", "--account", "other", code=CONFLICT)
    acme.run("domain", "remove", "acme.example", "--account", "other", code=NOT_FOUND)


def domains(node, account):
    return [{"name": d.get("domain", d.get("name")), **d} for d in node.json("domain", "list", "--account", account)]


def test_domain(acme):
    acme.run("domain", "add", "second.example", "--next-hop", "mail.second.example:25", "--tls", "loosened")
    assert "second.example" in acme.run("check")
    acme.run("domain", "set", "second.example", "--next-hop", "[2001:db8::1]:25", "--tls", "verified")
    assert "second.example" not in acme.run("check")
    assert "[2001:db8::1]:25" in acme.run("domain", "list")
    acme.run("domain", "add", "third.example", "--next-hop", "nowhere", code=INVALID)
    acme.run("domain", "add", "third.example", code=USAGE)
    acme.run("domain", "add", "third.example", "--next-hop", "a:25", "--tls", "maybe", code=INVALID)
    acme.run("domain", "remove", "second.example")
    acme.run("domain", "remove", "second.example", code=NOT_FOUND)
    assert "second.example" not in acme.run("domain", "list")

    acme.run("domain", "add", "notacme.example", "--next-hop", "127.0.0.1:1")
    acme.run("domain", "remove", "NotAcme.example")  # alice@acme.example is not in it
    refusal = acme.run("domain", "remove", "ACME.example", code=CONFLICT)
    assert "2 users" in refusal and "0 mails" in refusal and "--force" in refusal
    acme.run("domain", "remove", "acme.example", "--force")
    assert acme.json("domain", "list") == []


def test_a_domain_that_mail_waits_for_stays(binary, database):
    node = Node(binary, database, values={"outbox": None, "delivery": "direct"}).make_acme().start()
    try:
        node.run("domain", "add", "second.example", "--next-hop", "127.0.0.1:1")
        smtp.send(node.smtp_port, smtp.make(subject="Plain", to="Dora@Second.example"))
        wait.until(lambda: node.json("queue", "list"), "the mail to wait")
        assert "1 mails wait" in node.run("domain", "remove", "second.example", code=CONFLICT)
        (one,) = node.json("queue", "list")
        node.run("queue", "drop", one["id"], "--reason", "test")
        node.run("domain", "remove", "second.example")
    finally:
        node.close()


def test_user(acme):
    acme.run("user", "add", "ada@acme.example", "--name", "Ada", "--administrator")
    people = {p["address"]: p for p in acme.json("user", "list")}
    assert people["ada@acme.example"]["administrator"] and not people["ada@acme.example"]["password"]
    assert people["alice@acme.example"]["password"]
    acme.run("user", "add", "carol@partner.example", code=INVALID)
    acme.run("user", "add", "bob@acme.example", "--password-stdin", stdin="correct horse battery\n", code=CONFLICT)


@pytest.mark.parametrize("line,code", [("", INVALID), ("\n", INVALID), ("x" * 3000 + "\n", 8)])
def test_passwords_that_are_no_line(acme, line, code):
    """Nobody becomes a user without password because the password did not arrive."""
    acme.run("user", "add", "eve@acme.example", "--password-stdin", stdin=line, code=code)
    assert "eve@" not in acme.run("user", "list")


def test_source(acme):
    added = acme.run("source", "add", "--network", "192.0.2.0/24", "--foreign", "--normalise-newlines").strip()
    assert added in [s["id"] for s in acme.json("source", "list")]
    acme.run("source", "add", "--user", "scanner", "--password-stdin", stdin="correct horse battery\n")
    sources = acme.json("source", "list")
    assert [(s["network"], s["user"], s["foreign"], s["normalise_newlines"]) for s in sources] == [
        ("127.0.0.1/32", "", False, False), ("192.0.2.0/24", "", True, True), ("", "scanner", False, False)]
    acme.run("source", "add", "--network", "192.0.2.0/24", code=CONFLICT)
    acme.run("source", "add", "--network", "192.0.2.0/99", code=INVALID)
    acme.run("source", "add", code=INVALID)
    assert "--password-stdin" in acme.run("source", "add", "--user", "other", code=INVALID)
    for range_ in ("10.0.0.1/8", "2001:db8::1/32"):
        assert "does not begin" in acme.run("source", "add", "--network", range_, code=INVALID)
    acme.run("source", "remove", sources[1]["id"])
    acme.run("source", "remove", sources[1]["id"], code=NOT_FOUND)
    acme.run("source", "remove", "nonsense", code=INVALID)
    assert len(acme.json("source", "list")) == 2


def test_definition(acme):
    acme.run("definition", "add", "Read only", "--description", "Nobody answers", "--print", "no", "--reply", "no",
             "--expire-days", "7", "--read-receipt", "yes", "--all-recipients", "yes", "--position", "1")
    found = {d["name"]: d for d in acme.json("definition", "list")}
    one = found["Read only"]
    assert (one["print"], one["reply"], one["reply_all"], one["expire_days"]) == (False, False, False, 7)
    assert one["read_receipt"] and one["all_recipients"] and one["description"] == "Nobody answers"
    default = next(name for name, d in found.items() if d["default"])
    acme.run("definition", "set", "Read only", "--expire-days", "14")
    changed = {d["name"]: d for d in acme.json("definition", "list")}["Read only"]
    assert changed == {**one, "expire_days": 14}  # what is not named stays
    acme.run("definition", "set", "Read only", "--print", "yes", "--read-receipt", "no")
    changed = {d["name"]: d for d in acme.json("definition", "list")}["Read only"]
    assert changed["print"] and not changed["read_receipt"] and not changed["reply"]
    acme.run("definition", "set", "Read only", "--print", "perhaps", code=INVALID)
    acme.run("definition", "add", "read ONLY", code=CONFLICT)
    acme.run("definition", "add", "Late", "--expire-days", "late", code=INVALID)
    assert "0 or more" in acme.run("definition", "set", "Read only", "--expire-days", "-1", code=INVALID)
    assert "say what changes" in acme.run("definition", "set", "Read only", code=INVALID)
    assert "only together" in acme.run("definition", "set", "Read only", "--reply-all", "yes", code=INVALID)
    assert "domains" in acme.run("definition", "list", "--for", "carol@partner.example", code=INVALID)
    acme.run("definition", "set", "Unknown", "--print", "no", code=NOT_FOUND)
    acme.run("definition", "remove", "Read only")
    acme.run("definition", "remove", "Read only", code=NOT_FOUND)
    acme.run("definition", "remove", default, code=DENIED)
    assert default in acme.run("definition", "list")


def test_a_definition_is_renamed_and_its_event_says_what_changed(acme):
    acme.run("definition", "add", "Read only", "--reply", "no", "--expire-days", "7")
    acme.run("policy", "add", "--from", "internal", "--to", "domain:partner.example", "--definition", "Read only")
    acme.run("definition", "set", "Read only", "--name", "default", code=CONFLICT)
    acme.run("definition", "set", "Read only", "--name", "A]", code=INVALID)
    acme.run("definition", "set", "Read only", "--name", "Board", "--print", "no", "--expire-days", "14")
    assert [d["name"] for d in acme.json("definition", "list")] == ["Default", "Board"]
    assert acme.json("policy", "list")[0]["definition"] == "Board"
    acme.run("definition", "set", "Read only", "--print", "no", code=NOT_FOUND)
    acme.run("definition", "set", "Board", "--reply", "yes", "--description", "For the board")
    told = [e["detail"] for e in acme.json("message", "events") if " changed" in e["detail"]]
    assert told == ["definition Board changed: reply yes, another description",
                    "definition Read only changed: name Board, print no, expire-days 14"]


def test_of_two_who_change_a_definition_at_once_neither_is_lost(acme):
    acme.run("definition", "add", "Offers")
    rows.race(acme, "SELECT * FROM definition FOR UPDATE",
              lambda: acme.run("definition", "set", "Offers", "--print", "no"),
              lambda: acme.run("definition", "set", "Offers", "--expire-days", "7"))
    offers = next(d for d in acme.json("definition", "list") if d["name"] == "Offers")
    assert not offers["print"] and offers["expire_days"] == 7
    told = [e["detail"] for e in acme.json("message", "events") if " changed" in e["detail"]]
    assert sorted(told) == ["definition Offers changed: expire-days 7", "definition Offers changed: print no"]


def test_of_two_who_add_a_user_at_once_one_is_told(acme):
    acme.run("user", "add", "eve@acme.example")  # known, and without a password

    def add(password):
        return subprocess.run([acme.binary, "user", "add", "eve@acme.example", "--password-stdin"], timeout=120,
                              env=acme.environment(), input=password + "\n", text=True, capture_output=True).returncode
    codes = rows.race(acme, "SELECT * FROM person FOR UPDATE", lambda: add("correct horse battery"),
                      lambda: add("another horse battery"))
    assert sorted(codes) == [OK, CONFLICT]


def test_a_group_is_renamed_with_its_members_and_what_is_published_to_it(acme):
    acme.run("definition", "folder", "add", "Sales")
    acme.run("group", "add", "sales")
    acme.run("group", "add", "board")
    acme.run("group", "member", "add", "sales", "alice@acme.example")
    acme.run("definition", "publish", "Sales", "--group", "sales")
    acme.run("group", "rename", "sales", "BOARD", code=CONFLICT)
    acme.run("group", "rename", "none", "north", code=NOT_FOUND)
    acme.run("group", "rename", "sales", "", code=INVALID)
    acme.run("group", "rename", "Sales", "Sales of the north")
    assert {g["group"]: g["members"] for g in acme.json("group", "list")} == {"board": 0, "Sales of the north": 1}
    assert acme.json("group", "member", "list", "sales of the NORTH") == [{"address": "alice@acme.example"}]
    acme.run("definition", "publish", "Sales", "--group", "board")
    assert sorted(acme.json("definition", "folder", "list")[1]["groups"]) == ["Sales of the north", "board"]
    assert re.search(r"^Sales +no +(board, Sales of the north|Sales of the north, board)$",
                     acme.run("definition", "folder", "list"), re.M)
    assert "group sales changed: name Sales of the north" in [e["detail"] for e in acme.json("message", "events")]


def test_a_folder_is_renamed_with_what_lies_in_it(acme):
    acme.run("definition", "folder", "add", "Sales")
    acme.run("definition", "add", "Offers", "--folder", "Sales")
    acme.run("definition", "publish", "Sales", "--everybody")
    acme.run("definition", "folder", "rename", "Sales", "general", code=CONFLICT)
    acme.run("definition", "folder", "rename", "Nope", "Other", code=NOT_FOUND)
    acme.run("definition", "folder", "rename", "Sales", "", code=INVALID)
    acme.run("definition", "folder", "add", "One", "Two", code=INVALID)
    acme.run("definition", "folder", "rename", "Sales", "SALES of the north")
    assert [f["folder"] for f in acme.json("definition", "folder", "list")] == ["General", "SALES of the north"]
    offers = next(d for d in acme.json("definition", "list", "--for", "alice@acme.example") if d["name"] == "Offers")
    assert offers["folder"] == "SALES of the north"
    assert acme.json("message", "events")[0]["detail"] == "folder Sales changed: name SALES of the north"


def test_policy(acme):
    acme.run("definition", "add", "Strict")
    acme.run("policy", "add", "--from", "internal", "--to", "domain:partner.example", "--definition", "Strict",
             "--narrative", "Partner", "--based-on", "either", "--override", "--bidirectional", "--sender-may-replace",
             "--source", "192.0.2.0/24", "--starts", "2026-01-01", "--ends", "2026-12-31T18:00:00Z")
    added = acme.run("policy", "add", "--from", "everyone", "--to", "address:carol@partner.example", "--no-action").strip()
    assert added in [p["id"] for p in acme.json("policy", "list")]
    first, second = acme.json("policy", "list")
    assert first["definition"] == "Strict" and first["to"] == "domain:partner.example" and first["override"]
    assert first["starts"] == "2026-01-01T00:00:00Z" and first["ends"] == "2026-12-31T18:00:00Z"
    assert first["based_on"] == "either" and first["source"] == "192.0.2.0/24" and first["bidirectional"]
    assert all(word in acme.run("policy", "list") for word in ("based_on", "either", "192.0.2.0/24", "sender_may_replace"))
    assert second["definition"] == "no action" and second["starts"] is None and second["enabled"]
    acme.run("policy", "disable", second["id"])
    assert not acme.json("policy", "list")[1]["enabled"]
    acme.run("policy", "enable", second["id"])
    assert acme.json("policy", "list")[1]["enabled"]
    acme.run("policy", "remove", second["id"])
    acme.run("policy", "remove", second["id"], code=NOT_FOUND)
    assert len(acme.json("policy", "list")) == 1
    acme.run("definition", "remove", "Strict", code=CONFLICT)


def test_a_policy_is_named_in_events_by_what_it_is_for_or_else_by_whom(sqlite_node):
    node = sqlite_node
    for words in (["--to", "domain:partner.example"], ["--to", "dave@partner.example", "--narrative", "Offers to Dave"]):
        node.run("policy", "add", "--from", "internal", *words, "--definition", "Default")
    node.run("policy", "add", "--from", "internal", "--to", "domain:" + ("x" * 50 + ".") * 4 + "example", "--no-action")  # too long for a line of events
    for to in ("carol@partner.example", "dave@partner.example"):
        smtp.send(node.smtp_port, smtp.make(to=to, subject="Offer"))
    told = [e["detail"] for e in node.json("message", "events") if e["event"] == "message.secured"]
    assert told[1] == 'policy "internal to domain:partner.example": secure' and 'policy "Offers to Dave": secure' in told[0]


def test_a_policy_begins_and_ends_in_the_accounts_time_zone(acme):
    acme.run("account", "set", "time_zone", "America/New_York")
    acme.run("policy", "add", "--from", "internal", "--to", "external", "--no-action", "--starts", "2026-01-01", "--ends", "2026-07-01T18:30")
    acme.run("policy", "add", "--from", "internal", "--to", "external", "--no-action", "--starts", "2026-01-01T00:00Z")
    first, second = acme.json("policy", "list")
    assert (first["starts"], first["ends"]) == ("2026-01-01T05:00:00Z", "2026-07-01T22:30:00Z")  # the latter in summer
    assert second["starts"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("words", [
    [], ["--no-action", "--definition", "Default"], ["--definition", "Default", "--based-on", "moon"],
    ["--no-action", "--starts", "2026-02-30"], ["--no-action", "--ends", "2026-12-31Z"], ["--no-action", "--ends", "1960-01-01"], ["--no-action", "--starts", "2026-02-02", "--ends", "2026-02-01"],
    ["--no-action", "--source", "here"], ["--no-action", "--source", "192.0.2.1/24"], ["--no-action", "--to", "nonsense:x"]])
def test_policy_that_is_wrong(sqlite_acme, words):
    to = [] if "--to" in words else ["--to", "external"]
    sqlite_acme.run("policy", "add", "--from", "internal", *to, *words, code=INVALID)


@pytest.fixture
def sqlite_acme(binary):
    node = Node(binary).make_acme()
    yield node
    node.close()


def test_check(acme):
    assert "problem" not in acme.run("check")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", acme.smtp_port))
        taken.listen()
        assert f"127.0.0.1:{acme.smtp_port} is in use" in acme.run("check")
    certificate = (acme.folder / "certificate.pem").read_bytes()
    (acme.folder / "certificate.pem").write_text("none")
    done = call(acme.binary, "check", "--config", str(acme.config))
    assert done.returncode == INVALID and "problem" in done.stdout and "->" in done.stdout
    (acme.folder / "certificate.pem").write_bytes(certificate)


def test_check_tries_the_servers_that_mail_goes_to(binary, tmp_path):
    authority, servers = Authority(tmp_path), [MailServer() for _ in range(3)]
    plain, good, bad = servers
    good.context = authority.context("localhost")
    bad.context = authority.context("localhost", "self-signed")
    node = Node(binary, values={"outbox": None}, sections=[
        f'tls {{\n  authorities = "{authority.file}"\n}}', f'smart_host {{\n  address = "127.0.0.1:{plain.port}"\n  tls = verified\n}}']).make_acme()
    try:
        for name, server in (("plain", plain), ("good", good), ("bad", bad)):
            node.run("domain", "add", f"{name}.example", "--next-hop", f"localhost:{server.port}", "--tls", "always")
        found = {f["what"].split(",")[0]: f for f in node.json("check")}  # the exit code is 0
        assert found["the next hop of good.example"]["finding"] == "ok", found
        for name, words in (("plain", "offer"), ("bad", "certificate")):
            row = found[f"the next hop of {name}.example"]
            assert row["finding"] == "warning" and words in row["what"] and "certificate" in row["mend"], row
        assert found["the smart host"]["finding"] == "warning" and "certificate" in found["the smart host"]["mend"], found
        row = found["the next hop of acme.example"]
        assert row["finding"] == "warning" and "connection" in row["what"] and "start that server" in row["mend"], row
        assert not any(server.transactions for server in servers)
    finally:
        node.close()
        for server in servers:
            server.close()


def test_check_does_not_wait_for_silent_servers(sqlite_acme):
    """Each step with a server has ten seconds; this one takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sqlite_acme.config.write_text(sqlite_acme.config.read_text().replace('outbox = "outbox"', 'delivery = "direct"'))
        sqlite_acme.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        found = {f["what"].split(",")[0]: f for f in sqlite_acme.json("check")}
        assert 9 < time.monotonic() - begun < 60
    row = found["the next hop of acme.example"]
    assert row["finding"] == "warning" and "in time" in row["what"] and "start that server" in row["mend"], row


def test_check_sees_another_root_key(acme):
    (acme.folder / "root.key").unlink()
    done = call(acme.binary, "check", "--config", str(acme.config))
    assert done.returncode == INVALID and "root.key" in done.stdout and "backup" in done.stdout
    acme.run("init")
    done = call(acme.binary, "check", "--config", str(acme.config))
    assert done.returncode == INVALID and "root key" in done.stdout


def test_check_sees_an_expired_certificate(sqlite_acme):
    sqlite_acme.move_clock(20 * 365 * 86400 * 1000)
    done = call(sqlite_acme.binary, "check", SEALPOST_CONFIG=str(sqlite_acme.config),
                SEALPOST_TEST_CLOCK=str(sqlite_acme.clock))
    assert done.returncode == INVALID and "expired" in done.stdout


def change(node, pattern, text):
    """In the configuration."""
    changed, count = re.subn(pattern, text, node.config.read_text())
    assert count == 1
    node.config.write_text(changed)


@pytest.mark.parametrize("spoil,what,mend", [
    (lambda n: (n.folder / "root.key").unlink(), "root.key", "backup"),
    (lambda n: (n.folder / "root.key").write_text("x"), "root.key", "belong together"),
    (lambda n: (n.folder / "sealpost.db").write_text("x" * 5000), "database", "belong together"),
    (lambda n: (n.folder / "key.pem").unlink(), "key.pem", "PEM"),
    (lambda n: n.config.write_text(n.config.read_text() + "tls { authorities = key.pem }\n"), "key.pem", "tls.authorities"),
    (lambda n: n.config.write_text(n.config.read_text().replace("/web", "/nowhere")), "web_dir", "templates"),
    (lambda n: change(n, 'web_dir = "[^"]*"', 'web_dir = blobs'), "web_dir: ", "templates"),
    (lambda n: change(n, 'outbox = "outbox"', "outbox = /nonexistent/x"), "outbox /nonexistent/x", "can write"),
    (lambda n: change(n, "root_key = ", "logos = /nonexistent/x\nroot_key = "), "logos: the folder /nonexistent/x", "`logos`"),
    (lambda n: change(n, "root_key = ", "logos = key.pem\nroot_key = "), "key.pem is no folder", "`logos`"),
    (lambda n: change(n, 'outbox = "outbox"', "outbox = key.pem"), "outbox", "can write"),
    (lambda n: change(n, "blobs = .*", "blobs = /nonexistent/x"), "blobs: ", "`blobs`"),
    (lambda n: change(n, "root_key = .*", "root_key = ."), "root_key: ", "`root_key`"),
    (lambda n: change(n, "root_key = ", "destructions = blobs\nroot_key = "), "destructions: ", "can write"),
    (lambda n: change(n, 'outbox = "outbox"', "delivery = direct resolver { anchor = key.pem }"), "DNSKEY", "resolver"),
    (lambda n: n.config.write_text(n.config.read_text() + 'listen { smtps = "192.0.2.1:1" }\n'), "192.0.2.1:1", "address"),
    (lambda n: n.config.write_text(n.config.read_text() + "smart_host { user = x password_file = p }\n"), "password_file", "user")])
def test_check_says_how_to_mend(sqlite_acme, spoil, what, mend):
    spoil(sqlite_acme)
    done = call(sqlite_acme.binary, "check", "--json", "--config", str(sqlite_acme.config))
    assert done.returncode == INVALID and done.stderr == "", done
    found = [f for f in json.loads(done.stdout) if f["finding"] == "problem"]
    assert any(what in f["what"] and mend in f["mend"] for f in found), found
    assert any(f["finding"] == "ok" for f in json.loads(done.stdout))  # one problem hides nothing else


def test_check_sees_that_a_logo_is_not_where_it_was_kept(sqlite_acme, tmp_path):
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    sqlite_acme.run("account", "set", "logo_file", str(tmp_path / "logo.svg"))
    assert "the logo of" not in sqlite_acme.run("check")
    change(sqlite_acme, "root_key = ", "logos = elsewhere\nroot_key = ")
    assert "the logo of acme is not in" in sqlite_acme.run("check")


def test_check_says_that_a_node_listens_nowhere(sqlite_acme):
    change(sqlite_acme, r"listen \{[^}]*\}", "")
    found = {f["what"]: f["finding"] for f in sqlite_acme.json("check")}
    assert found["no mail comes in at this node"] == found["this node has no portal"] == "warning"


def demo(binary, folder, **more):
    return subprocess.run([binary, "demo", "--folder", str(folder), "--web-dir", str(ROOT / "web")], text=True,
                          capture_output=True, timeout=60, **more)


def refused(done, code, words):
    assert done.returncode == code and done.stdout == "", done
    assert done.stderr.startswith("sealpost: ") and done.stderr.count("\n") == 1 and words in done.stderr, done.stderr


def test_a_node_runs_once(binary):
    """A second start by hand must not take back what the running one has in hand."""
    node = Node(binary).make_acme().start()
    try:
        begun = node.folder / "blobs" / "new" / NO_ID
        begun.write_bytes(b"under way")
        assert "runs already" in node.run("serve", code=CONFLICT)
        assert begun.exists()
        node.run("account", "show")  # other commands work beside it
        node.stop()
        node.start()
        assert not begun.exists()
    finally:
        node.close()


@pytest.mark.parametrize("port", [2525, 8443])
def test_demo_tells_that_a_port_is_taken(binary, tmp_path, port):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", port))
            taken.listen()
        except OSError:
            pass  # by somebody else
        refused(demo(binary, tmp_path / "demo"), CONFLICT, "the port is taken; choose another")


def start_demo(node, until):
    """The demonstration with the node's file, and what it printed up to a line with these words."""
    process = subprocess.Popen([node.binary, "demo", "--folder", str(node.folder), "--web-dir", str(ROOT / "web")], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=node.environment())
    node.process = process
    return process, read_until(process, until)


def read_until(process, words):
    told = ""
    while words not in told:
        line = process.stdout.readline()
        assert line, told
        told += line
    return told


def test_demo_leads_a_newcomer_to_a_message_and_keeps_it(binary):
    """All that is needed stands in what it prints; a second start knows the first one's message and passwords."""
    node = Node(binary)
    try:
        with socket.socket() as taken:  # a start that comes to nothing takes nothing from the next one
            taken.bind(("127.0.0.1", node.smtp_port))
            taken.listen()
            refused(demo(binary, node.folder), CONFLICT, "the port is taken; choose another")
        demo_process, told = start_demo(node, "notification, link ")
        assert re.findall(r"(\w+)@acme\.example +password \w+", told) == ["alice", "bob", "admin"]
        assert f"swaks --server 127.0.0.1:{node.smtp_port} " in told and f"{node.folder}/outbox" in told
        link = re.search(r"mail to carol@partner.example: notification, link (\S+)", told)[1]
        carol = portal.Browser(node)
        asked = carol.submit(carol.get(link), r"/code$")
        code = re.search(r"carol@partner.example: code, code (\d{8})", read_until(demo_process, ", code "))[1]
        message = carol.submit(asked, r"/sign-in/code$", code=code)
        assert "here is our offer" in message.text and "offer.txt" in message.text
        node.stop()
        told = start_demo(node, "opens the portal")[1]
        assert "Sign in as" not in told and "still hold" in told
        assert "here is our offer" in carol.get("/message/" + link.rsplit("/", 1)[1]).text
        assert len(node.outbox.files()) == 2  # nothing is sent once more
        node.stop()
    finally:
        node.close()


def test_demo_tells_that_it_has_no_rights(binary, tmp_path):
    tmp_path.chmod(0o500)
    refused(demo(binary, tmp_path / "demo", user=65534 if os.geteuid() == 0 else None), DENIED, "--folder")


def test_demo_tells_that_a_file_is_in_the_way(binary, tmp_path):
    (tmp_path / "file").write_text("")
    refused(demo(binary, tmp_path / "file" / "demo"), INVALID, "--folder")


def test_demo_tells_that_there_is_no_room(binary, tmp_path):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], capture_output=True).returncode:
        pytest.skip("no right to mount a small file system")
    try:
        refused(demo(binary, tmp_path / "demo"), UNAVAILABLE, "room")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_the_list_of_messages_names_whom_they_went_to_and_what_was_recalled(sqlite_node):
    node = sqlite_node
    smtp.send(node.smtp_port, smtp.make(to=["x@partner.example", "y@partner.example"], subject="Offer [secure]"))
    (message,) = node.json("message", "list")
    assert [r["address"] for r in message["recipients"]] == ["x@partner.example", "y@partner.example"]
    assert "x@partner.example and 1 more" in node.run("message", "list")
    node.run("message", "recall", message["id"], "--reason", "wrong price")
    assert node.run("message", "list").splitlines()[1].split()[-2] == node.json("message", "list")[0]["recalled"]


def test_messages_and_queue(node):
    smtp.send(node.smtp_port, smtp.make(subject="Quite private [secure]", text="The price is forty-two.\r\n"))
    wait.until(lambda: node.outbox.files(), "the notification")
    wait.until(lambda: all(d["state"] == "sent" for d in node.json("queue", "list", "--all")), "the queue to empty")
    (message,) = node.json("message", "list")
    assert message["kind"] == "secured" and message["sender"] == "alice@acme.example"
    assert message["id"] in node.run("message", "list")

    (shown,) = node.json("message", "show", message["id"])
    assert shown["rights"] == {"print": True, "reply": True, "reply_all": True, "save": False, "extend": True,
                               "access_code": False, "second_factor": False, "read_receipt": False, "all_recipients": False}
    node.run("definition", "set", "Default", "--print", "no", "--save", "yes")
    assert node.json("message", "show", message["id"])[0]["rights"] == shown["rights"]  # as it was sent
    assert "Sent with\nprint  reply" in node.run("message", "show", message["id"])
    text = json.dumps(shown) + node.run("message", "show", message["id"])
    assert "message.secured" in text and "carol@partner.example" in text and "portal" in text
    assert "Quite private" not in text and "forty-two" not in text
    assert all({"host", "tls", "cipher", "verified"} <= set(d) for d in shown["deliveries"])
    sent = next(d for d in node.json("queue", "list", "--all"))
    assert "it is sent" in node.run("queue", "drop", sent["id"], "--reason", "too late", code=CONFLICT)
    assert "it is sent" in node.run("queue", "retry", sent["id"], code=CONFLICT)
    node.run("message", "show", NO_ID, code=NOT_FOUND)
    node.run("message", "show", "nonsense", code=INVALID)

    assert node.json("queue", "list") == []
    done = node.json("queue", "list", "--all")
    assert any(d["recipient"] == "carol@partner.example" for d in done)
    node.run("queue", "retry", NO_ID, code=NOT_FOUND)
    node.run("queue", "drop", NO_ID, "--reason", "test", code=NOT_FOUND)
    assert "--reason" in node.run("queue", "drop", NO_ID, code=USAGE)
    assert "--reason" in node.run("queue", "drop", NO_ID, "--reason", "", code=INVALID)


def test_queue_retry_and_drop(binary, database):
    """Mail to a next hop that does not answer waits, is tried again when told to, and can be dropped."""
    hop = wait.free_port()
    node = Node(binary, database, values={"outbox": None},
                sections=(f'smart_host {{\n  address = "127.0.0.1:{hop}"\n}}',)).make_acme().start()
    try:
        smtp.send(node.smtp_port, smtp.make(subject="Plain", to="carol@partner.example"))
        waiting = wait.until(lambda: [d for d in node.json("queue", "list") if d["attempts"] > 0 and d["last_reply"]],
                             "a first try")
        assert waiting[0]["state"] == "waiting" and waiting[0]["last_reply"]
        one = waiting[0]["id"]
        tries = waiting[0]["attempts"]
        node.run("queue", "retry", one)
        wait.until(lambda: node.json("queue", "list")[0]["attempts"] > tries, "another try", 60)
        node.run("queue", "drop", one, "--reason", "written to the wrong person")
        assert one not in [d["id"] for d in node.json("queue", "list")]
        dropped = {d["id"]: d for d in node.json("queue", "list", "--all")}[one]
        assert dropped["state"] == "dropped"
        (shown,) = node.json("message", "show", dropped["message"])
        assert [e["event"] for e in shown["events"] if e["origin"] == "cli"] == ["delivery.hurried", "delivery.dropped"]
        assert shown["recipients"] == [{"address": "carol@partner.example", "role": "envelope", "route": "mail-server"}]
        node.stop()
    finally:
        node.close()


def test_r15_administrators_of_another_account_neither_see_nor_change_what_this_one_has(node):
    """Whatever identifier they name."""
    acme, beta = ("--account", "acme"), ("--account", "beta")
    node.run("policy", "add", "--from", "internal", "--to", "domain:quiet.example", "--no-action")
    node.run("licence", "pack", "add", "alice@acme.example", "5", "--first", "2026-01-01", "--last", "2099-12-31")
    for words in (("group", "add", "sales"), ("destination", "add", "strict.example"),
                  ("definition", "folder", "add", "Sales"), ("definition", "add", "Board", "--folder", "Sales")):
        node.run(*words)
    smtp.send(node.smtp_port, smtp.make(to=["carol@partner.example"]))
    wait.until(lambda: node.json("queue", "list") == [], "the notification to leave")
    node.run("account", "add", "beta")
    lists = [("message", "list"), ("queue", "list", "--all"), ("policy", "list"), ("source", "list"), ("user", "list"),
             ("group", "list"), ("destination", "list"), ("domain", "list"), ("licence", "pack", "list"),
             ("licence", "usage"), ("message", "events")]
    before = {words: node.json(*words, *acme) for words in lists}
    assert all(before.values())
    first = {words[0]: str(found[0].get("id")) for words, found in before.items() if words != ("message", "events")}
    message = before["message", "list"][0]["id"]
    for words in [("message", "show", message), ("message", "recall", message, "--reason", "x"),
                  ("message", "extend", message, "--until", "2026-12-31T00:00"), ("message", "code", message),
                  ("message", "notify", message, "carol@partner.example"), ("queue", "retry", first["queue"]),
                  ("queue", "drop", first["queue"], "--reason", "x"), ("policy", "disable", first["policy"]),
                  ("policy", "remove", first["policy"]), ("source", "remove", first["source"]),
                  ("licence", "pack", "remove", before["licence", "pack", "list"][0]["id"]), ("group", "remove", "sales"),
                  ("group", "rename", "sales", "x"), ("destination", "remove", "strict.example"),
                  ("domain", "remove", "acme.example"), ("domain", "set", "acme.example", "--next-hop", "127.0.0.1:2"),
                  ("definition", "remove", "Board"), ("definition", "set", "Board", "--print", "no"),
                  ("definition", "publish", "Sales", "--everybody")]:
        node.run(*words, *beta, code=3)
    assert [words for words in lists if words[-1] != "events" and node.json(*words, *beta) != []] == []
    assert {words: node.json(*words, *acme) for words in lists} == before
    assert [d["name"] for d in node.json("definition", "list", *beta)] == ["Default"]
