//! JPEG (ITU-T T.81 annex B): marker segments, the entropy-coded data between them passed over.

use super::{PIECES_MAX, be16, slice};

/// Start of image.
pub(crate) const SOI: u8 = 0xd8;
/// End of image.
pub(crate) const EOI: u8 = 0xd9;
/// Start of scan; entropy-coded data follow.
pub(crate) const SOS: u8 = 0xda;
/// Comment.
pub(crate) const COM: u8 = 0xfe;
/// First application segment.
pub(crate) const APP0: u8 = 0xe0;

/// One marker with its segment.
pub(crate) struct Segment<'b> {
    pub(crate) marker: u8,
    /// What the segment holds, without marker and length.
    pub(crate) data: &'b [u8],
    /// Marker, length, data, and for a scan its entropy-coded data.
    pub(crate) whole: &'b [u8],
}

/// What a file holds.
pub(crate) struct Jpeg<'b> {
    pub(crate) segments: Vec<Segment<'b>>,
    /// What follows the end of the picture.
    pub(crate) rest: &'b [u8],
    /// Whether the picture has an end.
    pub(crate) is_whole: bool,
}

/// Takes a file apart.
pub(crate) fn parse(bytes: &[u8]) -> Jpeg<'_> {
    let mut segments = Vec::new();
    let mut at = 0;
    while segments.len() < PIECES_MAX {
        let Some(segment) = segment(bytes, at) else { break };
        at += segment.whole.len();
        let is_end = segment.marker == EOI;
        segments.push(segment);
        if is_end {
            return Jpeg { segments, rest: &bytes[at..], is_whole: true };
        }
    }
    Jpeg { segments, rest: &[], is_whole: false }
}

fn segment(bytes: &[u8], start: usize) -> Option<Segment<'_>> {
    if *bytes.get(start)? != 0xff {
        return None;
    }
    // Any number of fill bytes may stand before a marker (B.1.1.2).
    let fill = bytes[start..].iter().take_while(|byte| **byte == 0xff).count();
    let after = start + fill;
    let marker = *bytes.get(after)?;
    if matches!(marker, 0x01 | 0xd0..=EOI) {
        return Some(Segment { marker, data: &[], whole: &bytes[start..=after] });
    }
    let length = usize::from(be16(bytes, after + 1)?);
    let data = slice(bytes, after + 3, length.checked_sub(2)?)?;
    let mut end = after + 1 + length;
    if marker == SOS {
        end += entropy_length(&bytes[end..]);
    }
    Some(Segment { marker, data, whole: &bytes[start..end] })
}

/// Bytes up to the next marker that is neither a stuffed byte nor a restart.
fn entropy_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(offset) = bytes[at..].iter().position(|byte| *byte == 0xff) {
        at += offset;
        match bytes.get(at + 1) {
            Some(0x00 | 0xd0..=0xd7) => at += 2,
            Some(0xff) => at += 1,
            Some(_) => return at,
            None => break,
        }
    }
    bytes.len()
}

/// A segment of these data; `None` if they are too long for one.
pub(crate) fn segment_of(marker: u8, data: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(data.len() + 2).ok()?;
    Some([&[0xff, marker], length.to_be_bytes().as_slice(), data].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_segments_and_what_follows() {
        let file = b"\xff\xd8\xff\xfe\0\x04hi\xff\xda\0\x02ab\xff\0\xff\xd1c\xff\xff\xd9rest";
        let jpeg = parse(file);
        let markers: Vec<u8> = jpeg.segments.iter().map(|segment| segment.marker).collect();
        assert_eq!(markers, [SOI, COM, SOS, EOI]);
        assert_eq!((jpeg.segments[1].data, jpeg.rest), (b"hi".as_slice(), b"rest".as_slice()));
        assert!(jpeg.is_whole);
        assert!((0..file.len() - 4).all(|length| !parse(&file[..length]).is_whole));
    }
}
