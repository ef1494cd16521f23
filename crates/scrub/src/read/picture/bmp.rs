//! BMP: a head that says where the pixels are; what stands between and behind is not shown.

use super::{Fields, Picture};
use crate::picture::{le32, position};

/// Reads the head; `false` if the file is broken.
pub(super) fn read(picture: &mut Picture<'_, '_>) -> bool {
    let bytes = picture.bytes;
    let head = |at: usize| le32(bytes, at).map(|number| position(number.into()));
    let (Some(length), Some(pixels), Some(info)) = (head(2), head(10), head(14)) else {
        return false;
    };
    // Masks and colours fill the gap in ordinary files; a profile's path may stand there too.
    let gap = bytes.get(info.saturating_add(14)..pixels.min(bytes.len())).unwrap_or_default();
    let mut fields = Fields::new("head");
    fields.add_texts(None, "data", gap);
    picture.fields(fields);
    if length >= pixels && length < bytes.len() {
        picture.trailing(&bytes[length..]);
    }
    length <= bytes.len() && pixels <= bytes.len()
}
