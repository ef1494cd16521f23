//! C2SP tlog-tiles as a client of any log reads them.

use attestry::http::EntriesAccess;
use attestry_proof::{
    hash::leaf_hash,
    log::{
        checkpoint::SignedCheckpoint,
        tile::{EntryBundleId, TileId, TileSet, bundles_of, parse_bundle, tiles_of},
    },
    size::{LeafIndex, TreeSize},
};

use crate::support::{Member, Refusal, Server};

const NOT_FOUND: Refusal = (404, "not-found", "Not found");
const IMMUTABLE: &str = "max-age=31536000, immutable";

async fn newest(server: &Server) -> SignedCheckpoint {
    let last = server.size().0 - 1;
    server.get(format!("/api/v1/entries/{last}/proof?wait=true")).send().await.status(200);
    SignedCheckpoint::parse(&server.get("/checkpoint").send().await.status(200).body).unwrap()
}

/// Registers `count` statements, many at a time.
async fn grow(server: &Server, count: usize) {
    let member = server.contractor().await;
    for _ in 0..count.div_ceil(200) {
        let mut body = Vec::new();
        for _ in 0..200 {
            body.extend(server.draft(&member).signed(&member).encode());
        }
        let call = server.post("/api/v1/statements").header("content-type", "application/cose-seq");
        let answer = call.body(body).send().await.status(200).json();
        assert!(answer.as_array().unwrap().iter().all(|result| result["registered"].is_object()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tile_of_a_checkpoint_is_there_and_gives_its_root() {
    let server = Server::with_entries(EntriesAccess::Public).await;
    let small = newest(&server).await;
    grow(&server, 600).await;
    let large = newest(&server).await;
    assert!(large.checkpoint().size().0 > 512);
    let mut leaves = TileSet::new();
    // Partial tiles of an older checkpoint stay readable.
    for checkpoint in [small.checkpoint(), large.checkpoint()] {
        let mut tiles = TileSet::new();
        for tile in tiles_of(checkpoint.size()) {
            let answer = server.get(format!("/{}", tile.path())).send().await.status(200);
            assert_eq!(answer.header("content-type"), "application/octet-stream");
            assert_eq!(answer.header("cache-control"), format!("public, {IMMUTABLE}"));
            assert_eq!(answer.body.len(), usize::from(tile.width) * 32, "{}", tile.path());
            tiles.insert(tile, &answer.body).unwrap();
        }
        assert_eq!(tiles.root(checkpoint.size()).unwrap(), checkpoint.root());
        leaves = tiles;
    }
    entries_hash_to_their_leaves(&server, &leaves, large.checkpoint().size()).await;
    what_a_checkpoint_does_not_cover_is_not_there(&server, large.checkpoint().size()).await;
}

#[tokio::test]
async fn public_entries_are_for_everybody() {
    let server = Server::with_entries(EntriesAccess::Public).await;
    let member = server.contractor().await;
    let message = server.draft(&member).signed(&member);
    let index = server.register(&message.encode()).await;
    let size = newest(&server).await.checkpoint().size();
    let path = format!("/{}", EntryBundleId::at(size, 0).unwrap().path());
    let bundle = server.get(path).send().await.status(200);
    let entries = parse_bundle(&bundle.body, u16::try_from(size.0).unwrap()).unwrap();
    assert_eq!(entries.last(), Some(&&message.clone().bare().encode()[..]));
    for path in ["", "/statement"] {
        server.get(format!("/api/v1/entries/{index}{path}")).send().await.status(200);
    }
    // The content stays sealed all the same.
    server.get(format!("/api/v1/entries/{index}/payload")).send().await.status(401);
}

async fn entries_hash_to_their_leaves(server: &Server, leaves: &TileSet, size: TreeSize) {
    let mut index = 0;
    for bundle in bundles_of(size) {
        let answer = server.get(format!("/{}", bundle.path())).send().await.status(200);
        assert_eq!(answer.header("cache-control"), format!("public, {IMMUTABLE}"));
        for entry in parse_bundle(&answer.body, bundle.width).unwrap() {
            assert_eq!(leaves.leaf(LeafIndex(index), size).unwrap(), leaf_hash(entry), "{index}");
            index += 1;
        }
    }
    assert_eq!(index, size.0);
}

async fn what_a_checkpoint_does_not_cover_is_not_there(server: &Server, size: TreeSize) {
    let last = TileId::at(size, 0, size.0 / 256).unwrap();
    let wider = TileId { width: last.width + 1, ..last };
    let bundle = EntryBundleId::at(size, size.0 / 256).unwrap();
    let wider_bundle = EntryBundleId { width: bundle.width + 1, ..bundle };
    for path in [
        wider.path(),
        wider_bundle.path(),
        TileId::full(0, last.index).path(),
        TileId::full(0, last.index + 1).path(),
        TileId::full(0, 1_234_567).path(),
        TileId::full(1, 0).path(),
        TileId::full(2, 0).path(),
        "tile/entries/999".into(),
        "tile/entries/000.p/0".into(),
        "tile/0/000.p/0".into(),
        "tile/0/000.p/256".into(),
        "tile/0/000.p/07".into(),
        "tile/0/0".into(),
        "tile/0/x000/000".into(),
        "tile/64/000".into(),
        "tile/-1/000".into(),
        "tile/0/../1/000".into(),
        "tile/0/".into(),
        "tile/".into(),
    ] {
        server.get(format!("/{path}")).send().await.refused(NOT_FOUND);
    }
}

#[tokio::test]
async fn entry_bundles_of_members_are_for_members() {
    let server = Server::start().await;
    let auditor = server.member(&["auditor"]).await;
    let size = newest(&server).await.checkpoint().size();
    let path = format!("/{}", EntryBundleId::at(size, 0).unwrap().path());
    let refused = server.get(&path).send().await;
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    refused.refused((401, "unauthenticated", "Not authenticated"));
    let answer = server.get(&path).by(&auditor).send().await.status(200);
    assert_eq!(parse_bundle(&answer.body, u16::try_from(size.0).unwrap()).unwrap().len(), 4);
    assert_eq!(answer.header("cache-control"), format!("private, {IMMUTABLE}"));
    server.get("/tile/entries/000.p/1").by(&Member::new()).send().await.status(401);
    // Hash tiles are for everybody, and so is what the service itself states.
    server.get("/api/v1/entries/3/statement?wait=true").send().await.status(200);
    let tile = TileId::at(size, 0, 0).unwrap();
    server.get(format!("/{}", tile.path())).send().await.status(200);
}
