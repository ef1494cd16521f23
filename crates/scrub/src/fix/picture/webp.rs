//! WebP: chunks of pixels, animation and colour are kept; the head's flags follow.

use super::{Copy, exif_of, is_bare, orientation};
use crate::finding::Channel;
use crate::picture::riff::{chunk_of, parse};
use crate::report::Reason;

/// Flags of the extended head (RFC 9649 §2.7.1).
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

pub(super) fn fix(copy: &mut Copy, bytes: &[u8]) -> Result<(), Reason> {
    let riff = parse(bytes);
    if !riff.is_whole {
        return Err(Reason::Broken);
    }
    let exif = riff.chunks.iter().find(|chunk| chunk.name == *b"EXIF");
    let turned = exif.and_then(|chunk| orientation(chunk.data));
    let mut body = b"WEBP".to_vec();
    for chunk in &riff.chunks {
        match &chunk.name {
            b"VP8X" => {
                let mut head = chunk.data.to_vec();
                if let Some(flags) = head.first_mut() {
                    *flags &= !(HAS_EXIF | HAS_XMP);
                    *flags |= if turned.is_some() { HAS_EXIF } else { 0 };
                }
                body.extend(chunk_of(*b"VP8X", &head));
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => {
                body.extend(chunk_of(chunk.name, chunk.data));
            }
            b"EXIF" if turned.is_some_and(|turned| is_bare(chunk.data, turned)) => {}
            _ => copy.drop(Channel::Metadata),
        }
    }
    if let Some(turned) = turned {
        body.extend(chunk_of(*b"EXIF", &exif_of(turned)));
    }
    copy.keep(&chunk_of(*b"RIFF", &body));
    copy.drop_rest(riff.rest);
    Ok(())
}
