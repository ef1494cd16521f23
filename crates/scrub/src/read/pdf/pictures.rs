//! Pictures: handed on as files that a reader of pictures knows (ISO 32000-2 §8.9).

use lopdf::{Document, Object, Stream};

use super::Reading;
use super::document::{dict_of, get, number_of, unpack};
use super::state::Space;
use crate::kind::Kind;
use crate::report::Reason;
use crate::scan::Scan;

/// Samples of a picture and what they mean.
#[derive(Debug)]
pub(crate) struct Samples {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Grey or red, green and blue.
    pub(crate) parts: usize,
    pub(crate) bytes: Vec<u8>,
}

/// Hands a picture on under a name.
pub(super) fn hand_on(scan: &mut Scan<'_>, reading: &Reading<'_>, name: &str, stream: &Stream) {
    let inner = reading.site.inner(name);
    if let Err(reason) = scan.budget.entry() {
        scan.refuse(reading.site, Some(name), Kind::Unknown, reason);
        return;
    }
    match file_of(&reading.shared.pdf.doc, stream, scan.budget.limits().entry_bytes_max) {
        Ok(bytes) => scan.file(&inner, &bytes),
        Err(reason) => scan.refuse(&inner, None, Kind::Unknown, reason),
    }
}

/// A picture as the bytes of a file.
pub(crate) fn file_of(doc: &Document, stream: &Stream, most: u64) -> Result<Vec<u8>, Reason> {
    let filters: Vec<Vec<u8>> =
        stream.filters().unwrap_or_default().into_iter().map(<[u8]>::to_vec).collect();
    let packing = |name: &Vec<u8>| {
        matches!(
            name.as_slice(),
            b"DCTDecode" | b"DCT" | b"JPXDecode" | b"CCITTFaxDecode" | b"CCF" | b"JBIG2Decode"
        )
    };
    let Some(at) = filters.iter().position(packing) else {
        return png_of(&samples(doc, stream, most)?);
    };
    let packed = before(stream, &filters[..at], most)?;
    match filters[at].as_slice() {
        b"JBIG2Decode" => Err(Reason::UnknownCompression),
        b"CCITTFaxDecode" | b"CCF" => Ok(fax(doc, stream, at, &packed)),
        _ => Ok(packed),
    }
}

/// What the filters before the last one give.
fn before(stream: &Stream, filters: &[Vec<u8>], most: u64) -> Result<Vec<u8>, Reason> {
    if filters.is_empty() {
        return Ok(stream.content.clone());
    }
    let mut outer = Stream::new(lopdf::Dictionary::new(), stream.content.clone());
    outer.dict.set("Filter", filters.iter().cloned().map(Object::Name).collect::<Vec<_>>());
    let unpacked = unpack(&outer, most);
    unpacked.trouble.map_or(Ok(unpacked.content), Err)
}

/// Samples of a picture that no picture format packs, in eight bits.
pub(crate) fn samples(doc: &Document, stream: &Stream, most: u64) -> Result<Samples, Reason> {
    let dict = &stream.dict;
    let number = |key: &[u8]| number_of(doc, dict, key).map(super::whole);
    let width = number(b"Width").unwrap_or(0) as usize;
    let height = number(b"Height").unwrap_or(0) as usize;
    let is_stencil = matches!(get(doc, dict, b"ImageMask"), Some(Object::Boolean(true)));
    let bits = if is_stencil { 1 } else { number(b"BitsPerComponent").unwrap_or(8) as usize };
    let count = width.checked_mul(height).filter(|count| *count > 0).ok_or(Reason::Broken)?;
    if !matches!(bits, 1 | 2 | 4 | 8 | 16) {
        return Err(Reason::Broken);
    }
    if count as u64 > most / 4 {
        return Err(Reason::TooLarge);
    }
    let unpacked = unpack(stream, most);
    if let Some(reason) = unpacked.trouble.filter(|_| unpacked.content.is_empty()) {
        return Err(reason);
    }
    let space = get(doc, dict, b"ColorSpace");
    let palette = space.and_then(|space| palette_of(doc, space));
    let kind = space.map_or(Space::Grey, |space| Space::of(doc, space, 0));
    let parts = match kind {
        _ if is_stencil || palette.is_some() => 1,
        Space::Grey | Space::BlackInk => 1,
        Space::Rgb => 3,
        Space::Cmyk => 4,
        // Told by how much there is.
        _ => (unpacked.content.len() * 8 / (count * bits)).clamp(1, 32),
    };
    let row = (width * parts * bits).div_ceil(8);
    let decode = get(doc, dict, b"Decode").and_then(|d| d.as_array().ok()).and_then(|d| d.first());
    let is_inverse =
        decode.and_then(|first| first.as_float().ok()) == Some(1.0) || kind == Space::BlackInk;
    let mut out = Vec::with_capacity(count * 3);
    let blank = vec![0; row];
    for line in 0..height {
        let bytes = unpacked.content.get(line * row..(line + 1) * row).unwrap_or(&blank);
        for column in 0..width {
            let sample = |part: usize| sample(bytes, (column * parts + part) * bits, bits);
            pixel(sample, parts, bits, palette.as_deref(), is_inverse, &mut out);
        }
    }
    let parts = out.len() / count;
    Ok(Samples { width, height, parts, bytes: out })
}

