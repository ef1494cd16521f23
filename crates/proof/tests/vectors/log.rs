//! `tree.json` and `tiles.json`.

use attestry_proof::hash::{Hash, leaf_hash};
use attestry_proof::log::edge::Edge;
use attestry_proof::log::tile::{
    EntryBundleId, TileId, TileSet, bundles_of, consistency_tiles, encode_bundle, inclusion_tiles,
    parse_bundle, root_tiles, tiles_of,
};
use attestry_proof::log::tree::{
    consistency_path, inclusion_path, root_from_inclusion, root_of, verify_consistency,
    verify_inclusion,
};
use attestry_proof::size::{LeafIndex, TreeSize};

use crate::case::{Case, Disagreements, File, hash};

/// Leaves of the counted tree: entry i is i in eight bytes, big endian.
fn counted(size: usize) -> Vec<Hash> {
    (0..size as u64).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn usize_of(case: Case<'_>, field: &str) -> usize {
    usize::try_from(case.number(field)).expect("sizes of vectors fit")
}

#[test]
fn roots_agree_by_recursion_and_by_the_right_edge() {
    let file = File::load("tree");
    let reference = file.top().get("reference");
    let entries = reference["entries"].as_array().expect("entries");
    let leaves: Vec<Hash> = entries
        .iter()
        .map(|entry| leaf_hash(&crate::case::unhex(entry.as_str().expect("hex"))))
        .collect();
    for (size, root) in reference["roots"].as_array().expect("roots").iter().enumerate() {
        assert_eq!(root_of(&leaves[..size]), hash(root), "{size} reference leaves");
    }
    for case in file.cases("roots") {
        let leaves = counted(usize_of(case, "size"));
        assert_eq!(root_of(&leaves), case.hash("root"), "{}", case.about());
        assert_eq!(Edge::empty().grow(&leaves).root(), case.hash("root"), "{}", case.about());
    }
}

#[test]
fn inclusion_paths_are_made_and_accepted() {
    let leaves = counted(70_000);
    for case in File::load("tree").cases("inclusion") {
        let (size, index, path) = (case.size("size"), case.index("index"), case.hashes("path"));
        let made = inclusion_path(&leaves[..usize_of(case, "size")], index);
        assert_eq!(made.as_ref(), Ok(&path), "{}", case.about());
        let verdict = verify_inclusion(&case.hash("leaf"), index, size, &path, &case.hash("root"));
        assert_eq!(verdict, Ok(()), "{}", case.about());
    }
}

#[test]
fn false_inclusion_paths_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("tree").cases("inclusion_refused") {
        let (size, index) = (case.size("size"), case.index("index"));
        let (leaf, root, path) = (case.hash("leaf"), case.hash("root"), case.hashes("path"));
        let verdict = verify_inclusion(&leaf, index, size, &path, &root);
        wrong.check(case, verdict.is_err(), verdict);
    }
    wrong.none();
}

/// The path alone does not fix a position: only an authenticated size does.
#[test]
fn aliases_of_a_position_share_its_root() {
    for case in File::load("tree").cases("aliases") {
        let (leaf, path, root) = (case.hash("leaf"), case.hashes("path"), case.hash("root"));
        for alias in case.list("aliases") {
            let size = TreeSize(alias[0].as_u64().expect("size"));
            let index = LeafIndex(alias[1].as_u64().expect("index"));
            assert_ne!((size, index), (case.size("size"), case.index("index")));
            assert_eq!(
                root_from_inclusion(&leaf, index, size, &path),
                Ok(root),
                "{}",
                case.about()
            );
        }
    }
}

#[test]
fn consistency_paths_are_made_and_accepted() {
    let leaves = counted(70_000);
    for case in File::load("tree").cases("consistency") {
        let (old, new) = (case.size("old_size"), case.size("new_size"));
        let (old_root, new_root) = (case.hash("old_root"), case.hash("new_root"));
        let path = case.hashes("path");
        let made = consistency_path(&leaves[..usize_of(case, "new_size")], old);
        assert_eq!(made.as_ref(), Ok(&path), "{}", case.about());
        let verdict = verify_consistency(old, &old_root, new, &new_root, &path);
        assert_eq!(verdict, Ok(()), "{}", case.about());
    }
}

#[test]
fn false_consistency_paths_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("tree").cases("consistency_refused") {
        let (old, new) = (case.size("old_size"), case.size("new_size"));
        let (old_root, new_root) = (case.hash("old_root"), case.hash("new_root"));
        let verdict = verify_consistency(old, &old_root, new, &new_root, &case.hashes("path"));
        wrong.check(case, verdict.is_err(), verdict);
    }
    wrong.none();
}

