#!/usr/bin/env python3
"""Finds texts that are missing or there twice, that nobody uses, and that languages fill differently.

    check_languages.py SOURCE_DIR

A text is used when a template of web/templates or web/notifications names it, {{t.key}}, or a C file of src has its
key as a string literal. Keys that C puts together cannot be found, so C does not do that."""

import json
import pathlib
import re
import sys

KEY = r"[a-z_]+(?:\.[a-z0-9_]+)+"


def keys_of_templates(root):
    for folder in ("web/templates", "web/notifications"):
        for path in sorted((root / folder).rglob("*.mustache")):
            text = re.sub(r"\{\{!.*?\}\}", "", path.read_text(encoding="utf-8"), flags=re.S)
            for key in re.findall(r"\{\{[&{]?\s*t\.([^\s}]+)", text):
                yield key, path.relative_to(root)


def keys_of_sources(root, known):
    for path in sorted((root / "src").rglob("*.c")):
        text = path.read_text(encoding="utf-8")
        asked = set(re.findall(r'language_(?:text|has|format)\([^;]*?"(%s)"' % KEY, text))
        for key in set(re.findall('"(%s)"' % KEY, text)):
            if key in known or key in asked:
                yield key, path.relative_to(root)


def placeholders(text):
    forms = text.values() if isinstance(text, dict) else [text]
    return set(re.findall(r"\{([^}]*)\}", " ".join(forms)))


def differences(tag, texts, english):
    for key in sorted(english.keys() - texts.keys()):
        yield f"{tag}: {key}: missing"
    for key in sorted(texts.keys() - english.keys()):
        yield f"{tag}: {key}: English does not have it"
    for key in sorted(english.keys() & texts.keys()):
        if placeholders(texts[key]) != placeholders(english[key]):
            yield f"{tag}: {key}: other placeholders than in English"
        if texts[key] == "":
            yield f"{tag}: {key}: empty"


def read(path, twice):
    def once(pairs):
        names = [name for name, _ in pairs]
        twice.extend(f"{path.stem}: {name}: twice" for name in sorted({n for n in names if names.count(n) > 1}))
        return dict(pairs)

    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)


def problems(root):
    twice = []
    languages = {path.stem: read(path, twice) for path in sorted((root / "web/languages").glob("*.json"))}
    yield from twice
    english = languages["en"]
    used = {}
    for key, where in [*keys_of_templates(root), *keys_of_sources(root, english)]:
        used.setdefault(key, where)
    for key, where in sorted(used.items()):
        if key not in english:
            yield f"{where}: {key}: no language has it"
    for key in sorted(english.keys() - used.keys()):
        yield f"en: {key}: nobody uses it"
    for tag, texts in languages.items():
        if tag != "en":
            yield from differences(tag, texts, english)


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
