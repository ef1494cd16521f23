//! JPEG: segments that decode, the colour profile and how to turn it are kept.

use super::{Copy, exif_of, is_bare, orientation};
use crate::finding::Channel;
use crate::picture::jpeg::{APP0, COM, SOI, Segment, parse, segment_of};
use crate::report::Reason;

/// Bytes of a JFIF head up to the size of its small copy.
const JFIF_BYTES: usize = 12;

pub(super) fn fix(copy: &mut Copy, bytes: &[u8]) -> Result<(), Reason> {
    let jpeg = parse(bytes);
    if !jpeg.is_whole {
        return Err(Reason::Broken);
    }
    let turned = jpeg.segments.iter().filter(|segment| segment.data.starts_with(b"Exif\0\0"));
    let turned = turned.filter(|s| s.marker == 0xe1).find_map(|s| orientation(s.data));
    let mut pending = turned;
    for segment in &jpeg.segments {
        let is_head = matches!(segment.marker, SOI | APP0);
        if let Some(turned) = pending.filter(|_| !is_head) {
            pending = None;
            let exif = [b"Exif\0\0".as_slice(), &exif_of(turned)].concat();
            // A bare block is far below the length of a segment.
            copy.keep(&segment_of(0xe1, &exif).unwrap_or_default());
        }
        match segment.marker {
            COM => copy.drop(Channel::Comment),
            APP0 => head(copy, segment),
            0xe2 if segment.data.starts_with(b"ICC_PROFILE\0") => copy.keep(segment.whole),
            // Says how the colours are coded.
            0xee if segment.data.starts_with(b"Adobe") => copy.keep(segment.whole),
            0xe1 if turned.is_some_and(|turned| is_bare(segment.data, turned)) => {}
            0xe1..=0xef => copy.drop(Channel::Metadata),
            _ => copy.keep(segment.whole),
        }
    }
    copy.drop_rest(jpeg.rest);
    Ok(())
}

/// The head of JFIF, without its small copy.
fn head(copy: &mut Copy, segment: &Segment<'_>) {
    let fields = segment.data.get(..JFIF_BYTES).filter(|data| data.starts_with(b"JFIF\0"));
    match fields {
        Some(fields) if segment.data.len() > JFIF_BYTES + 2 => {
            copy.drop(Channel::Thumbnail);
            // Shorter than the segment it comes from.
            copy.keep(&segment_of(APP0, &[fields, &[0, 0]].concat()).unwrap_or_default());
        }
        Some(_) => copy.keep(segment.whole),
        None => copy.drop(Channel::Thumbnail),
    }
}
