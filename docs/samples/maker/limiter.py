"""A small Python library with its history: a git repository, its own directory named dot-git.

The name keeps the repository from being taken for a nested one. Rename it to .git to use it.
"""

import os
import pathlib
import shutil
import subprocess

from . import limiter_history
from .common import folders

REQUEST = """\
# Rate limiting for the booking API

Requested by: Camille Durand, product owner, Nordlicht Ferries
Assigned to: Jonas Weidner
Opened: 4 November 2024, wanted before the Christmas timetable opens on the 25th

On the day the summer timetable opened, two resellers asked for prices 300 times a second and the
booking pages stood still for passengers. Please write us a limiter that we can put in front of any
WSGI application.

- Per client: the API key if there is one, otherwise the address.
- Short bursts are fine (a page asks for up to 20 prices at once); a steady rate above 5 a second is not.
- Refused requests get 429 and `Retry-After` in whole seconds, never a blank page.
- The memory must not grow with the number of clients that came by once.
- No dependency. We run it on four processes; approximate counts across them are acceptable.
- Tests that do not sleep.

Please keep the history readable, Aylin will take it over in January.
"""

AUTHOR = ("Jonas Weidner", "jonas.weidner@nordlicht.example")


def git(folder, *arguments, when=None):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull, "TZ": "UTC", "LC_ALL": "C",
    }
    for role in ("AUTHOR", "COMMITTER"):
        environment[f"GIT_{role}_NAME"], environment[f"GIT_{role}_EMAIL"] = AUTHOR
        if when:
            environment[f"GIT_{role}_DATE"] = when
    subprocess.run(["git", "-C", str(folder), *arguments], env=environment, check=True,
                   stdout=subprocess.DEVNULL)


def write(folder, changes):
    for name, content in changes.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content)
            continue
        text = path.read_text()
        for old, new in content:
            assert text.count(old) == 1, (name, old)
            text = text.replace(old, new)
        path.write_text(text)


def build(folder):
    request, deliverable = folders(folder)
    (request / "rate-limiter-task.md").write_text(REQUEST)
    git(deliverable, "init", "--quiet", "--initial-branch=main", "--template=")
    for when, message, changes in limiter_history.COMMITS:
        write(deliverable, changes)
        git(deliverable, "add", "--all")
        git(deliverable, "commit", "--quiet", "--message", message, when=when)
    git(deliverable, "reflog", "expire", "--expire=all", "--all")
    git(deliverable, "-c", "pack.threads=1", "repack", "-adfq", "--depth=50", "--window=50")
    git(deliverable, "prune-packed")
    # An index without file times: git compares contents the first time it looks.
    (deliverable / ".git" / "index").unlink()
    git(deliverable, "read-tree", "HEAD")
    for stray in ("logs", "hooks", "info", "branches", "description", "COMMIT_EDITMSG"):
        path = deliverable / ".git" / stray
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    pathlib.Path(deliverable / ".git").rename(deliverable / "dot-git")
