"""Makes the pictures of this folder. Needs Pillow, pillow-heif, numpy, python-pptx, exiftool and DejaVu fonts.

Usage: python make.py [folder]. Everything in them is invented.
"""

import io
import os
import subprocess
import sys
import zlib

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin, TiffImagePlugin
from pptx import Presentation
from pptx.util import Inches

pillow_heif.register_heif_opener()
OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def path(name):
    return os.path.join(OUT, name)


def scene(width=96, height=72, turn=0):
    """Soft shapes, like a photograph."""
    y, x = np.mgrid[0:height, 0:width]
    red = 127 + 120 * np.sin((x + turn) / 17.0)
    green = 127 + 120 * np.cos((y - turn) / 13.0)
    blue = (x * 2 + y + turn) % 256
    return Image.fromarray(np.dstack([red, green, blue]).astype("uint8"), "RGB")


def screenshot(name, lines, dpi, dark=False):
    """A window with text at 10.5 points."""
    size = round(10.5 * dpi / 72)
    font = ImageFont.truetype(FONT, size)
    paper, ink = ("#202020", "#e8e8e8") if dark else ("#ffffff", "#222222")
    picture = Image.new("RGB", (round(5 * dpi), round(0.35 * dpi * (len(lines) + 1))), paper)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((0.2 * dpi, 0.2 * dpi + number * 0.32 * dpi), line, font=font, fill=ink)
    picture.quantize(16).save(path(name), optimize=True)


def exiftool(name, *arguments):
    subprocess.run(["exiftool", "-q", "-overwrite_original", *arguments, path(name)], check=True)


METADATA = [
    "-GPSLatitude=52.52",
    "-GPSLatitudeRef=N",
    "-GPSLongitude=13.405",
    "-GPSLongitudeRef=E",
    "-Artist=Anna Berg",
    "-EXIF:SerialNumber=SN-4711-0815",
    "-EXIF:OwnerName=Carl Dorn",
    "-EXIF:UserComment=for the Globodyne board only",
    "-EXIF:Software=Editor 1.0",
    "-Orientation#=6",
    "-XMP-dc:Creator=Eva Fink",
    "-XMP-xmp:CreatorTool=Editor at C:\\Users\\eva\\Projects",
    "-XMP-xmpMM:HistoryAction=saved",
    "-XMP-xmpMM:HistoryWhen=2024:05:01 10:00:00",
]


def jpegs():
    scene().save(path("plain.jpg"), quality=80)
    scene().save(path("full.jpg"), quality=80)
    small = io.BytesIO()
    scene().resize((32, 24)).save(small, "JPEG")
    open(path("small.tmp"), "wb").write(small.getvalue())
    exiftool("full.jpg", *METADATA, "-IPTC:By-line=Gerd Holz", "-IPTC:Caption-Abstract=Plan of Globodyne",
             "-Comment=Internal: mail anna.berg@mail.com", f"-ThumbnailImage<={path('small.tmp')}")
    scene().save(path("other-preview.jpg"), quality=80)
    small = io.BytesIO()
    scene(turn=60).transpose(Image.Transpose.ROTATE_180).resize((32, 24)).save(small, "JPEG")
    open(path("small.tmp"), "wb").write(small.getvalue())
    exiftool("other-preview.jpg", "-Make=Camera", f"-ThumbnailImage<={path('small.tmp')}")
    os.remove(path("small.tmp"))
    plain = open(path("plain.jpg"), "rb").read()
    open(path("second.jpg"), "wb").write(plain + open(path("full.jpg"), "rb").read())
    scene().save(path("progressive.jpg"), quality=60, progressive=True)
    frames = [scene(), scene(turn=40)]
    frames[0].save(path("mpo.jpg"), "MPO", save_all=True, append_images=frames[1:])


