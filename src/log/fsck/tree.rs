//! The tree, grown again leaf by leaf and compared with everything that was stored about it.
//!
//! A leaf hash is known three times: from the entry's bytes, from the entry's row and from its
//! tile. When they differ, the recorded batch roots tell which one the log was signed with, so that
//! the others can be named and the check goes on behind the damage.

use attestry_proof::{
    hash::{HASH_BYTES, Hash},
    log::{
        edge::{Edge, FullTile},
        tile::{TILE_WIDTH, TileId, levels_of},
    },
    size::TreeSize,
};

use super::Findings;
use crate::store::{
    audit::{LedgerAudit, Place, RawBatch},
    ledger::{Head, StoreError},
};

/// Leaves of one page: those of one full tile.
pub const PAGE_LEAVES: u64 = TILE_WIDTH as u64;

/// Tile keys read at a time.
const TILES_PER_PAGE: u32 = 4096;

/// What is known of one leaf hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leaf {
    /// Hash of the entry's bytes; `None` if there is no entry.
    pub entry: Option<Hash>,
    /// Hash in the entry's row.
    pub row: Option<Hash>,
}

/// Grows the tree page by page.
pub struct TreeCheck<'a> {
    audit: &'a dyn LedgerAudit,
    /// Right edge as far as it could be computed; `None` once a leaf was unknown.
    edge: Option<Edge>,
    /// Size after the last batch seen.
    batch_end: i64,
    /// Batches in a row whose root differs: size of the first and of the last, and how many.
    differing: Option<(i64, i64, u64)>,
    remembered: Option<Head>,
    remembered_root: Option<Hash>,
}

/// One way to read a page, and how it fits the recorded roots.
struct Reading {
    leaves: Vec<Hash>,
    edge: Edge,
    tiles: Vec<FullTile>,
    /// For each batch that ends in the page, whether its root comes out.
    fits: Vec<bool>,
    remembered_root: Option<Hash>,
}

impl Reading {
    fn matches(&self) -> usize {
        self.fits.iter().filter(|fits| **fits).count()
    }
}

impl<'a> TreeCheck<'a> {
    /// Begins at the empty tree; `remembered` is what the guard knows.
    #[must_use]
    pub fn new(audit: &'a dyn LedgerAudit, remembered: Option<Head>) -> Self {
        Self {
            audit,
            edge: Some(Edge::empty()),
            batch_end: 0,
            differing: None,
            remembered,
            remembered_root: None,
        }
    }

    /// Takes the next leaves, from position `first`: [`PAGE_LEAVES`], or fewer at the end of the
    /// log.
    ///
    /// # Errors
    /// [`StoreError`] if batches or tiles cannot be read.
    pub async fn page(
        &mut self,
        first: u64,
        leaves: &[Leaf],
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        report_missing(first, leaves, findings);
        let tile = self.stored_tile(first, leaves.len(), findings).await?;
        let batches = self.batches(first + leaves.len() as u64, findings).await?;
        let readings = readings(leaves, tile.as_deref());
        let Some(edge) = self.edge.take() else {
            report_leaves(first, leaves, tile.as_deref(), &readings[0], findings);
            return Ok(());
        };
        let checked = readings.iter().filter_map(|leaves| {
            let leaves: Vec<Hash> = leaves.iter().copied().collect::<Option<_>>()?;
            Some(self.grow(&edge, leaves, &batches))
        });
        // The first of the best: `max_by_key` would take the last.
        let best =
            checked.reduce(|best, next| if next.matches() > best.matches() { next } else { best });
        let Some(best) = best else {
            let place = Place::row("entries", first);
            findings.report(
                place,
                "a leaf hash is lost here; roots and upper tiles from here on are not checked",
            );
            report_leaves(first, leaves, tile.as_deref(), &readings[0], findings);
            return Ok(());
        };
        let chosen: Vec<Option<Hash>> = best.leaves.iter().copied().map(Some).collect();
        report_leaves(first, leaves, tile.as_deref(), &chosen, findings);
        for (batch, fits) in batches.iter().zip(&best.fits) {
            self.report_root(batch.size, *fits, findings);
        }
        for (id, hashes) in best.tiles.iter().filter(|(id, _)| id.level > 0) {
            let stored = self.audit.tile(id.level, id.index).await?;
            compare_tile(*id, stored.as_deref(), hashes, findings);
        }
        self.remembered_root = self.remembered_root.or(best.remembered_root);
        self.edge = Some(best.edge);
        Ok(())
    }

