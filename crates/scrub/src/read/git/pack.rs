//! Entries of a pack, deltas between objects, and the streams they are stored in
//! (gitformat-pack(5), RFC 1950).

use flate2::{Decompress, FlushDecompress, Status};
use gix_hash::ObjectId;
use gix_object::Kind;
use gix_pack::data::entry::Header;

use crate::report::Reason;

/// Bytes of the header of a pack.
pub(super) const HEADER_BYTES: usize = 12;

/// No stream unpacks to more than this many bytes for each byte.
const DEFLATE_RATIO_MAX: usize = 1032;

/// Bytes that a loose object's kind and size take at most.
const LOOSE_HEADER_MAX: usize = 32;

/// Number of objects that a pack says it has.
pub(super) fn objects_of(bytes: &[u8]) -> Option<u32> {
    let header = bytes.get(..HEADER_BYTES)?.try_into().ok()?;
    gix_pack::data::header::decode(header).ok().map(|(_, count)| count)
}

/// Base of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base {
    None,
    /// So many bytes before this entry.
    Back(usize),
    Id(ObjectId),
}

/// Head of an entry: what it is, and where its stream starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) kind: Option<Kind>,
    pub(super) base: Base,
    pub(super) size: u64,
    pub(super) start: usize,
}

/// The head of the entry at an offset.
pub(super) fn entry(bytes: &[u8], at: usize, hash: gix_hash::Kind) -> Option<Head> {
    let rest = bytes.get(at..)?;
    let entry = gix_pack::data::Entry::from_bytes(rest, at as u64, hash).ok()?;
    let (kind, base) = match entry.header {
        Header::Commit => (Some(Kind::Commit), Base::None),
        Header::Tree => (Some(Kind::Tree), Base::None),
        Header::Blob => (Some(Kind::Blob), Base::None),
        Header::Tag => (Some(Kind::Tag), Base::None),
        Header::OfsDelta { base_distance } => {
            (None, Base::Back(usize::try_from(base_distance).ok().filter(|d| *d > 0)?))
        }
        Header::RefDelta { base_id } => (None, Base::Id(base_id)),
    };
    let start = usize::try_from(entry.data_offset).ok()?;
    Some(Head { kind, base, size: entry.decompressed_size, start })
}

/// Unpacks zlib streams.
pub(super) struct Inflater {
    stream: Decompress,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { stream: Decompress::new(true) }
    }
}

impl Inflater {
    /// Unpacks a stream of exactly `size` bytes, and says how many bytes it took.
    pub(super) fn exactly(&mut self, input: &[u8], size: u64) -> Option<(Vec<u8>, usize)> {
        let size = usize::try_from(size).ok()?;
        let (content, used, ended) = self.inflate(input, size);
        (ended && content.len() == size).then_some((content, used))
    }

    /// Unpacks at most `most` bytes; whether that was all of the stream.
    fn inflate(&mut self, input: &[u8], most: usize) -> (Vec<u8>, usize, bool) {
        self.stream.reset(true);
        // One byte more, so that the end is seen and more than there should be is noticed.
        let room = most.saturating_add(1).min(input.len().saturating_mul(DEFLATE_RATIO_MAX) + 64);
        let mut content = Vec::with_capacity(room);
        loop {
            let used = usize::try_from(self.stream.total_in()).unwrap_or(usize::MAX);
            let before = content.len();
            let rest = input.get(used..).unwrap_or_default();
            let status = self.stream.decompress_vec(rest, &mut content, FlushDecompress::Finish);
            let now = usize::try_from(self.stream.total_in()).unwrap_or(usize::MAX);
            let stuck = now == used && content.len() == before;
            match status {
                Ok(Status::StreamEnd) => return (content, now, true),
                Err(_) => return (content, now, false),
                Ok(_) if stuck || content.len() > most => return (content, now, false),
                Ok(_) => content
                    .reserve(most.saturating_add(1).saturating_sub(content.len()).min(64 << 10)),
            }
        }
    }

    /// Bytes that a stream takes, whatever its size.
    pub(super) fn skip(&mut self, input: &[u8], most: u64) -> Option<usize> {
        self.stream.reset(true);
        let mut scratch = vec![0; 64 << 10];
        loop {
            let (used, made) = (self.stream.total_in(), self.stream.total_out());
            let rest = input.get(usize::try_from(used).ok()?..)?;
            let status = self.stream.decompress(rest, &mut scratch, FlushDecompress::None).ok()?;
            if status == Status::StreamEnd {
                return usize::try_from(self.stream.total_in()).ok();
            }
            let stuck = self.stream.total_in() == used && self.stream.total_out() == made;
            if stuck || made > most {
                return None;
            }
        }
    }

