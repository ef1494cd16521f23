//! Pictures under boxes: what is wholly covered goes, what is partly covered loses its points there.

use lopdf::{Dictionary, Document, Object, Stream};

use crate::limits::Limits;
use crate::read::pdf::canvas::{Brush, Canvas, Cover, Picture};
use crate::read::pdf::geometry::{Matrix, Point};
use crate::read::pdf::pictures::{Samples, file_of, samples};

/// Points of a picture in each direction that decide whether it is wholly covered.
const STEPS: u32 = 24;

/// How a picture is covered.
pub(super) enum Covered {
    Not,
    Partly,
    Wholly,
}

/// From the unit square of a picture to the page.
fn placement(picture: &Picture) -> Matrix {
    let [(x, y), (rx, ry), (ux, uy)] = picture.corners;
    Matrix([rx - x, ry - y, ux - x, uy - y, x, y])
}

/// The boxes over a picture.
pub(super) fn over<'c>(canvas: &'c Canvas, picture: &Picture) -> Vec<&'c Cover> {
    let is_over = |cover: &&Cover| {
        cover.order > picture.order
            && cover.brush != Brush::Image
            && !cover.area.bounds().meet(&cover.clip).meet(&picture.bounds).is_empty()
    };
    canvas.covers.iter().filter(is_over).collect()
}

pub(super) fn covered(picture: &Picture, covers: &[&Cover]) -> Covered {
    if covers.is_empty() {
        return Covered::Not;
    }
    let place = placement(picture);
    let step = |at: u32| (f64::from(at) + 0.5) / f64::from(STEPS);
    let points = (0..STEPS).flat_map(|y| (0..STEPS).map(move |x| (x, y)));
    let hidden = points
        .filter(|(x, y)| {
            let point = place.apply((step(*x), step(*y)));
            !picture.bounds.holds(point) || covers.iter().any(|cover| cover.holds(point))
        })
        .count();
    match hidden {
        0 => Covered::Partly,
        _ if hidden == (STEPS * STEPS) as usize => Covered::Wholly,
        _ => Covered::Partly,
    }
}

/// One black point in the place of a picture.
pub(super) fn blank() -> Stream {
    stream_of(&Samples { width: 1, height: 1, parts: 1, bytes: vec![0] })
}

/// A picture without the points that lie under boxes; one black point if it cannot be unpacked.
pub(super) fn without(
    doc: &Document,
    stream: &Stream,
    picture: &Picture,
    covers: &[&Cover],
    limits: Limits,
) -> Option<Stream> {
    let mut samples = match samples(doc, stream, limits.entry_bytes_max) {
        Ok(samples) => samples,
        Err(_) => decoded(doc, stream, limits)?,
    };
    let place = placement(picture);
    let Samples { width, height, parts, ref mut bytes } = samples;
    for line in 0..height {
        let y = 1.0 - (line as f64 + 0.5) / height as f64;
        for column in 0..width {
            let point: Point = place.apply(((column as f64 + 0.5) / width as f64, y));
            if covers.iter().any(|cover| cover.holds(point)) {
                let at = (line * width + column) * parts;
                bytes.get_mut(at..at + parts)?.fill(0);
            }
        }
    }
    let mut out = stream_of(&samples);
    if let Ok(mask) = stream.dict.get(b"SMask") {
        out.dict.set("SMask", mask.clone());
    }
    Some(out)
}

/// Samples of a picture that a picture format packs.
fn decoded(doc: &Document, stream: &Stream, limits: Limits) -> Option<Samples> {
    let file = file_of(doc, stream, limits.entry_bytes_max).ok()?;
    let mut reader =
        image::ImageReader::new(std::io::Cursor::new(file)).with_guessed_format().ok()?;
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.entry_bytes_max);
    reader.limits(bounds);
    let picture = reader.decode().ok()?.into_rgb8();
    let (width, height) = picture.dimensions();
    let (width, height) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
    Some(Samples { width, height, parts: 3, bytes: picture.into_raw() })
}

fn stream_of(samples: &Samples) -> Stream {
    let mut dict = Dictionary::new();
    dict.set("Type", "XObject");
    dict.set("Subtype", "Image");
    dict.set("Width", samples.width as i64);
    dict.set("Height", samples.height as i64);
    dict.set("BitsPerComponent", 8);
    let space = if samples.parts == 3 { "DeviceRGB" } else { "DeviceGray" };
    dict.set("ColorSpace", Object::from(space));
    let mut stream = Stream::new(dict, samples.bytes.clone());
    // A stream that cannot be packed stays as it is.
    let _ = stream.compress();
    stream
}
