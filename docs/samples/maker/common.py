"""What the samples share: folders, reproducible archives, and a plain bar chart as a picture."""

import io
import re
import zipfile

from PIL import Image, ImageDraw, ImageFont

INK, MUTED, GRID, ACCENT = "#1f2933", "#66717d", "#d8dde3", "#1d6f6a"


def folders(folder):
    request, deliverable = folder / "request", folder / "deliverable"
    for path in (request, deliverable):
        path.mkdir(parents=True, exist_ok=True)
    return request, deliverable


def freeze(path, when):
    """Rewrites an Office file with fixed times, so that the same content has the same bytes."""
    path.write_bytes(frozen(path.read_bytes(), when))


def frozen(data, when):
    """The archive with fixed times, and those inside it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    stamp = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            if name == "docProps/core.xml":
                text = data.decode()
                text = re.sub(r"(<dcterms:(created|modified)[^>]*>)[^<]*", rf"\g<1>{stamp}", text)
                data = text.encode()
            elif name.endswith(".xlsx"):
                data = frozen(data, when)
            info = zipfile.ZipInfo(name, when.timetuple()[:6])
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def font(size):
    return ImageFont.load_default(size)


def bar_chart(path, title, unit, groups, series, size=(1200, 640)):
    """Grouped bars. `groups` are labels; `series` is [(name, colour, values)]."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = 90, 110, size[0] - 30, size[1] - 70
    largest = max(v for _, _, values in series for v in values)
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if largest / s <= 6)
    ceiling = step * (int(largest / step) + 1)
    draw.text((left, 20), title, INK, font(28))
    for tick in range(int(ceiling / step) + 1):
        y = bottom - (bottom - top) * tick * step / ceiling
        draw.line((left, y, right, y), GRID, 1)
        draw.text((left - 12, y), f"{tick * step:g}", MUTED, font(20), anchor="rm")
    draw.text((left, 66), unit, MUTED, font(20))
    slot = (right - left) / len(groups)
    width = slot * 0.7 / len(series)
    for g, label in enumerate(groups):
        x = left + slot * (g + 0.15)
        for s, (_, colour, values) in enumerate(series):
            y = bottom - (bottom - top) * values[g] / ceiling
            draw.rectangle((x + s * width, y, x + (s + 1) * width - 4, bottom), colour)
            draw.text((x + (s + 0.5) * width, y - 6), f"{values[g]:g}", INK, font(18), anchor="ms")
        draw.text((left + slot * (g + 0.5), bottom + 14), label, INK, font(20), anchor="ma")
    x = right
    for name, colour, _ in reversed(series):
        x -= draw.textlength(name, font(20))
        draw.text((x, 66), name, INK, font(20))
        draw.rectangle((x - 28, 70, x - 10, 88), colour)
        x -= 60
    image.save(path, optimize=True)
