//! ICC profiles (ICC.1:2022): their descriptions name devices and sometimes people.

use super::{Fields, Picture};

/// Reads a profile: every text in it is searched.
pub(super) fn read(picture: &mut Picture<'_, '_>, part: &str, bytes: &[u8]) {
    let mut fields = Fields::new(part);
    fields.add_texts(None, "description", bytes);
    // Localised texts are UTF-16, big-endian (10.15).
    let swapped: Vec<u8> = bytes.chunks_exact(2).flat_map(|pair| [pair[1], pair[0]]).collect();
    let wide: Vec<String> = super::texts(&swapped);
    fields.add(None, "localised description", &wide.join("\n"));
    picture.fields(fields);
}
