//! Tiles and right edge against the reference tree, and the checker against tiles of every level.

use attestry::{
    log::fsck::{Findings, Leaf, PAGE_LEAVES, TreeCheck},
    store::{
        audit::LedgerAudit,
        ledger::{BATCH_ENTRIES_MAX, Candidate, Ledger},
    },
};
use attestry_proof::{
    hash::Hash,
    log::{
        tile::{TILE_WIDTH, TileId, levels_of, tiles_of},
        tree::root_of,
    },
    size::TreeSize,
};

use crate::{
    candidates::{append, candidate},
    engine::Engine,
};

/// Tiles by the definition: roots of perfect subtrees, 256 in a row.
fn expected_tile(leaves: &[Hash], tile: TileId) -> Vec<u8> {
    let span = TILE_WIDTH.pow(tile.level.into());
    let first = tile.index as usize * TILE_WIDTH;
    let hashes = (first..first + usize::from(tile.width))
        .map(|at| root_of(&leaves[at * span..(at + 1) * span]));
    hashes.flat_map(|hash| hash.0).collect()
}

async fn require_tree(ledger: &dyn Ledger, leaves: &[Hash]) {
    let size = TreeSize(leaves.len() as u64);
    let root = root_of(leaves);
    assert_eq!(ledger.head().await.unwrap().map(|head| (head.size, head.root)), Some((size, root)));
    let edge = ledger.edge().await.unwrap();
    assert_eq!((edge.size(), edge.root()), (size, root));
    for tile in tiles_of(size) {
        assert_eq!(
            ledger.tile(tile).await.unwrap(),
            Some(expected_tile(leaves, tile)),
            "{tile} of {size}"
        );
    }
}

pub async fn tiles_and_edge_follow_the_tree(engine: &impl Engine) {
    let ledger = engine.open().await;
    let mut leaves = Vec::new();
    for size in [1_usize, 2, 3, 255, 256, 257, 300, 511, 512, 513, 1030] {
        let candidates: Vec<Candidate> =
            (leaves.len()..size).map(|number| candidate(number as u64)).collect();
        leaves.extend(candidates.iter().map(|one| one.leaf_hash));
        append(&*ledger, &candidates).await;
        require_tree(&*ledger, &leaves).await;
    }
    // Narrower cuts of tiles, for older checkpoints; nothing beyond the end.
    for (index, width) in [(0, 1), (0, 255), (3, 256), (4, 6), (4, 1)] {
        let tile = TileId { level: 0, index, width };
        assert_eq!(ledger.tile(tile).await.unwrap(), Some(expected_tile(&leaves, tile)), "{tile}");
    }
    let cut = TileId { level: 1, index: 0, width: 3 };
    assert_eq!(ledger.tile(cut).await.unwrap(), Some(expected_tile(&leaves, cut)));
    for (level, index, width) in
        [(0, 4, 7), (0, 5, 1), (1, 0, 5), (1, 1, 1), (2, 0, 1), (0, 4, 256), (63, 0, 1)]
    {
        let tile = TileId { level, index, width };
        assert_eq!(ledger.tile(tile).await.unwrap(), None, "{tile}");
    }
}

pub async fn a_second_level_becomes_full(engine: &impl Engine) {
    const SIZE: usize = 65_536 + 1;
    let ledger = engine.open().await;
    let mut leaves = Vec::with_capacity(SIZE);
    let mut next = 0;
    while next < SIZE {
        let end = SIZE.min(next + BATCH_ENTRIES_MAX);
        let candidates: Vec<Candidate> =
            (next..end).map(|number| candidate(number as u64)).collect();
        leaves.extend(candidates.iter().map(|one| one.leaf_hash));
        append(&*ledger, &candidates).await;
        next = end;
    }
    drop(ledger);
    let ledger = engine.open().await;
    let size = TreeSize(SIZE as u64);
    let edge = ledger.edge().await.unwrap();
    assert_eq!((edge.size(), edge.root()), (size, root_of(&leaves)));
    assert_eq!(levels_of(size), 3);
    for tile in [
        TileId::full(1, 0),
        TileId { level: 2, index: 0, width: 1 },
        TileId { level: 0, index: 256, width: 1 },
        TileId::full(0, 255),
    ] {
        assert_eq!(ledger.tile(tile).await.unwrap(), Some(expected_tile(&leaves, tile)), "{tile}");
    }
    drop(ledger);
    the_checker_names_tiles(engine, &leaves).await;
}

async fn the_checker_names_tiles(engine: &impl Engine, leaves: &[Hash]) {
    assert_eq!(named(&*engine.audit().await, leaves).await, [] as [String; 0]);
    engine.swap_tiles(0, 17, 130).await;
    assert_eq!(named(&*engine.audit().await, leaves).await, ["tiles 0/17", "tiles 0/130"]);
    engine.swap_tiles(0, 17, 130).await;
    engine.flip_tile(1, 0).await;
    assert_eq!(named(&*engine.audit().await, leaves).await, ["tiles 1/0"]);
}

/// Places that a check of the tree names, given what the entries say.
async fn named(audit: &dyn LedgerAudit, leaves: &[Hash]) -> Vec<String> {
    let mut findings = Findings::default();
    let mut check = TreeCheck::new(audit, None);
    for (page, leaves) in (0..).zip(leaves.chunks(PAGE_LEAVES as usize)) {
        let leaves: Vec<Leaf> =
            leaves.iter().map(|leaf| Leaf { entry: Some(*leaf), row: Some(*leaf) }).collect();
        check.page(page * PAGE_LEAVES, &leaves, &mut findings).await.unwrap();
    }
    check.finish(leaves.len() as u64, &mut findings).await.unwrap();
    assert_eq!(findings.total(), findings.kept().len() as u64);
    findings.kept().iter().map(|finding| finding.place.to_string()).collect()
}
