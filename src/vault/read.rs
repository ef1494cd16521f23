//! Stored files as streams of opened bytes.

use std::{collections::VecDeque, ops::Range};

use attestry_proof::hash::Hash;
use bytes::Bytes;
use futures_util::{
    Stream,
    stream::{self, BoxStream, StreamExt},
};
use uuid::Uuid;

use super::{
    keys::ObjectKey,
    object::{ObjectError, Objects, PartReader},
    stream::PartPlace,
};
use crate::store::files::{ObjectId, Part, Place};

/// A stored file, or a range of it, as it is opened.
pub struct FileStream {
    /// Bytes of the whole file.
    pub size: u64,
    /// Positions that the stream yields.
    pub range: Range<u64>,
    bytes: BoxStream<'static, Result<Bytes, ObjectError>>,
}

impl FileStream {
    pub(super) fn new(
        size: u64,
        range: Range<u64>,
        bytes: impl Stream<Item = Result<Bytes, ObjectError>> + Send + 'static,
    ) -> Self {
        Self { size, range, bytes: bytes.boxed() }
    }

    /// The bytes, at most 64 KiB each. An error ends them: what came before it is intact.
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, ObjectError>> {
        self.bytes
    }

    /// All of it in memory; for small files.
    ///
    /// # Errors
    /// See [`ObjectError`].
    pub async fn into_bytes(mut self) -> Result<Vec<u8>, ObjectError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.bytes.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(bytes)
    }
}

/// What is needed to open the content of an object.
pub(super) struct Content {
    pub objects: Objects,
    pub key: ObjectKey,
    pub subject: Uuid,
    pub object: ObjectId,
    pub sha256: Hash,
}

/// A stretch of one part that is still to be read.
struct Stretch {
    part: Part,
    packed: Option<(ObjectId, u64)>,
    /// Positions within the part.
    from: u64,
    to: u64,
}

/// Whether parts follow each other from 0 to `size` without gap or overlap.
pub(super) fn is_contiguous(parts: &[Part], size: u64) -> bool {
    let end = parts.iter().try_fold(0, |at, part| {
        (part.start == at).then(|| part.start.checked_add(part.length)).flatten()
    });
    end == Some(size)
}

/// Reads `range` of the content; holds one window in memory.
pub(super) fn read(
    content: Content,
    place: Place,
    size: u64,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes, ObjectError>> + Send + 'static {
    let stretches: VecDeque<Stretch> = match place {
        Place::Packed { .. } if range.is_empty() && size > 0 => VecDeque::new(),
        Place::Packed { pack, offset } => {
            // The position of a file in its pack is not a position in the file.
            let part = Part { number: 0, start: 0, length: size };
            VecDeque::from([Stretch {
                part,
                packed: Some((pack, offset)),
                from: range.start,
                to: range.end,
            }])
        }
        Place::Parts(parts) => parts.into_iter().filter_map(|part| stretch(part, &range)).collect(),
    };
    let reading = Reading { content, stretches, reader: None, window: VecDeque::new() };
    stream::try_unfold(reading, |mut reading| async move {
        let next = reading.next().await?;
        Ok(next.map(|bytes| (bytes, reading)))
    })
}

fn stretch(part: Part, range: &Range<u64>) -> Option<Stretch> {
    let from = range.start.max(part.start);
    let to = range.end.min(part.start + part.length);
    (from < to).then(|| Stretch {
        part,
        packed: None,
        from: from - part.start,
        to: to - part.start,
    })
}

struct Reading {
    content: Content,
    stretches: VecDeque<Stretch>,
    reader: Option<PartReader>,
    window: VecDeque<Bytes>,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        loop {
            if let Some(bytes) = self.window.pop_front() {
                return Ok(Some(bytes));
            }
            let Some(stretch) = self.stretches.front_mut() else { return Ok(None) };
            let reader = match &mut self.reader {
                Some(reader) => reader,
                empty => {
                    let Content { objects, key, subject, object, sha256 } = &self.content;
                    let place = PartPlace {
                        subject: *subject,
                        object: *object,
                        part: stretch.part.number,
                        start: stretch.part.start,
                        sha256: *sha256,
                    };
                    let part = objects.read_part(key, place, stretch.part.length, stretch.packed);
                    empty.insert(part.await?)
                }
            };
            // An empty file has one empty chunk, which must be authentic too.
            let window = reader.read(stretch.from, stretch.to.max(1)).await?;
            stretch.from += window.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
            self.window.extend(window.into_iter().filter(|bytes| !bytes.is_empty()));
            if stretch.from >= stretch.to {
                self.stretches.pop_front();
                self.reader = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn part(start: u64, length: u64) -> Part {
        Part { number: 1, start, length }
    }

    #[test]
    fn parts_must_fill_the_file_exactly() {
        assert!(is_contiguous(&[], 0));
        assert!(is_contiguous(&[part(0, 5), part(5, 7)], 12));
        assert!(!is_contiguous(&[], 1));
        assert!(!is_contiguous(&[part(0, 5), part(6, 7)], 13));
        assert!(!is_contiguous(&[part(0, 5), part(4, 7)], 11));
        assert!(!is_contiguous(&[part(0, 5)], 6));
        assert!(!is_contiguous(&[part(0, u64::MAX), part(u64::MAX, 2)], 1));
    }

    #[test]
    fn a_range_touches_only_its_parts() {
        let touched = |part, range| stretch(part, &range).map(|stretch| (stretch.from, stretch.to));
        assert_eq!(touched(part(10, 10), 0..30), Some((0, 10)));
        assert_eq!(touched(part(10, 10), 12..15), Some((2, 5)));
        assert_eq!(touched(part(10, 10), 19..30), Some((9, 10)));
        assert_eq!(touched(part(10, 10), 0..10), None);
        assert_eq!(touched(part(10, 10), 20..30), None);
    }
}
