//! The index of a work tree: names and ids of what is staged (gitformat-index(5)).

use gix_hash::ObjectId;

use super::object::text;

/// Bytes of times, owner and size before the id of an entry.
const STAT_BYTES: usize = 40;

/// Staged names with their ids; `None` if the index is broken.
pub(super) fn staged(bytes: &[u8], hash: gix_hash::Kind) -> Option<Vec<(String, ObjectId)>> {
    let rest = bytes.strip_prefix(b"DIRC")?;
    let (version, rest) = number(rest)?;
    let (count, mut rest) = number(rest)?;
    let (mut found, mut name) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let before = rest.len();
        let (id, after) = rest.get(STAT_BYTES..)?.split_at_checked(hash.len_in_bytes())?;
        let flags = *after.first()?;
        let is_extended = flags & 0x40 != 0 && version > 2;
        let mut after = after.get(if is_extended { 4 } else { 2 }..)?;
        if version >= 4 {
            let drop = offset(&mut after)?;
            let keep = name.len().checked_sub(drop)?;
            name.truncate(keep);
        } else {
            name.clear();
        }
        let zero = after.iter().position(|byte| *byte == 0)?;
        name.extend_from_slice(&after[..zero]);
        after = &after[zero + 1..];
        if version < 4 {
            // Zeros fill up to a multiple of eight; one of them is the end of the name.
            let used = before - after.len();
            after = after.get((8 - used % 8) % 8..)?;
        }
        found.push((text(&name).into_owned(), ObjectId::try_from(id).ok()?));
        rest = after;
    }
    Some(found)
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// A number as the offsets of deltas are written.
fn offset(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    loop {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        value = value.checked_add(1)?;
    }
}
