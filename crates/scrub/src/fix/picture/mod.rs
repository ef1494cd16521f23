//! Pictures: everything beside the pixels and what they need to be shown right is dropped. Pixels
//! are copied as they are coded, never decoded.

mod gif;
mod heic;
mod jpeg;
mod png;
mod svg;
mod tiff;
mod webp;

use std::borrow::Cow;

use super::Job;
use crate::finding::Channel;
use crate::kind::Kind;
use crate::picture::tiff as structure;
use crate::report::Reason;

/// Tag that says how a picture is to be turned.
const ORIENTATION: u16 = 0x0112;

/// Makes a copy without what is not shown.
pub(super) fn fix<'b>(
    job: &mut Job,
    path: &[String],
    kind: Kind,
    bytes: &'b [u8],
) -> Result<Cow<'b, [u8]>, Reason> {
    let mut copy = Copy { bytes: Vec::with_capacity(bytes.len()), gone: Vec::new() };
    match kind {
        Kind::Png => png::fix(&mut copy, bytes)?,
        Kind::Jpeg => jpeg::fix(&mut copy, bytes)?,
        Kind::Gif => gif::fix(&mut copy, bytes)?,
        Kind::Webp => webp::fix(&mut copy, bytes)?,
        Kind::Tiff => tiff::fix(&mut copy, bytes)?,
        Kind::Heic => heic::fix(&mut copy, bytes)?,
        Kind::Svg => svg::fix(job, path, &mut copy, bytes)?,
        _ => return Ok(Cow::Borrowed(bytes)),
    }
    if copy.gone.is_empty() {
        return Ok(Cow::Borrowed(bytes));
    }
    copy.gone.sort_unstable();
    for run in copy.gone.chunk_by(|one, other| one == other) {
        job.removed(path, None, run[0], run.len() as u64);
    }
    Ok(Cow::Owned(copy.bytes))
}

/// A copy in the making.
struct Copy {
    bytes: Vec<u8>,
    /// What was left out, one entry each.
    gone: Vec<Channel>,
}

impl Copy {
    fn keep(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn drop(&mut self, channel: Channel) {
        self.gone.push(channel);
    }

    /// Leaves out what follows the end.
    fn drop_rest(&mut self, rest: &[u8]) {
        if !rest.is_empty() {
            self.drop(Channel::Embedded);
        }
    }
}

/// How a block of Exif says that the picture is to be turned; `None` if it is upright.
fn orientation(exif: &[u8]) -> Option<u16> {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let tiff = structure::parse(exif)?;
    let first = tiff.directories.iter().find(|d| d.group == structure::Group::Page(0))?;
    let value = first.get(ORIENTATION)?.number(tiff.form)?;
    u16::try_from(value).ok().filter(|value| (2..=8).contains(value))
}

/// A block of Exif that says nothing else.
fn exif_of(orientation: u16) -> Vec<u8> {
    let head = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".as_slice();
    [head, orientation.to_be_bytes().as_slice(), &[0; 6]].concat()
}

/// Whether a block of Exif is such a one already.
fn is_bare(exif: &[u8], orientation: u16) -> bool {
    exif.strip_prefix(b"Exif\0\0").unwrap_or(exif) == exif_of(orientation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_block_says_how_to_turn_and_nothing_else() {
        assert_eq!(orientation(&exif_of(6)), Some(6));
        assert!(is_bare(&exif_of(6), 6) && !is_bare(&exif_of(6), 8));
        assert_eq!(orientation(&exif_of(1)), None);
        assert_eq!(orientation(b"nothing"), None);
    }
}