    /// Unpacks a loose object: `kind SP size NUL content`. Also how many bytes the stream took.
    pub(super) fn loose(
        &mut self,
        bytes: &[u8],
        most: u64,
    ) -> Result<(Kind, Vec<u8>, usize), Reason> {
        let (head, ..) = self.inflate(bytes, LOOSE_HEADER_MAX);
        let (kind, size, length) = loose_header(&head).ok_or(Reason::Broken)?;
        if size > most {
            return Err(Reason::TooLarge);
        }
        let whole = size.saturating_add(length as u64);
        let (mut content, used) = self.exactly(bytes, whole).ok_or(Reason::Broken)?;
        content.drain(..length);
        Ok((kind, content, used))
    }
}

/// Kind and size of a loose object, and the length of what says so.
fn loose_header(head: &[u8]) -> Option<(Kind, u64, usize)> {
    let end = head.iter().position(|byte| *byte == 0)?;
    let text = std::str::from_utf8(&head[..end]).ok()?;
    let (kind, size) = text.split_once(' ')?;
    let kind = match kind {
        "blob" => Kind::Blob,
        "tree" => Kind::Tree,
        "commit" => Kind::Commit,
        "tag" => Kind::Tag,
        _ => return None,
    };
    Some((kind, size.parse().ok()?, end + 1))
}

/// The object that a delta makes of its base: sizes of both, then copies and insertions.
pub(super) fn apply(base: &[u8], delta: &[u8], most: u64) -> Result<Vec<u8>, Reason> {
    let mut rest = delta;
    let base_size = size(&mut rest).ok_or(Reason::Broken)?;
    let made_size = size(&mut rest).ok_or(Reason::Broken)?;
    if made_size > most {
        return Err(Reason::TooLarge);
    }
    let made_size = usize::try_from(made_size).map_err(|_| Reason::TooLarge)?;
    if base_size != base.len() as u64 {
        return Err(Reason::Broken);
    }
    let mut made = Vec::with_capacity(made_size);
    while let Some(piece) = instruction(base, &mut rest) {
        if made.len() + piece.len() > made_size {
            return Err(Reason::Broken);
        }
        made.extend_from_slice(piece);
    }
    (rest.is_empty() && made.len() == made_size).then_some(made).ok_or(Reason::Broken)
}

/// The bytes that the next instruction adds; `None` at the end or where it is broken.
fn instruction<'d>(base: &'d [u8], rest: &mut &'d [u8]) -> Option<&'d [u8]> {
    let (&command, mut after) = rest.split_first()?;
    let piece = if command & 0x80 == 0 {
        // Zero is reserved.
        let length = usize::from(command);
        let (piece, left) = after.split_at_checked(length).filter(|_| length > 0)?;
        after = left;
        piece
    } else {
        let mut numbers = [0_usize; 7];
        for (bit, number) in numbers.iter_mut().enumerate() {
            if command & (1 << bit) != 0 {
                let (&byte, left) = after.split_first()?;
                (*number, after) = (usize::from(byte), left);
            }
        }
        let [o0, o1, o2, o3, s0, s1, s2] = numbers;
        let offset = o0 | o1 << 8 | o2 << 16 | o3 << 24;
        let length = s0 | s1 << 8 | s2 << 16;
        let length = if length == 0 { 0x10000 } else { length };
        base.get(offset..offset.checked_add(length)?)?
    };
    *rest = after;
    Some(piece)
}

/// A size in groups of seven bits, lowest first.
fn size(rest: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 63)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_copies_and_inserts() {
        let base = b"hello world";
        // From 11 to 9 bytes: copy 5 from 0, insert "!", copy 3 from 6.
        let delta = [11, 9, 0x90, 5, 1, b'!', 0x91, 6, 3];
        assert_eq!(apply(base, &delta, 100), Ok(b"hello!wor".to_vec()));
        assert_eq!(apply(base, &delta, 8), Err(Reason::TooLarge));
        assert_eq!(apply(b"hello", &delta, 100), Err(Reason::Broken));
        for broken in [&delta[..8], &[11, 9, 0], &[11, 9, 0x91, 10, 9], &[11, 1, 2, 1, 1], &[0x80]]
        {
            assert_eq!(apply(base, broken, 100), Err(Reason::Broken), "{broken:?}");
        }
    }

    #[test]
    fn a_loose_header_names_kind_and_size() {
        assert_eq!(loose_header(b"blob 12\0rest"), Some((Kind::Blob, 12, 8)));
        for broken in [b"blob 12".as_slice(), b"blub 1\0", b"blob x\0", b"\0"] {
            assert_eq!(loose_header(broken), None);
        }
    }
}
