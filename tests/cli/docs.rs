//! What documents say about tests.

use std::{fs, path::Path};

const THREATS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/THREATS.md"));

/// Tests that a text names as `path.rs::name`, and whether they are there.
fn named(text: &str) -> Vec<(String, bool)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let tests = quoted.filter_map(|quoted| quoted.split_once(".rs::"));
    let found = tests.map(|(path, name)| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("{path}.rs"));
        let source = fs::read_to_string(file).unwrap_or_default();
        let known = source.contains(&format!("fn {name}()"));
        (format!("{path}.rs::{name}"), known)
    });
    found.collect()
}

#[test]
fn every_threat_names_tests_that_exist() {
    let tests = named(THREATS);
    assert!(tests.len() >= 50, "{}", tests.len());
    let gone: Vec<_> = tests.into_iter().filter(|(_, known)| !known).collect();
    assert!(gone.is_empty(), "{gone:#?}");
}

#[test]
fn a_test_that_is_gone_is_noticed() {
    let here = "see `tests/cli/docs.rs::a_test_that_is_gone_is_noticed`";
    assert!(named(here)[0].1);
    for gone in ["`tests/cli/docs.rs::a_test_that_is_gone`", "`tests/cli/gone.rs::named`"] {
        assert_eq!(named(gone).iter().map(|(_, known)| *known).collect::<Vec<_>>(), [false]);
    }
    assert!(named("`tests/cli/docs.rs` and nothing more").is_empty());
}
