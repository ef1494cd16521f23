"""tiles.json: which tiles a size has, what is in them, how they are named; entry bundles."""

from model.tree import sha256

from .trees import counted

C2SP = "C2SP tlog-tiles"


def number_path(n):
    groups = []
    while True:
        groups.insert(0, f"{n % 1000:03}")
        n //= 1000
        if n == 0:
            return "/".join([f"x{g}" for g in groups[:-1]] + groups[-1:])


def tile_path(level, index, width):
    suffix = "" if width == 256 else f".p/{width}"
    return f"tile/{level}/{number_path(index)}{suffix}"


def tiles_at(size):
    level, out = 0, []
    while size >> 8 * level:
        hashes = size >> 8 * level
        full, partial = divmod(hashes, 256)
        out += [(level, n, 256) for n in range(full)]
        if partial:
            out.append((level, full, partial))
        level += 1
    return out


def tile_bytes(tree, level, index, width):
    span = 256**level
    first = index * 256
    return b"".join(tree.subtree(i * span, (i + 1) * span) for i in range(first, first + width))


def size_cases(tree):
    for size in (0, 1, 2, 255, 256, 257, 511, 512, 700, 65535, 65536, 65537, 70000):
        tiles = tiles_at(size)
        shown = [t for t in tiles if t[2] != 256 or t[0] > 0 or t[1] in (0, size // 256 - 1)]
        yield {
            "description": f"the tiles of a counted tree of {size}",
            "source": f"{C2SP}: floor(s / 256^l) mod 256 hashes in the partial tile",
            "size": size, "count": len(tiles),
            "tiles": [
                {"path": tile_path(*t), "level": t[0], "index": t[1], "width": t[2],
                 "sha256": sha256(tile_bytes(tree, *t)).hex()}
                for t in shown
            ],
        }


def path_cases():
    for level, index, width in [
        (0, 0, 256), (0, 0, 1), (0, 999, 256), (0, 1000, 256), (0, 1234067, 256),
        (1, 1234, 56), (5, 7, 255), (0, 999999, 1), (0, 1000000, 1), (0, 123456789012, 200),
    ]:
        yield {
            "description": f"level {level}, index {index}, width {width}", "source": C2SP,
            "path": tile_path(level, index, width), "level": level, "index": index, "width": width,
        }


def bundle_path_cases():
    for index, width in [(0, 256), (0, 1), (273, 112), (1234067, 256)]:
        path = tile_path(0, index, width).replace("tile/0/", "tile/entries/")
        yield {"description": f"bundle {index}, width {width}", "source": C2SP, "path": path,
               "index": index, "width": width}


REFUSED_PATHS = [
    ("nothing", ""),
    ("a leading slash", "/tile/0/000"),
    ("no index", "tile/0"),
    ("an empty index", "tile/0/"),
    ("a level with a leading zero", "tile/00/000"),
    ("a level with a sign", "tile/+1/000"),
    ("level 64", "tile/64/000"),
    ("an index without padding", "tile/0/1"),
    ("an index group of four digits", "tile/0/0001"),
    ("an index with a superfluous zero group", "tile/0/x000/001"),
    ("a group that lacks its x", "tile/0/001/234"),
    ("an x on the last group", "tile/0/x001/x234"),
    ("width zero", "tile/0/000.p/0"),
    ("width 256 written out", "tile/0/000.p/256"),
    ("a width with a leading zero", "tile/0/000.p/01"),
    ("a width missing", "tile/0/000.p/"),
    ("a width twice", "tile/0/000.p/1.p/1"),
    ("a trailing slash", "tile/0/000/"),
    ("dots", "tile/0/../000"),
    ("letters in the index", "tile/0/0a0"),
    ("digits that are not ASCII", "tile/0/\u0660\u0660\u0660"),
    ("a trailing newline", "tile/0/000\n"),
    ("an index beyond 64 bits", "tile/0/x999/x999/x999/x999/x999/x999/999"),
]


def bundle_cases():
    for description, entries in [
        ("one entry", [b"a"]),
        ("an empty entry among others", [b"one", b"", b"three"]),
        ("the longest entry a prefix can announce", [b"\x5a" * 65535]),
        ("a full bundle", [i.to_bytes(8, "big") for i in range(256)]),
    ]:
        data = b"".join(len(e).to_bytes(2, "big") + e for e in entries)
        # The long ones are told by digest, to keep the file readable.
        case = {"description": description, "source": C2SP, "width": len(entries),
                "sha256": sha256(data).hex()}
        if len(data) < 4096:
            case |= {"bytes": data.hex(), "entries": [e.hex() for e in entries]}
        else:
            case |= {"repeat": entries[0][:1].hex(), "length": len(entries[0])}
        yield case


REFUSED_BUNDLES = [
    ("nothing where one entry is due", "", 1),
    ("half a length prefix", "00", 1),
    ("an entry cut short", "000361", 1),
    ("bytes after the last entry", "00016100", 1),
    ("one entry fewer than the width", "000161", 2),
    ("one entry more than the width", "000161000162", 1),
]


def build():
    tree = counted()
    c2sp_example = tiles_at(70000)
    assert sum(1 for t in c2sp_example if t[0] == 0 and t[2] == 256) == 273
    assert {(0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)} <= set(c2sp_example)
    return {
        "about": "Tiles are of the counted tree of tree.json; full ones on level 0 are sampled.",
        "sizes": list(size_cases(tree)),
        "paths": list(path_cases()),
        "bundle_paths": list(bundle_path_cases()),
        "paths_refused": [
            {"description": d, "source": C2SP, "path": p} for d, p in REFUSED_PATHS
        ],
        "bundles": list(bundle_cases()),
        "bundles_refused": [
            {"description": d, "source": C2SP, "bytes": b, "width": w} for d, b, w in REFUSED_BUNDLES
        ],
    }
