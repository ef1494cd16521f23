"""Makes the databases of this folder with SQLite itself: people.sqlite with rows, a row that flows
over to other pages, and rows that were deleted; wide.sqlite in UTF-16."""

import pathlib
import sqlite3

here = pathlib.Path(__file__).parent


def database(name, *setup):
    path = here / name
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA page_size = 1024", "PRAGMA secure_delete = OFF", *setup):
        connection.execute(statement)
    connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, note TEXT, card INTEGER)")
    return connection


with database("people.sqlite") as people:
    people.execute("INSERT INTO people VALUES (1, 'Eva Lang', 'eva.lang@corp.com', 4111111111111111)")
    long = "x " * 2000 + "carl.voss@corp.com" + " y" * 2000
    people.execute("INSERT INTO people VALUES (2, 'Carl', ?, NULL)", (long,))
    for number in range(100):
        people.execute("INSERT INTO people VALUES (?, 'Gone', ?, NULL)",
                       (number + 10, f"gone{number}.person@corp.com"))
    people.execute("DELETE FROM people WHERE id >= 10")

with database("wide.sqlite", "PRAGMA encoding = 'UTF-16'") as wide:
    wide.execute("INSERT INTO people VALUES (1, 'Jürgen', 'dora.klein@corp.com', NULL)")
