#!/usr/bin/env python3
"""Makes tuned.jsonl and held-out.jsonl: documents with labelled spans (byte offsets in UTF-8).

Needs the PyPI package Faker (made with 40.63.0). The two parts share no template and, but for
US English, no locale. Run in this folder: python3 make.py
"""

import json
import re
from pathlib import Path

from values import LABELS, Values

HERE = Path(__file__).parent
DOCUMENTS = 320


def templates(name):
    text = (HERE / name).read_text()
    return [part.strip("\n") + "\n" for part in re.split(r"^=+ .*$", text, flags=re.M) if part.strip()]


def fill(template, values):
    """The text and its spans. A name given as {x#1} keeps its value through the document."""
    kept, out, spans, at = {}, "", [], 0
    for hit in re.finditer(r"\{([a-z_]+)(#\d)?\}", template):
        out += template[at:hit.start()]
        at = hit.end()
        name, mark = hit.group(1), hit.group(0)
        value = kept.get(mark) or getattr(values, name)()
        if hit.group(2):
            kept[mark] = value
        start = len(out.encode())
        out += value
        spans.append({"start": start, "end": len(out.encode()), "label": LABELS.get(name, name)})
    return out + template[at:], spans


def make(part, seed):
    values = Values(part, seed)
    long, short = templates(f"{part}.txt"), (HERE / f"{part}-lines.txt").read_text().splitlines()
    with (HERE / f"{part}.jsonl").open("w") as out:
        for at in range(DOCUMENTS):
            values.next_document()
            # One in three is a letter, form or table; the others are a sentence or two.
            chosen = long[(at // 3) % len(long)] if at % 3 == 0 else short[at % len(short)] + "\n"
            text, spans = fill(chosen, values)
            out.write(json.dumps({"text": text, "spans": spans}, ensure_ascii=False) + "\n")


make("tuned", 4711)
make("held-out", 815)
