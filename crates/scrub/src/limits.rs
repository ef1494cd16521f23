//! Bounds on what a scan unpacks, so that a bomb ends in an entry of the report and not in a hang.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::report::Reason;

/// Bounds of one scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Most containers inside each other; the outermost file counts as 1.
    pub depth_max: u32,
    /// Most entries of all containers together.
    pub entries_max: u64,
    /// Most bytes of a file that is read at once; larger ones are read piece by piece if they are
    /// text or an archive, else not at all.
    pub whole_bytes_max: u64,
    /// Most bytes of one unpacked part of a document.
    pub entry_bytes_max: u64,
    /// Most bytes of one unpacked entry of an archive.
    pub stream_bytes_max: u64,
    /// Most unpacked bytes altogether.
    pub total_bytes_max: u64,
    /// Most unpacked bytes for each packed byte, where the entry is larger than `ratio_from_bytes`.
    pub ratio_max: u64,
    /// Entries up to this size may have any ratio: runs of spaces compress well.
    pub ratio_from_bytes: u64,
    /// Most findings of a report.
    pub findings_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: 8,
            entries_max: 200_000,
            whole_bytes_max: 64 << 20,
            entry_bytes_max: 256 << 20,
            stream_bytes_max: 2 << 30,
            total_bytes_max: 4 << 30,
            ratio_max: 400,
            ratio_from_bytes: 4 << 20,
            findings_max: 100_000,
        }
    }
}

/// What is left of the bounds during a scan.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    limits: Limits,
    entries: u64,
    /// Unpacked so far. Streams inside each other count into it while they are read.
    bytes: Arc<AtomicU64>,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, entries: 0, bytes: Arc::default() }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts one entry of a container.
    pub(crate) const fn entry(&mut self) -> Result<(), Reason> {
        if self.entries >= self.limits.entries_max {
            return Err(Reason::TooManyEntries);
        }
        self.entries += 1;
        Ok(())
    }

    /// Counts `length` bytes that a reader is about to unpack by itself from `packed` bytes.
    pub(crate) fn spend(&mut self, length: u64, packed: u64) -> Result<(), Reason> {
        let by_ratio =
            packed.saturating_mul(self.limits.ratio_max).max(self.limits.ratio_from_bytes);
        let total = self.bytes.load(Ordering::Relaxed).saturating_add(length);
        if total > self.limits.total_bytes_max {
            return Err(Reason::TotalTooLarge);
        }
        if length > self.limits.entry_bytes_max {
            return Err(Reason::TooLarge);
        }
        if length > by_ratio {
            return Err(Reason::Ratio);
        }
        self.bytes.store(total, Ordering::Relaxed);
        Ok(())
    }

    /// Bytes that may still be unpacked.
    pub(crate) fn left(&self) -> u64 {
        self.limits.total_bytes_max.saturating_sub(self.bytes.load(Ordering::Relaxed))
    }

    /// Counts bytes that a reader unpacked within these bounds.
    pub(crate) fn spent(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Unpacks an entry that takes `packed` bytes, as far as the bounds allow. Lengths that the
    /// container states are not trusted.
    pub(crate) fn unpack(&mut self, source: impl Read, packed: u64) -> Result<Vec<u8>, Reason> {
        let mut metered = self.open(source, packed, self.limits.entry_bytes_max);
        let mut content = Vec::new();
        // Why reading ended is asked below.
        let _ = metered.read_to_end(&mut content);
        metered.trouble.map_or(Ok(content), Err)
    }

    /// Opens an entry that takes `packed` bytes and may have `most`, to be read piece by piece as far
    /// as the bounds allow.
    pub(crate) fn open<R: Read>(&self, source: R, packed: u64, most: u64) -> Metered<R> {
        let by_ratio =
            packed.saturating_mul(self.limits.ratio_max).max(self.limits.ratio_from_bytes);
        let total = Arc::clone(&self.bytes);
        let total_max = self.limits.total_bytes_max;
        Metered { source, most, by_ratio, total, total_max, given: 0, trouble: None }
    }
}

/// A source that ends with an error where a bound is met.
pub(crate) struct Metered<R> {
    source: R,
    most: u64,
    by_ratio: u64,
    total: Arc<AtomicU64>,
    total_max: u64,
    given: u64,
    trouble: Option<Reason>,
}

impl<R> Metered<R> {
    /// Bytes that came out so far.
    pub(crate) const fn given(&self) -> u64 {
        self.given
    }

    /// Why it ended before its end, if it did.
    pub(crate) const fn trouble(&self) -> Option<Reason> {
        self.trouble
    }

    fn stop(&mut self, reason: Reason) -> io::Error {
        self.trouble = Some(reason);
        io::Error::other("not read to the end")
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(reason) = self.trouble {
            return Err(self.stop(reason));
        }
        let spent = self.total.load(Ordering::Relaxed);
        let in_total = self.total_max.saturating_sub(spent);
        let own = self.most.min(self.by_ratio).saturating_sub(self.given);
        let left = own.min(in_total);
        // One byte more than is allowed tells an entry that ends there from one that goes on.
        let most = usize::try_from(left.saturating_add(1)).unwrap_or(usize::MAX);
        let length = buffer.len().min(most);
        let count = loop {
            match self.source.read(&mut buffer[..length]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(self.stop(Reason::Broken)),
                Ok(count) => break count as u64,
            }
        };
        if count > left {
            let reason = match left {
                _ if left == in_total => Reason::TotalTooLarge,
                _ if self.by_ratio < self.most => Reason::Ratio,
                _ => Reason::TooLarge,
            };
            self.given += left;
            self.total.fetch_add(left, Ordering::Relaxed);
            self.trouble = Some(reason);
            // No longer than the buffer.
            return Ok(left as usize);
        }
        self.given += count;
        self.total.fetch_add(count, Ordering::Relaxed);
        Ok(count as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits {
        depth_max: 2,
        entries_max: 2,
        whole_bytes_max: 100,
        entry_bytes_max: 100,
        stream_bytes_max: 100,
        total_bytes_max: 150,
        ratio_max: 10,
        ratio_from_bytes: 20,
        findings_max: 10,
    };

    #[test]
    fn entries_are_counted() {
        let mut budget = Budget::new(SMALL);
        assert_eq!([budget.entry(), budget.entry()], [Ok(()), Ok(())]);
        assert_eq!(budget.entry(), Err(Reason::TooManyEntries));
    }

    #[test]
    fn each_bound_is_named_when_it_is_met() {
        let unpack = |budget: &mut Budget, length: u64, packed: u64| {
            budget.unpack(std::io::repeat(7).take(length), packed).map(|c| c.len())
        };
        assert_eq!(unpack(&mut Budget::new(SMALL), 100, 50), Ok(100));
        assert_eq!(unpack(&mut Budget::new(SMALL), 101, 50), Err(Reason::TooLarge));
        assert_eq!(unpack(&mut Budget::new(SMALL), 20, 1), Ok(20));
        assert_eq!(unpack(&mut Budget::new(SMALL), 21, 1), Err(Reason::Ratio));
        let mut budget = Budget::new(SMALL);
        assert_eq!(unpack(&mut budget, 100, 50), Ok(100));
        assert_eq!(unpack(&mut budget, 51, 50), Err(Reason::TotalTooLarge));
    }
}