def pngs():
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Anna Berg")
    info.add_text("Comment", "mail carl.dorn@mail.com", zip=True)
    info.add_itxt("Title", "Plan of Globodyne", "en", "Title")
    scene().save(path("plain.png"), optimize=True)
    scene().save(path("full.png"), pnginfo=info, optimize=True)
    exiftool("full.png", *METADATA)
    # A phone's editor wrote the smaller picture over the larger one and did not shorten the file.
    large, cut = io.BytesIO(), io.BytesIO()
    scene(120, 90).save(large, "PNG")
    scene(120, 90).crop((0, 0, 40, 30)).save(cut, "PNG")
    open(path("remainder.png"), "wb").write(cut.getvalue() + large.getvalue()[len(cut.getvalue()):])
    open(path("trailing.png"), "wb").write(open(path("plain.png"), "rb").read() + b"PASSWORD of anna.berg@mail.com\n")
    picture = Image.new("RGBA", (420, 60), (255, 255, 255, 255))
    ImageDraw.Draw(picture).text((10, 15), "Globodyne merger", font=ImageFont.truetype(FONT, 26), fill="black")
    picture.putalpha(0)
    picture.save(path("transparent.png"), optimize=True)
    edge = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    ImageDraw.Draw(edge).ellipse((8, 8, 56, 56), fill=(20, 90, 200, 255))
    edge.save(path("round.png"), optimize=True)
    Image.new("RGB", (16, 16), "red").save(path("icon.png"))
    bomb = PngImagePlugin.PngInfo()
    bomb.add(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 20_000_000, 9))
    Image.new("L", (32, 32), 7).save(path("bomb.png"), pnginfo=bomb)
    words = ["Write to anna.berg@example.com", "IBAN DE89 3704 0044 0532 0130 00", "Project Globodyne, phase 2"]
    for dpi in (100, 200):
        screenshot(f"screen-{dpi}.png", words, dpi)
    screenshot("screen-dark.png", words, 100, dark=True)
    screenshot("screen-clean.png", ["The weather is fine today.", "Nothing else to say here."], 100)


def graymap():
    """For the engine alone, which is given pixels without a file around them."""
    picture = Image.new("L", (240, 48), 255)
    ImageDraw.Draw(picture).text((12, 12), "Project Globodyne", font=ImageFont.truetype(FONT, 20), fill=20)
    os.makedirs(path("ocr"), exist_ok=True)
    with open(path("ocr/words.pgm"), "wb") as file:
        file.write(b"P5 %d %d 255\n" % picture.size + picture.tobytes())


def others():
    frames = [scene(), scene(turn=30), scene(turn=60)]
    small = [frame.resize((48, 36)).quantize(16) for frame in frames]
    small[0].save(path("frames.gif"), save_all=True, append_images=small[1:], comment=b"for Anna Berg")
    exiftool("frames.gif", "-XMP-dc:Creator=Eva Fink")
    small[0].save(path("plain.gif"))
    scene().save(path("plain.webp"), quality=60)
    scene().save(path("full.webp"), quality=60)
    exiftool("full.webp", *METADATA)
    scene().save(path("plain.tif"), compression="tiff_adobe_deflate")
    pages = [scene(), scene(turn=30)]
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[315] = "Anna Berg"
    tags[270] = "Plan of Globodyne"
    pages[0].save(path("full.tif"), save_all=True, append_images=pages[1:], tiffinfo=tags, compression="tiff_adobe_deflate")
    exiftool("full.tif", *METADATA)
    scene(64, 48).save(path("full.heic"), quality=40)
    exiftool("full.heic", *METADATA)
    scene(64, 48).save(path("full.avif"), quality=40)
    exiftool("full.avif", *METADATA)
    scene(64, 48).save(path("plain.avif"), quality=40)
    scene(32, 24).save(path("plain.bmp"))


def slides():
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    shown = slide.shapes.add_picture(path("full.jpg"), Inches(1), Inches(1))
    shown.crop_left = 0.25
    slide.shapes.add_picture(path("plain.png"), Inches(4), Inches(1))
    deck.save(path("cropped.pptx"))


if __name__ == "__main__":
    jpegs()
    pngs()
    graymap()
    others()
    slides()