    /// Compares the end: head, guard, and rows that should not be there.
    ///
    /// # Errors
    /// [`StoreError`] if a table cannot be read.
    pub async fn finish(mut self, size: u64, findings: &mut Findings) -> Result<(), StoreError> {
        self.flush_roots(findings);
        let edge = self.edge.take().filter(|edge| edge.size().0 == size);
        if let Some(head) = self.audit.head().await? {
            let place = || Place::whole("head");
            match &edge {
                Some(edge) if edge.root().as_bytes().as_slice() == head.root => {}
                Some(edge) => findings.report(
                    place(),
                    format_args!(
                        "the root is {}, the entries give {}",
                        hex::encode(&head.root),
                        edge.root()
                    ),
                ),
                None => {
                    findings.report(place(), "the root cannot be computed: entries are missing")
                }
            }
        }
        self.finish_batches(size, findings).await?;
        self.finish_tiles(size, findings).await?;
        self.finish_guard(size, findings);
        Ok(())
    }

    async fn stored_tile(
        &self,
        first: u64,
        width: usize,
        findings: &mut Findings,
    ) -> Result<Option<Vec<Hash>>, StoreError> {
        if width != TILE_WIDTH {
            return Ok(None);
        }
        let id = TileId::full(0, first / PAGE_LEAVES);
        match self.audit.tile(id.level, id.index).await? {
            None => findings.report(Place::tile(id), "is missing"),
            Some(bytes) if bytes.len() == TILE_WIDTH * HASH_BYTES => {
                return Ok(Some(
                    bytes.chunks_exact(HASH_BYTES).filter_map(Hash::from_slice).collect(),
                ));
            }
            Some(bytes) => {
                findings.report(Place::tile(id), format_args!("has {} bytes", bytes.len()))
            }
        }
        Ok(None)
    }

    /// The batches that end after the last one seen and not after `end`.
    async fn batches(
        &mut self,
        end: u64,
        findings: &mut Findings,
    ) -> Result<Vec<RawBatch>, StoreError> {
        let mut batches = self.audit.batches(self.batch_end, TILE_WIDTH as u32).await?;
        batches.retain(|batch| u64::try_from(batch.size).is_ok_and(|size| size <= end));
        for batch in &batches {
            if batch.first != self.batch_end {
                let problem = format!(
                    "begins at {}, the batch before ends at {}",
                    batch.first, self.batch_end
                );
                findings.report(Place::row("batches", batch.size), problem);
            }
            self.batch_end = batch.size;
        }
        Ok(batches)
    }

    /// Grows the edge by a page, stopping at every size whose root is known.
    fn grow(&self, edge: &Edge, leaves: Vec<Hash>, batches: &[RawBatch]) -> Reading {
        let start = edge.size().0;
        let end = start + leaves.len() as u64;
        let remembered = self.remembered.map(|head| head.size.0);
        let mut stops: Vec<u64> =
            batches.iter().filter_map(|batch| u64::try_from(batch.size).ok()).collect();
        stops.extend(remembered.filter(|size| (start + 1..=end).contains(size)));
        stops.push(end);
        stops.sort_unstable();
        stops.dedup();

        let mut edge = edge.clone();
        let mut reading = Reading {
            leaves,
            edge: Edge::empty(),
            tiles: vec![],
            fits: vec![],
            remembered_root: None,
        };
        let mut at = start;
        for stop in stops.into_iter().filter(|stop| *stop > start) {
            let growth = edge.grow(&reading.leaves[(at - start) as usize..(stop - start) as usize]);
            let root = growth.root();
            reading.tiles.extend_from_slice(growth.full_tiles());
            let recorded = batches.iter().find(|batch| u64::try_from(batch.size) == Ok(stop));
            reading.fits.extend(recorded.map(|batch| batch.root == root.as_bytes()));
            if remembered == Some(stop) {
                reading.remembered_root = Some(root);
            }
            edge = growth.into_edge();
            at = stop;
        }
        reading.edge = edge;
        reading
    }

    /// One changed leaf changes every later root, so roots that differ in a row are one finding.
    fn report_root(&mut self, size: i64, fits: bool, findings: &mut Findings) {
        if fits {
            self.flush_roots(findings);
        } else {
            let (first, _, count) = self.differing.unwrap_or((size, size, 0));
            self.differing = Some((first, size, count + 1));
        }
    }

