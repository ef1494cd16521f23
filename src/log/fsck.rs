//! Checking a stored log against itself: entries, leaf hashes, tiles, batches, head and guard.
//!
//! The root is computed again from the entries' own bytes. Whatever disagrees is a finding that
//! names its place; no finding ends the check. Not here: what entries say, payloads and files.

mod tree;

use std::fmt;

pub use self::tree::{Leaf, PAGE_LEAVES, TreeCheck};
use crate::store::{
    audit::{LedgerAudit, Place},
    ledger::StoreError,
};

/// Findings kept with their text; more are only counted.
pub const FINDINGS_KEPT_MAX: usize = 10_000;

/// Rows of one kind that are named one by one when they should not be there.
pub(crate) const ROWS_NAMED_MAX: u32 = 100;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// What a check found so far.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    total: u64,
    notes: Vec<Finding>,
    notes_total: u64,
}

impl Findings {
    /// Adds a finding.
    pub fn report(&mut self, place: Place, problem: impl fmt::Display) {
        self.total += 1;
        keep(&mut self.kept, place, &problem);
    }

    /// Adds something worth knowing that is no fault.
    pub fn note(&mut self, place: Place, remark: impl fmt::Display) {
        self.notes_total += 1;
        keep(&mut self.notes, place, &remark);
    }

    /// Adds a finding if reading failed, and gives what was read otherwise.
    pub fn read<T>(
        &mut self,
        place: impl FnOnce() -> Place,
        read: Result<T, StoreError>,
    ) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.report(place(), format_args!("cannot be read: {error}"));
                None
            }
        }
    }

    /// The findings kept, in the order they were made.
    #[must_use]
    pub fn kept(&self) -> &[Finding] {
        &self.kept
    }

    /// Number of findings, kept or not.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The notes kept.
    #[must_use]
    pub fn notes(&self) -> &[Finding] {
        &self.notes
    }

    /// Number of notes, kept or not.
    #[must_use]
    pub const fn notes_total(&self) -> u64 {
        self.notes_total
    }
}

fn keep(list: &mut Vec<Finding>, place: Place, text: &dyn fmt::Display) {
    if list.len() < FINDINGS_KEPT_MAX {
        list.push(Finding { place, problem: text.to_string() });
    }
}

/// How far a log reaches, by what its tables say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Entries that the log has, by the majority of head, batches and entries.
    pub size: u64,
    /// One past the last entry that is there, at most `size`.
    pub entries_end: u64,
}

/// Compares what head, batches and entries say about the size.
///
/// # Errors
/// [`StoreError`] if not even that can be read.
pub async fn extent(
    audit: &dyn LedgerAudit,
    findings: &mut Findings,
) -> Result<Extent, StoreError> {
    let head = audit.head().await?.map(|head| head.size);
    let batches = audit.last_batch().await?;
    let bounds = audit.entry_bounds().await?;
    let end = bounds.map(|(_, last)| last.saturating_add(1));
    // Two of three agree as long as one of them was changed.
    let size = if head == batches || head == end { head } else { batches.or(end) };
    let size = size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    let says =
        |value: Option<i64>| value.map_or_else(|| "nothing".into(), |value| value.to_string());
    if head != signed(size) {
        let problem = format!("the size is {}, batches and entries reach to {size}", says(head));
        findings.report(Place::whole("head"), problem);
    }
    if batches != signed(size) {
        let problem = format!("the last one ends at {}, the log has {size} entries", says(batches));
        findings.report(Place::whole("batches"), problem);
    }
    if let Some((first, _)) = bounds.filter(|(first, _)| *first < 0) {
        findings.report(Place::row("entries", first), "the position is negative");
    }
    let end = end.and_then(|end| u64::try_from(end).ok()).unwrap_or(0);
    if end > size {
        let problem = format!("entries {size} to {} lie beyond the head", end - 1);
        findings.report(Place::row("entries", size), problem);
    }
    if end < size {
        let problem = format!("entries {end} to {} are missing", size - 1);
        findings.report(Place::row("entries", end), problem);
    }
    Ok(Extent { size, entries_end: end.min(size) })
}

/// What a column has for a size: nothing in a log without entries.
fn signed(size: u64) -> Option<i64> {
    if size == 0 { None } else { i64::try_from(size).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_beyond_the_limit_are_counted() {
        let mut findings = Findings::default();
        for index in 0..FINDINGS_KEPT_MAX + 5 {
            findings.report(Place::row("entries", index), "is missing");
        }
        findings.note(Place::whole("vault"), "an orphan");
        assert_eq!(findings.kept().len(), FINDINGS_KEPT_MAX);
        assert_eq!(findings.total(), FINDINGS_KEPT_MAX as u64 + 5);
        assert_eq!((findings.notes().len(), findings.notes_total()), (1, 1));
        assert_eq!(findings.kept()[3].to_string(), "entries 3: is missing");
    }
}
