//! Text in files that no reader knows: runs of characters in UTF-8 and UTF-16 are searched, so that
//! nothing readable passes unseen. The file still counts as not read.

use crate::finding::{ByteRange, Channel};
use crate::scan::{Scan, Site};

/// Least characters of a run.
const RUN_MIN: usize = 6;

/// A run of characters: where it starts in the text that is searched, and where in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: usize,
    pub(crate) offset: usize,
    /// Bytes of an ASCII character in the file.
    pub(crate) width: usize,
}

/// Runs of a file, one a line.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(crate) text: String,
    pub(crate) runs: Vec<Run>,
}

/// Searches the runs of characters in bytes.
pub(super) fn search(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    let runs = Runs::of(bytes);
    scan.runs(site, &runs, Channel::OtherPart);
}

impl Runs {
    /// Bytes of the file that a range of the text stands for.
    pub(crate) fn bytes(&self, start: usize, end: usize) -> Option<ByteRange> {
        let at = self.runs.partition_point(|run| run.start <= start).checked_sub(1)?;
        let run = self.runs.get(at)?;
        let length = |text: &str| match run.width {
            1 => text.len(),
            width => text.chars().count() * width,
        };
        let from = run.offset + length(self.text.get(run.start..start)?);
        let to = from + length(self.text.get(start..end)?);
        Some(ByteRange { start: from as u64, end: to as u64 })
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        found.narrow(bytes);
        found.wide(bytes);
        found
    }

    fn push(&mut self, text: &str, offset: usize, width: usize) {
        if text.chars().count() < RUN_MIN {
            return;
        }
        self.runs.push(Run { start: self.text.len(), offset, width });
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// UTF-8, ASCII above all.
    fn narrow(&mut self, bytes: &[u8]) {
        let (mut at, mut start) = (0, 0);
        while at <= bytes.len() {
            let length = bytes.get(at..).map_or(0, character);
            if length > 0 {
                at += length;
                continue;
            }
            if at - start >= RUN_MIN
                && let Ok(text) = std::str::from_utf8(&bytes[start..at])
            {
                self.push(text, start, 1);
            }
            at += 1;
            start = at;
        }
    }

    /// UTF-16 of Latin letters, of either byte order.
    fn wide(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at + 2 * RUN_MIN <= bytes.len() {
            let length = wide_run(&bytes[at..], 1).max(wide_run(&bytes[at..], 0));
            if length < RUN_MIN {
                at += 1;
                continue;
            }
            let high = if wide_run(&bytes[at..], 1) == length { 1 } else { 0 };
            let pairs = bytes[at..at + 2 * length].chunks_exact(2);
            let text: String = pairs.map(|pair| char::from(pair[1 - high])).collect();
            self.push(&text, at, 2);
            at += 2 * length;
        }
    }
}

/// Characters of the run that bytes start with, where the byte at `high` of each pair is zero.
fn wide_run(bytes: &[u8], high: usize) -> usize {
    let pairs = bytes.chunks_exact(2);
    pairs.take_while(|pair| pair[high] == 0 && is_latin(pair[1 - high])).count()
}

const fn is_latin(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | 0xc0..=0xff)
}

/// Length of the printable character that bytes start with; 0 if there is none.
pub(super) fn character(bytes: &[u8]) -> usize {
    let length = match bytes.first() {
        Some(b' '..=b'~' | b'\t') => return 1,
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return 0,
    };
    let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let is_letter = text.is_some_and(|text| text.chars().all(char::is_alphanumeric));
    if is_letter { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_in_each_encoding() {
        let wide: Vec<u8> = "wide text".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let bytes =
            [b"\0\x01narrow\x02abc\x03".as_slice(), &wide, "\u{1}Grüße an\0".as_bytes()].concat();
        let runs = Runs::of(&bytes);
        let lines: Vec<&str> = runs.text.lines().collect();
        assert_eq!(lines, ["narrow", "Grüße an", "wide text"]);
        assert_eq!(runs.runs[0], Run { start: 0, offset: 2, width: 1 });
        assert_eq!((runs.runs[2].offset, runs.runs[2].width), (13, 2));
        let big: Vec<u8> = "big end".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(Runs::of(&big).text.contains("big end"));
        assert!(Runs::of(b"").runs.is_empty());
    }
}
