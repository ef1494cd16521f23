#!/usr/bin/env python3
"""Makes the evaluation set for secrets: lines with one labelled secret each, in a tuned and a
held-out part with other services, syntaxes, names and seeds, and lines without any.

All values are random and open nothing. The mark ¦ inside a secret stands for nothing, so that
other scanners do not take this file for a leak; the scorer removes it.

    python3 make.py        # writes tuned.jsonl, held-out.jsonl and clean.jsonl
"""

import base64
import json
import pathlib
import random
import re
import string

import services
import syntaxes

HERE = pathlib.Path(__file__).parent
MARK = "¦"
ALPHABETS = {
    "x": "0123456789abcdef",
    "b": string.ascii_letters + string.digits,
    "u": string.ascii_uppercase + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "L": string.ascii_uppercase,
    "a": string.ascii_lowercase,
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "-_",
    "B": string.ascii_letters + string.digits + "+/",
}
PLACE = re.compile(r"\{(\w)(?::(\d+))?\}")


def random_text(rng, kind, length):
    while True:
        text = "".join(rng.choice(ALPHABETS[kind]) for _ in range(length))
        if kind not in "xl" or length < 8 or any(c.isdigit() for c in text):
            return text


def filled(rng, form):
    def fill(match):
        kind, length = match.group(1), int(match.group(2) or 0)
        if kind == "U":
            text = random_text(rng, "x", 32)
            return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])
        return random_text(rng, kind, length)

    return PLACE.sub(fill, form)


def password(rng, words):
    """What people choose: a word, digits and a sign, or something random."""
    word = rng.choice(words)
    form = rng.randrange(4)
    if form == 0:
        return word + str(rng.randrange(10, 9999)) + rng.choice("!#*?")
    if form == 1:
        return word.capitalize() + rng.choice("@!-_") + str(rng.randrange(100, 9999))
    if form == 2:
        return "".join(rng.choice(ALPHABETS["b"] + "!#*^+-") for _ in range(rng.randrange(10, 18)))
    return word + rng.choice(words).capitalize() + str(rng.randrange(10, 99))


def cased(name, style):
    parts = name.split("_")
    if style == "upper":
        return name.upper()
    if style == "camel":
        return parts[0] + "".join(part.capitalize() for part in parts[1:])
    if style == "pascal":
        return "".join(part.capitalize() for part in parts)
    if style == "kebab":
        return "-".join(parts)
    if style == "dotted":
        return ".".join(parts)
    return name


def line(rng, syntax, name, value, service, kind):
    style, form = syntax
    text = form.replace("NAME", cased(name, style))
    at = text.index("VALUE")
    marked = value[:3] + MARK + value[3:]
    return {
        "service": service,
        "kind": kind,
        "syntax": form,
        "text": text[:at] + marked + text[at + 5:],
        "start": len(text[:at].encode()),
        "end": len(text[:at].encode()) + len(value.encode()),
    }


def part(seed, table, forms, suffixes, password_names, words, blocks):
    rng = random.Random(seed)
    lines = []
    for service, forms_of in table.items():
        for form in forms_of:
            for _ in range(2 if len(forms_of) == 1 else 1):
                name = f"{service}_{rng.choice(suffixes)}"
                syntax = rng.choice(forms)
                lines.append(line(rng, syntax, name, filled(rng, form), service, "token"))
    for syntax in forms * 3:
        name = rng.choice(suffixes) if rng.random() < 0.5 else "acme_" + rng.choice(suffixes)
        value = filled(rng, rng.choice(["{b:16}", "{b:24}", "{x:32}", "{B:40}", "{l:20}", "{w:28}"]))
        lines.append(line(rng, syntax, name, value, "unlisted", "token"))
    for syntax in forms * 2:
        value = password(rng, words)
        lines.append(line(rng, syntax, rng.choice(password_names), value, "password", "password"))
    for form in blocks:
        for _ in range(2):
            before, value, after = form.split("§")
            value = filled(rng, value)
            if value.startswith("base64:"):
                value = base64.b64encode(value[7:].encode()).decode()
            lines.append(line(rng, ("", before + "VALUE" + after), "", value, "block", "block"))
    return lines


def write(name, lines):
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in lines)
    (HERE / name).write_text(text, encoding="utf-8")
    print(name, len(lines), "lines,", len({entry.get("service") for entry in lines}), "services")


def clean(rng):
    lines = []
    for form in syntaxes.CLEAN:
        for _ in range(3 if PLACE.search(form) else 1):
            text = filled(rng, form)
            lines.append({"text": text, "kind": form})
    return lines


def main():
    tuned = part(41, services.TUNED, syntaxes.TUNED, syntaxes.TUNED_SUFFIXES,
                 syntaxes.TUNED_PASSWORDS, syntaxes.TUNED_WORDS, syntaxes.TUNED_BLOCKS)
    held_out = part(97, services.HELD_OUT, syntaxes.HELD_OUT, syntaxes.HELD_OUT_SUFFIXES,
                    syntaxes.HELD_OUT_PASSWORDS, syntaxes.HELD_OUT_WORDS, syntaxes.HELD_OUT_BLOCKS)
    write("tuned.jsonl", tuned)
    write("held-out.jsonl", held_out)
    write("clean.jsonl", clean(random.Random(7)))


if __name__ == "__main__":
    main()