/// Bits of a row as a number.
fn sample(row: &[u8], at: usize, bits: usize) -> u8 {
    let byte = row.get(at / 8).copied().unwrap_or(0);
    if bits >= 8 { byte } else { byte >> (8 - bits - at % 8) & ((1 << bits) - 1) as u8 }
}

fn pixel(
    sample: impl Fn(usize) -> u8,
    parts: usize,
    bits: usize,
    palette: Option<&[u8]>,
    is_inverse: bool,
    out: &mut Vec<u8>,
) {
    if let Some(palette) = palette {
        let at = usize::from(sample(0)) * 3;
        out.extend((at..at + 3).map(|at| palette.get(at).copied().unwrap_or(0)));
        return;
    }
    let wide = |value: u8| {
        let value = if bits >= 8 { value } else { value * (255 / ((1_u16 << bits) - 1) as u8) };
        if is_inverse { 255 - value } else { value }
    };
    match parts {
        3 => out.extend((0..3).map(|part| wide(sample(part)))),
        4 => {
            let black = 255 - u16::from(wide(sample(3)));
            let mix = |part| ((255 - u16::from(wide(sample(part)))) * black / 255) as u8;
            out.extend((0..3).map(mix));
        }
        _ => out.push(wide(sample(0))),
    }
}

/// Red, green and blue of each colour of a palette.
fn palette_of(doc: &Document, space: &Object) -> Option<Vec<u8>> {
    let parts = space.as_array().ok()?;
    if !matches!(parts.first()?.as_name().ok()?, b"Indexed" | b"I") {
        return None;
    }
    let (_, base) = doc.dereference(parts.get(1)?).ok()?;
    let table = match doc.dereference(parts.get(3)?).ok()?.1 {
        Object::String(table, _) => table.clone(),
        Object::Stream(stream) => unpack(stream, 1 << 16).content,
        _ => return None,
    };
    let width = match Space::of(doc, base, 0) {
        Space::Grey | Space::BlackInk => 1,
        Space::Cmyk => 4,
        _ => 3,
    };
    let colour = |entry: &[u8]| match *entry {
        [grey] => [grey; 3],
        [c, m, y, k] => {
            [c, m, y].map(|ink| ((255 - u16::from(ink)) * (255 - u16::from(k)) / 255) as u8)
        }
        [r, g, b, ..] => [r, g, b],
        _ => [0; 3],
    };
    Some(table.chunks(width).flat_map(colour).collect())
}

/// The same as a PNG file.
pub(crate) fn png_of(samples: &Samples) -> Result<Vec<u8>, Reason> {
    let mut out = Vec::new();
    let side = |length: usize| u32::try_from(length).map_err(|_| Reason::TooLarge);
    let mut encoder = png::Encoder::new(&mut out, side(samples.width)?, side(samples.height)?);
    let colour = if samples.parts == 3 { png::ColorType::Rgb } else { png::ColorType::Grayscale };
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(|_| Reason::Broken)?;
    writer.write_image_data(&samples.bytes).map_err(|_| Reason::Broken)?;
    writer.finish().map_err(|_| Reason::Broken)?;
    Ok(out)
}

/// A fax page in a TIFF file of one strip (TIFF 6.0, sections 8 and 11).
fn fax(doc: &Document, stream: &Stream, at: usize, packed: &[u8]) -> Vec<u8> {
    let params = match get(doc, &stream.dict, b"DecodeParms") {
        Some(Object::Array(all)) => {
            all.get(at).and_then(|p| doc.dereference(p).ok()).and_then(|(_, p)| p.as_dict().ok())
        }
        _ => dict_of(doc, &stream.dict, b"DecodeParms"),
    };
    let number = |key: &[u8]| params.and_then(|params| number_of(doc, params, key));
    let scheme = number(b"K").unwrap_or(0.0);
    let width = number(b"Columns").map_or(1728, super::whole);
    let height = number_of(doc, &stream.dict, b"Height").map_or(0, super::whole);
    let is_inverse = params
        .and_then(|params| get(doc, params, b"BlackIs1"))
        .is_some_and(|inverse| matches!(inverse, Object::Boolean(true)));
    let compression = if scheme < 0.0 { 4 } else { 3 };
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
    let entries: [(u16, u32); 10] = [
        (256, width),
        (257, height),
        (258, 1),
        (259, compression),
        (262, u32::from(is_inverse)),
        (273, 8 + 2 + 10 * 12 + 4),
        (277, 1),
        (278, height),
        (279, length),
        (292, u32::from(scheme > 0.0)),
    ];
    let mut out = b"II*\0\x08\0\0\0\x0a\0".to_vec();
    for (tag, value) in entries {
        out.extend_from_slice(&tag.to_le_bytes());
        out.extend_from_slice(&4_u16.to_le_bytes());
        out.extend_from_slice(&1_u32.to_le_bytes());
        out.extend_from_slice(&value.to_le_bytes());
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(packed);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_few_bits_are_widened() {
        let mut dict = lopdf::Dictionary::new();
        for (key, value) in [("Width", 2), ("Height", 2), ("BitsPerComponent", 4)] {
            dict.set(key, value);
        }
        dict.set("ColorSpace", "DeviceGray");
        let doc = Document::new();
        let samples = samples(&doc, &Stream::new(dict, vec![0xf0, 0x08]), 1 << 20).unwrap();
        assert_eq!((samples.parts, samples.bytes.clone()), (1, vec![255, 0, 0, 136]));
        assert!(png_of(&samples).unwrap().starts_with(b"\x89PNG"));
    }
}
