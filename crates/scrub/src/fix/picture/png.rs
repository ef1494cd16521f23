//! PNG: chunks that draw, and the colour profile, are kept.

use super::{Copy, exif_of, is_bare, orientation};
use crate::finding::Channel;
use crate::picture::png::{DRAWING, SIGNATURE, chunk_of, parse};
use crate::report::Reason;

pub(super) fn fix(copy: &mut Copy, bytes: &[u8]) -> Result<(), Reason> {
    let png = parse(bytes);
    if !png.is_whole {
        return Err(Reason::Broken);
    }
    copy.keep(SIGNATURE);
    for chunk in &png.chunks {
        match &chunk.name {
            b"iCCP" => copy.keep(chunk.whole),
            b"eXIf" => {
                let turned = orientation(chunk.data);
                if let Some(turned) = turned {
                    copy.keep(&chunk_of(*b"eXIf", &exif_of(turned)));
                }
                if !turned.is_some_and(|turned| is_bare(chunk.data, turned)) {
                    copy.drop(Channel::Metadata);
                }
            }
            name if DRAWING.contains(&name) => copy.keep(chunk.whole),
            b"tEXt" | b"zTXt" | b"iTXt" => copy.drop(Channel::Comment),
            _ => copy.drop(Channel::Metadata),
        }
    }
    copy.drop_rest(png.rest);
    Ok(())
}
