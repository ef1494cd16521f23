//! What no viewer of a picture makes anything of: bytes of its structure that nobody asks for, and
//! more than a compressed stream should hold. Text in them is searched.

use std::io::{Read as _, copy, sink};

use flate2::read::ZlibDecoder;

use super::Picture;
use crate::block::{Block, Place};
use crate::finding::Channel;
use crate::kind::Kind;
use crate::picture::png::Png;
use crate::picture::{be32, pixels};
use crate::read::strings;
use crate::rules::Notice;

impl Picture<'_, '_> {
    /// Searches a part, and keeps in mind what it has.
    pub(super) fn search(&mut self, block: &Block) {
        let hits = self.scan.scanner().hits(block.text());
        let values = hits.iter().map(|hit| (hit.what, block.text()[hit.start..hit.end].to_owned()));
        self.known.extend(values);
        self.scan.block_hits(self.site, block, &hits);
    }

    /// Searches pieces of the structure as they stand, for what no reader of them found.
    pub(super) fn structure<'b>(&mut self, pieces: impl Iterator<Item = (String, &'b [u8])>) {
        let mut block = Block::new("structure");
        for (name, bytes) in pieces {
            for run in strings::runs(bytes) {
                block.field(Place::of(Channel::OtherPart), &name, &run.text);
            }
        }
        let mut hits = self.scan.scanner().hits(block.text());
        let value = |start: usize, end: usize| block.text()[start..end].to_owned();
        hits.retain(|hit| !self.known.contains(&(hit.what, value(hit.start, hit.end))));
        self.scan.block_hits(self.site, &block, &hits);
    }

    /// Notes and searches what stands behind the end of a stream.
    pub(super) fn surplus(&mut self, part: &str, bytes: &[u8]) {
        if bytes.iter().all(|byte| *byte == 0) {
            return;
        }
        self.notice(Notice::PictureTrailing, part, "", 1);
        let mut block = Block::new(part);
        for run in strings::runs(bytes) {
            block.push(Place::of(Channel::Embedded), &run.text);
        }
        self.search(&block);
    }

    /// Unpacks a stream; what follows its end is no part of it.
    pub(super) fn inflate(&mut self, part: &str, packed: &[u8]) -> Option<Vec<u8>> {
        let mut decoder = ZlibDecoder::new(packed);
        let unpacked = self.scan.budget.unpack(&mut decoder, packed.len() as u64);
        match unpacked {
            Ok(content) => {
                self.surplus(part, after(packed, decoder.total_in()));
                Some(content)
            }
            Err(reason) => {
                self.scan.refuse(self.site, Some(part), Kind::Unknown, reason);
                None
            }
        }
    }

    /// Looks for more than the pixels in the stream that holds them.
    pub(super) fn behind_the_pixels(&mut self, png: &Png<'_>) {
        const PART: &str = "behind the pixels";
        let data = png.chunks.iter().filter(|chunk| chunk.name == *b"IDAT");
        let packed: Vec<u8> = data.flat_map(|chunk| chunk.data.iter().copied()).collect();
        let head = png.chunks.iter().find(|chunk| chunk.name == *b"IHDR");
        // Pixels that are not decoded are said to be not read.
        let Some(expected) = head.and_then(|chunk| bytes_of_pixels(chunk.data)) else { return };
        let mut decoder = ZlibDecoder::new(packed.as_slice());
        let is_larger = expected > pixels::BYTES_MAX;
        if is_larger || copy(&mut (&mut decoder).take(expected), &mut sink()).is_err() {
            return;
        }
        match self.scan.budget.unpack(&mut decoder, packed.len() as u64) {
            Ok(more) => {
                self.surplus(PART, &more);
                self.surplus(PART, after(&packed, decoder.total_in()));
            }
            Err(reason) => self.scan.refuse(self.site, Some(PART), Kind::Unknown, reason),
        }
    }
}

fn after(packed: &[u8], count: u64) -> &[u8] {
    usize::try_from(count).ok().and_then(|count| packed.get(count..)).unwrap_or_default()
}

/// Bytes of the pixels, each row with its filter, by the head of the file (§11.2.1, §8.1).
fn bytes_of_pixels(head: &[u8]) -> Option<u64> {
    /// First column and row of each pass, and the distance to the next.
    const PASSES: [(u64, u64, u64, u64); 7] = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let (width, height) = (u64::from(be32(head, 0)?), u64::from(be32(head, 4)?));
    let samples = match head.get(9)? {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let bits = u64::from(*head.get(8)?) * samples;
    let size = |width: u64, height: u64| {
        let row = width.checked_mul(bits)?.div_ceil(8) + 1;
        if width == 0 { Some(0) } else { row.checked_mul(height) }
    };
    if *head.get(12)? == 0 {
        return size(width, height);
    }
    PASSES.iter().try_fold(0_u64, |sum, (x, y, across, down)| {
        let columns = width.saturating_sub(*x).div_ceil(*across);
        sum.checked_add(size(columns, height.saturating_sub(*y).div_ceil(*down))?)
    })
}

#[cfg(test)]
mod tests {
    use super::bytes_of_pixels;

    #[test]
    fn the_length_of_pixels_is_known() {
        let head = |width: u8, height: u8, depth: u8, colour: u8, interlace: u8| {
            bytes_of_pixels(&[0, 0, 0, width, 0, 0, 0, height, depth, colour, 0, 0, interlace])
        };
        assert_eq!(head(3, 2, 8, 6, 0), Some(26));
        assert_eq!(head(9, 2, 1, 3, 0), Some(6));
        assert_eq!(head(1, 1, 8, 0, 1), Some(2));
        assert_eq!(head(8, 8, 8, 0, 1), Some(64 + 15));
        assert_eq!(bytes_of_pixels(&[0; 12]), None);
    }
}
