#!/usr/bin/env python3
"""Makes the sample work in this folder: requests, and the deliverables that answered them.

    python3 -m venv /tmp/samples && /tmp/samples/bin/pip install -r maker/requirements.txt
    /tmp/samples/bin/python make.py

Every person, company and figure in them is invented.
"""

import pathlib
import shutil

from maker import budget, deck, inspection, limiter, memo, plan

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = {
    "01-board-memo": memo,
    "02-budget-model": budget,
    "03-pitch-deck": deck,
    "04-inspection-report": inspection,
    "05-rate-limiter": limiter,
    "06-floor-plan": plan,
}


def main():
    for name, module in SAMPLES.items():
        folder = HERE / name
        for part in ("request", "deliverable"):
            shutil.rmtree(folder / part, ignore_errors=True)
        module.build(folder)
        files = [p for p in folder.rglob("*") if p.is_file()]
        print(f"{name}: {len(files)} files, {sum(p.stat().st_size for p in files) // 1024} KiB")


if __name__ == "__main__":
    main()