    fn flush_roots(&mut self, findings: &mut Findings) {
        let Some((first, last, count)) = self.differing.take() else { return };
        let mut problem = "the recorded root is not the one that the entries give".to_owned();
        if count > 1 {
            problem.push_str(&format!(
                "; nor are those of the {} batches after it, to size {last}",
                count - 1
            ));
        }
        findings.report(Place::row("batches", first), problem);
    }

    async fn finish_batches(&self, size: u64, findings: &mut Findings) -> Result<(), StoreError> {
        for batch in self.audit.batches(self.batch_end, super::ROWS_NAMED_MAX).await? {
            if u64::try_from(batch.size).is_ok_and(|end| end > size) {
                findings.report(Place::row("batches", batch.size), "lies beyond the head");
            }
        }
        for batch in self.audit.batches(i64::MIN, super::ROWS_NAMED_MAX).await? {
            if batch.size <= 0 {
                findings.report(Place::row("batches", batch.size), "no batch has this size");
            }
        }
        Ok(())
    }

    /// Tiles that no tree of this size has. Those that are missing were found while growing.
    async fn finish_tiles(&self, size: u64, findings: &mut Findings) -> Result<(), StoreError> {
        let levels = levels_of(TreeSize(size)) as i64;
        let mut after = None;
        loop {
            let page = self.audit.tiles(after, TILES_PER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            for (level, index) in page {
                let full = if (0..levels).contains(&level) { size >> (8 * level) >> 8 } else { 0 };
                if !u64::try_from(index).is_ok_and(|index| index < full) {
                    let place = Place::row("tiles", format_args!("{level}/{index}"));
                    findings.report(
                        place,
                        format_args!("a log of {size} entries has no such full tile"),
                    );
                }
            }
        }
    }

    fn finish_guard(&self, size: u64, findings: &mut Findings) {
        let Some(remembered) = self.remembered else { return };
        let place = Place::whole("guard");
        if remembered.size.0 > size {
            let problem =
                format!("rollback: it remembers {} entries, the log has {size}", remembered.size);
            findings.report(place, problem);
        } else if remembered.size.0 > 0 && self.remembered_root != Some(remembered.root) {
            let problem = match self.remembered_root {
                Some(root) => format!(
                    "fork: at {} entries it remembers the root {}, the entries give {root}",
                    remembered.size, remembered.root
                ),
                None => format!(
                    "the root at {} entries, which it remembers, cannot be computed",
                    remembered.size
                ),
            };
            findings.report(place, problem);
        }
    }
}

/// The different ways to read a page: what most say first, then each source alone.
fn readings(leaves: &[Leaf], tile: Option<&[Hash]>) -> Vec<Vec<Option<Hash>>> {
    let tile_hash = |at: usize| tile.map(|hashes| hashes[at]);
    let most: Vec<Option<Hash>> = leaves
        .iter()
        .enumerate()
        .map(|(at, leaf)| majority(leaf.entry, leaf.row, tile_hash(at)))
        .collect();
    let mut readings = vec![most];
    let entries: Vec<Option<Hash>> = leaves.iter().map(|leaf| leaf.entry).collect();
    let rows: Vec<Option<Hash>> = leaves.iter().map(|leaf| leaf.row).collect();
    let tiles: Vec<Option<Hash>> = (0..leaves.len()).map(tile_hash).collect();
    for reading in [entries, rows, tiles] {
        if !readings.contains(&reading) {
            readings.push(reading);
        }
    }
    readings
}

fn majority(entry: Option<Hash>, row: Option<Hash>, tile: Option<Hash>) -> Option<Hash> {
    if row.is_some() && row == tile { row } else { entry.or(row).or(tile) }
}

fn report_missing(first: u64, leaves: &[Leaf], findings: &mut Findings) {
    let mut at = 0;
    while at < leaves.len() {
        let run = leaves[at..].iter().take_while(|leaf| leaf.entry.is_none()).count();
        if run > 0 {
            let from = first + at as u64;
            let problem = match run {
                1 => "is missing".to_owned(),
                _ => format!("entries {from} to {} are missing", from + run as u64 - 1),
            };
            findings.report(Place::row("entries", from), problem);
        }
        at += run + 1;
    }
}

/// Names every source that says something else than `chosen`.
fn report_leaves(
    first: u64,
    leaves: &[Leaf],
    tile: Option<&[Hash]>,
    chosen: &[Option<Hash>],
    findings: &mut Findings,
) {
    for ((index, leaf), chosen) in (first..).zip(leaves).zip(chosen) {
        let Some(chosen) = chosen else { continue };
        if let Some(found) = leaf.entry.filter(|found| found != chosen) {
            let problem = format!("its bytes have the leaf hash {found}, the tree holds {chosen}");
            findings.report(Place::row("entries", index), problem);
        }
        if let Some(found) = leaf.row.filter(|found| found != chosen) {
            let problem = format!("leaf_hash is {found}, the tree holds {chosen}");
            findings.report(Place::row("entries", index), problem);
        }
    }
    let Some(tile) = tile else { return };
    report_hashes(TileId::full(0, first / PAGE_LEAVES), tile, chosen, findings);
}

fn compare_tile(id: TileId, stored: Option<&[u8]>, computed: &[Hash], findings: &mut Findings) {
    match stored {
        None => findings.report(Place::tile(id), "is missing"),
        Some(bytes) if bytes.len() != TILE_WIDTH * HASH_BYTES => {
            findings.report(Place::tile(id), format_args!("has {} bytes", bytes.len()));
        }
        Some(bytes) => {
            let stored: Vec<Hash> =
                bytes.chunks_exact(HASH_BYTES).filter_map(Hash::from_slice).collect();
            let computed: Vec<Option<Hash>> = computed.iter().copied().map(Some).collect();
            report_hashes(id, &stored, &computed, findings);
        }
    }
}

fn report_hashes(id: TileId, stored: &[Hash], computed: &[Option<Hash>], findings: &mut Findings) {
    let differs =
        |(stored, computed): (&Hash, &Option<Hash>)| computed.is_some_and(|hash| hash != *stored);
    let different: Vec<usize> = stored
        .iter()
        .zip(computed)
        .enumerate()
        .filter_map(|(at, pair)| differs(pair).then_some(at))
        .collect();
    if let Some(at) = different.first() {
        let problem = format!(
            "{} of its {} hashes differ from those computed, the first at position {at}",
            different.len(),
            stored.len()
        );
        findings.report(Place::tile(id), problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(byte: u8) -> Hash {
        Hash([byte; HASH_BYTES])
    }

    #[test]
    fn two_of_three_sources_win() {
        let (good, bad) = (Some(hash(1)), Some(hash(2)));
        assert_eq!(majority(bad, good, good), good);
        assert_eq!(majority(good, bad, good), good);
        assert_eq!(majority(good, good, bad), good);
        assert_eq!(majority(None, None, good), good);
        assert_eq!(majority(None, None, None), None);
    }

    #[test]
    fn equal_sources_are_read_once() {
        let leaves = [Leaf { entry: Some(hash(1)), row: Some(hash(1)) }; 3];
        assert_eq!(readings(&leaves, Some(&[hash(1); 3])).len(), 1);
        assert_eq!(readings(&leaves, Some(&[hash(2); 3])).len(), 2);
    }

    #[test]
    fn missing_entries_are_named_in_runs() {
        let there = Leaf { entry: Some(hash(1)), row: Some(hash(1)) };
        let gone = Leaf::default();
        let mut findings = Findings::default();
        report_missing(10, &[there, gone, there, gone, gone, gone], &mut findings);
        let lines: Vec<String> = findings.kept().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["entries 11: is missing", "entries 13: entries 13 to 15 are missing"]);
    }

    #[test]
    fn a_tile_that_differs_is_named_with_the_position() {
        let mut findings = Findings::default();
        let computed = vec![hash(1); TILE_WIDTH];
        let mut stored = [1; TILE_WIDTH * HASH_BYTES];
        compare_tile(TileId::full(1, 2), Some(&stored), &computed, &mut findings);
        assert_eq!(findings.total(), 0);
        stored[5 * HASH_BYTES] ^= 4;
        compare_tile(TileId::full(1, 2), Some(&stored), &computed, &mut findings);
        compare_tile(TileId::full(1, 3), None, &computed, &mut findings);
        compare_tile(TileId::full(1, 4), Some(&stored[1..]), &computed, &mut findings);
        let lines: Vec<String> = findings.kept().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "tiles 1/2: 1 of its 256 hashes differ from those computed, the first at position 5",
                "tiles 1/3: is missing",
                "tiles 1/4: has 8191 bytes",
            ]
        );
    }
}
