#!/usr/bin/env python3
"""Makes validation.jsonl, whose misses may be looked at, and check.jsonl, which is a number only.

The parts share no template; their countries differ but for English ones. A line of the templates
that begins with `^` becomes capitals, one with `_` small letters. Values next to each other in a
template that no label names are part of the text. Needs Faker, as make.py does.
Run in this folder: python3 make_validation.py
"""

import json
import re
from pathlib import Path

from more_values import MORE_LABELS, MoreValues
from values import LABELS

HERE = Path(__file__).parent
DOCUMENTS = 800
ALL_LABELS = LABELS | MORE_LABELS


def fill(template, values):
    change = {"^": str.upper, "_": str.lower}.get(template[0], str)
    template = template.lstrip("^_").replace("\\n", "\n")
    out, spans, at = "", [], 0
    for hit in re.finditer(r"\{([a-z_]+)\}", template):
        out += change(template[at:hit.start()])
        at, name = hit.end(), hit.group(1)
        start = len(out.encode())
        out += change(getattr(values, name)())
        label = ALL_LABELS.get(name, name)
        if label:
            spans.append({"start": start, "end": len(out.encode()), "label": label})
    return out + change(template[at:]) + "\n", spans


def make(part, seed):
    values = MoreValues(part, seed)
    templates = (HERE / f"{part}-lines.txt").read_text().splitlines()
    with (HERE / f"{part}.jsonl").open("w") as out:
        for at in range(DOCUMENTS):
            values.next_document()
            text, spans = fill(templates[at % len(templates)], values)
            out.write(json.dumps({"text": text, "spans": spans}, ensure_ascii=False) + "\n")


make("validation", 1601)
make("check", 2203)
