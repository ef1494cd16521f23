//! Bounds on what a scan unpacks, so that a bomb ends in an entry of the report and not in a hang.

use std::io::Read;

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
    /// Most bytes of one unpacked entry.
    pub entry_bytes_max: u64,
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
            entry_bytes_max: 256 << 20,
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
    bytes: u64,
}

impl Budget {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, entries: 0, bytes: 0 }
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
        let total = self.bytes.saturating_add(length);
        if total > self.limits.total_bytes_max {
            return Err(Reason::TotalTooLarge);
        }
        if length > self.limits.entry_bytes_max {
            return Err(Reason::TooLarge);
        }
        if length > by_ratio {
            return Err(Reason::Ratio);
        }
        self.bytes = total;
        Ok(())
    }

    /// Unpacks an entry that takes `packed` bytes, as far as the bounds allow. Lengths that the
    /// container states are not trusted.
    pub(crate) fn unpack(&mut self, source: impl Read, packed: u64) -> Result<Vec<u8>, Reason> {
        let left = self.limits.total_bytes_max.saturating_sub(self.bytes);
        let by_ratio =
            packed.saturating_mul(self.limits.ratio_max).max(self.limits.ratio_from_bytes);
        let most = self.limits.entry_bytes_max.min(left).min(by_ratio);
        let mut content = Vec::new();
        let outcome = source.take(most.saturating_add(1)).read_to_end(&mut content);
        let length = content.len() as u64;
        self.bytes = self.bytes.saturating_add(length.min(most));
        if length > most {
            return Err(match most {
                _ if most == left => Reason::TotalTooLarge,
                _ if most == by_ratio => Reason::Ratio,
                _ => Reason::TooLarge,
            });
        }
        outcome.map(|_| content).map_err(|_| Reason::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits {
        depth_max: 2,
        entries_max: 2,
        entry_bytes_max: 100,
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