#[test]
fn tiles_of_a_size_have_the_names_and_contents_of_the_vectors() {
    let leaves = counted(70_000);
    for case in File::load("tiles").cases("sizes") {
        let size = case.size("size");
        let tiles: Vec<TileId> = tiles_of(size).collect();
        assert_eq!(tiles.len() as u64, case.number("count"), "{}", case.about());
        let contents = all_tiles(&leaves[..usize_of(case, "size")]);
        for expected in case.objects("tiles") {
            let path = expected.text("path");
            let tile = TileId::parse(path).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert!(tiles.contains(&tile), "{path} of {size}");
            assert!(tile.exists_at(size), "{path} of {size}");
            let bytes =
                &contents.iter().find(|(id, _)| *id == tile).expect("a tile of this size").1;
            assert_eq!(Hash::of(bytes), expected.hash("sha256"), "{path} of {size}");
        }
    }
}

#[test]
fn proofs_are_read_out_of_tiles() {
    let leaves = counted(70_000);
    let file = File::load("tree");
    let size = TreeSize(70_000);
    let contents = all_tiles(&leaves);
    let load = |wanted: Vec<TileId>| {
        let mut set = TileSet::new();
        for tile in wanted {
            let bytes = &contents.iter().find(|(id, _)| *id == tile).expect("a tile of 70,000").1;
            set.insert(tile, bytes).expect("a tile of the right length");
        }
        set
    };
    assert_eq!(load(root_tiles(size)).root(size), Ok(root_of(&leaves)));
    for case in file.cases("inclusion").into_iter().filter(|case| case.size("size") == size) {
        let index = case.index("index");
        let set = load(inclusion_tiles(index, size).expect("an index of the tree"));
        assert_eq!(set.inclusion(index, size), Ok(case.hashes("path")), "{}", case.about());
    }
    for case in file.cases("consistency").into_iter().filter(|case| case.size("new_size") == size) {
        let old = case.size("old_size");
        let set = load(consistency_tiles(old, size).expect("sizes in order"));
        assert_eq!(set.consistency(old, size), Ok(case.hashes("path")), "{}", case.about());
    }
}

/// Every tile of a tree with its bytes, by growing the right edge from nothing.
fn all_tiles(leaves: &[Hash]) -> Vec<(TileId, Vec<u8>)> {
    let join = |hashes: &[Hash]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
    let growth = Edge::empty().grow(leaves);
    let full = growth.full_tiles().iter().map(|(id, hashes)| (*id, join(hashes)));
    let partial = growth.edge().partial_tiles().map(|(id, hashes)| (id, join(hashes)));
    full.chain(partial).collect()
}

#[test]
fn tile_paths_go_both_ways() {
    let file = File::load("tiles");
    for case in file.cases("paths") {
        let tile = TileId::parse(case.text("path")).unwrap_or_else(|e| panic!("{e}"));
        let found = (u64::from(tile.level), tile.index, u64::from(tile.width));
        let expected = (case.number("level"), case.number("index"), case.number("width"));
        assert_eq!(found, expected, "{}", case.about());
        assert_eq!(tile.path(), case.text("path"));
    }
    for case in file.cases("bundle_paths") {
        let bundle = EntryBundleId::parse(case.text("path")).unwrap_or_else(|e| panic!("{e}"));
        let found = (bundle.index, u64::from(bundle.width));
        assert_eq!(found, (case.number("index"), case.number("width")), "{}", case.about());
        assert_eq!(bundle.path(), case.text("path"));
    }
    let bundles: Vec<EntryBundleId> = bundles_of(TreeSize(70_000)).collect();
    assert_eq!((bundles.len(), bundles[273].width), (274, 112));
}

#[test]
fn other_tile_paths_are_refused() {
    let mut wrong = Disagreements::default();
    for case in File::load("tiles").cases("paths_refused") {
        let path = case.text("path");
        wrong.check(case, TileId::parse(path).is_err(), TileId::parse(path));
        let bundle = path.replace("tile/0/", "tile/entries/");
        wrong.check(case, EntryBundleId::parse(&bundle).is_err(), EntryBundleId::parse(&bundle));
    }
    wrong.none();
}

#[test]
fn entry_bundles_go_both_ways() {
    let file = File::load("tiles");
    for case in file.cases("bundles") {
        let width = u16::try_from(case.number("width")).expect("a width");
        let entries: Vec<Vec<u8>> = if case.has("entries") {
            case.list("entries")
                .iter()
                .map(|entry| crate::case::unhex(entry.as_str().expect("hex")))
                .collect()
        } else if width == 256 {
            (0..256_u64).map(|i| i.to_be_bytes().to_vec()).collect()
        } else {
            vec![case.bytes("repeat").repeat(usize_of(case, "length"))]
        };
        let bytes = encode_bundle(&entries).expect("entries of vectors fit");
        assert_eq!(Hash::of(&bytes), case.hash("sha256"), "{}", case.about());
        assert_eq!(parse_bundle(&bytes, width).expect("a bundle"), entries, "{}", case.about());
    }
    let mut wrong = Disagreements::default();
    for case in file.cases("bundles_refused") {
        let bytes = case.bytes("bytes");
        let verdict = parse_bundle(&bytes, u16::try_from(case.number("width")).expect("a width"));
        wrong.check(case, verdict.is_err(), &verdict);
    }
    wrong.none();
}
