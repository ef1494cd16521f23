//! House rules that neither the compiler nor clippy knows. Each rule names file and line, and each
//! has a test that shows it can fail.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[path = "tidy/source.rs"]
mod source;

use source::{Source, identifiers_after, line_of, matching_brace};

const MAX_FILE_LINES: usize = 600;
const MAX_FUNCTION_LINES: usize = 70;

/// Rooms of the root crate by floor; a floor uses lower floors only (docs/ARCHITECTURE.md).
const FLOORS: [(&str, u8); 15] = [
    ("log", 2),
    ("vault", 2),
    ("ocr", 2),
    ("mail", 2),
    ("store", 2),
    ("keys", 2),
    ("service", 3),
    ("export", 2),
    ("witness", 3),
    ("http", 4),
    ("web", 4),
    ("cli", 5),
    ("app", 5),
    ("config", 5),
    ("main", 5),
];

/// Rooms of one floor that may use each other.
const NEIGHBOURS: [(&str, &str); 3] = [("log", "store"), ("vault", "store"), ("log", "keys")];

/// Crates whose every public item is documented.
const PURE_CRATES: [&str; 4] = ["proof", "scrub", "policy", "timestamp"];

/// Top-level names that a document can mean a path by.
const ROOTS: [&str; 8] =
    ["src/", "crates/", "docs/", "tests/", "policies/", "migrations/", "benches/", ".ci/"];

/// Made by tools, so absent from a fresh checkout.
const GENERATED: [&str; 2] = ["tests/.tools", "target"];

#[derive(Debug, PartialEq, Eq)]
struct Violation {
    place: String,
    rule: &'static str,
    found: String,
}

fn violation(
    source: &Source,
    line: usize,
    rule: &'static str,
    found: impl Into<String>,
) -> Violation {
    Violation { place: format!("{}:{line}", source.path), rule, found: found.into() }
}

fn require_none(violations: &[Violation]) {
    let lines: Vec<String> =
        violations.iter().map(|v| format!("{}: {}: {}", v.place, v.rule, v.found)).collect();
    assert!(lines.is_empty(), "{} house rules broken:\n{}", lines.len(), lines.join("\n"));
}

fn tree() -> Vec<Source> {
    let sources = Source::all(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(sources.iter().any(|s| s.path == "src/lib.rs"), "the walk found no sources");
    sources
}

fn rust(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|source| source.path.ends_with(".rs"))
}

/// Code that ships: neither integration tests, nor benches, nor modules that exist only in tests.
fn shipped(sources: &[Source]) -> impl Iterator<Item = &Source> {
    let tests_only = source::test_modules(sources);
    rust(sources).filter(move |source| {
        let path = source.path.as_str();
        let ships =
            path.starts_with("src/") || path.starts_with("crates/") && path.contains("/src/");
        ships && !source::is_within(path, &tests_only)
    })
}

// --- floors -------------------------------------------------------------------------------------

fn floor_of(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// The room of a file of the root crate: a folder under `src/`, or a file there.
fn room_of(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("src/")?;
    Some(inner.split_once('/').map_or_else(|| inner.trim_end_matches(".rs"), |(room, _)| room))
}

/// Rooms without a floor, imports of a higher floor, imports of a neighbour not listed.
fn floors(sources: &[Source]) -> Vec<Violation> {
    const RULE: &str = "a floor uses lower floors only";
    let mut found = Vec::new();
    for source in rust(sources) {
        let Some(room) = room_of(&source.path).filter(|room| *room != "lib") else { continue };
        if source.path.matches('/').count() > 1 && floor_of(room).is_none() {
            found.push(violation(source, 1, "every room has a floor", room));
        }
        // Files beside the rooms, such as a clock, are for everybody and may use no room.
        let own = floor_of(room).unwrap_or(0);
        for (at, used) in imported_rooms(source) {
            let Some(floor) = floor_of(&used).filter(|_| used != room) else { continue };
            let neighbour = NEIGHBOURS.contains(&(room, used.as_str()));
            if floor > own || floor == own && !neighbour && own < 5 {
                found.push(violation(
                    source,
                    line_of(&source.code, at),
                    RULE,
                    format!("{room} uses {used}"),
                ));
            }
        }
    }
    found
}

/// Names that follow `crate::`, alone or in braces, and names reached by climbing with `super::`.
fn imported_rooms(source: &Source) -> Vec<(usize, String)> {
    let mut rooms = identifiers_after(&source.code, "crate::");
    let depth = source.module_depth();
    let climb = "super::".repeat(depth);
    if depth > 0 {
        let outside_tests = |at: &usize| !source.is_test_line(line_of(&source.code, *at));
        rooms.extend(
            identifiers_after(&source.code, &climb).into_iter().filter(|(at, _)| outside_tests(at)),
        );
    }
    rooms
}

#[test]
fn every_floor_uses_lower_floors_only() {
    require_none(&floors(&tree()));
}

#[test]
fn the_floor_rule_can_fail() {
    let refused = [
        ("src/store/a.rs", "use crate::service::enroll;"),
        ("src/store/a.rs", "use crate::{entropy, log::guard};"),
        ("src/log/a.rs", "fn f() { crate::http::problem() }"),
        ("src/store/sqlite/a.rs", "use super::super::super::http::problem;"),
        ("src/keys/a.rs", "use crate::store::ledger;"),
        ("src/clock.rs", "use crate::store::ledger;"),
        ("src/pantry/a.rs", "fn f() {}"),
    ];
    for (path, text) in refused {
        assert_eq!(floors(&[Source::new(path, text)]).len(), 1, "{path}: {text}");
    }
    let accepted = [
        ("src/service/a.rs", "use crate::{log::guard, store};"),
        ("src/log/a.rs", "use crate::store::ledger; use crate::log::guard; use crate::keys;"),
        ("src/store/a.rs", "// crate::http is above\nconst A: &str = \"crate::http\";"),
        ("src/store/sqlite/a.rs", "use super::super::ledger;"),
        ("src/cli/a.rs", "use crate::app::App;"),
        ("src/lib.rs", "pub mod http;"),
    ];
    for (path, text) in accepted {
        assert_eq!(floors(&[Source::new(path, text)]), [], "{path}: {text}");
    }
}

// --- sizes --------------------------------------------------------------------------------------

fn long_files(sources: &[Source]) -> Vec<Violation> {
    let code = [".rs", ".py", ".sql", ".ts", ".js", ".css", "/run"];
    let is_code = |source: &&Source| code.iter().any(|end| source.path.ends_with(end));
    let long = sources.iter().filter(is_code).filter(|s| s.text.lines().count() > MAX_FILE_LINES);
    long.map(|source| {
        let lines = source.text.lines().count();
        violation(source, 1, "a file has at most 600 lines", lines.to_string())
    })
    .collect()
}

fn long_functions(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in rust(sources) {
        for (at, name) in identifiers_after(&source.code, "fn ") {
            // A body opens before any semicolon; declarations and function pointers have none.
            let Some(open) = source.code[at..].find(['{', ';']).map(|offset| at + offset) else {
                continue;
            };
            let Some(close) = matching_brace(&source.code, open) else { continue };
            let first = line_of(&source.code, at);
            let lines = line_of(&source.code, close) - first + 1;
            if lines > MAX_FUNCTION_LINES {
                let what = format!("{name} has {lines}");
                found.push(violation(source, first, "a function has at most 70 lines", what));
            }
        }
    }
    found
}

#[test]
fn files_and_functions_stay_short() {
    let sources = tree();
    require_none(&long_files(&sources));
    require_none(&long_functions(&sources));
}

#[test]
fn the_size_rules_can_fail() {
    let lines = |count: usize| "let a = 1;\n".repeat(count);
    let file = |count| [Source::new("src/log/a.rs", &lines(count))];
    assert_eq!(long_files(&file(MAX_FILE_LINES)), []);
    assert_eq!(long_files(&file(MAX_FILE_LINES + 1)).len(), 1);
    let function =
        |count| [Source::new("src/a.rs", &format!("fn long() {{\n{}}}\n", lines(count)))];
    assert_eq!(long_functions(&function(MAX_FUNCTION_LINES - 2)), []);
    let found = long_functions(&function(MAX_FUNCTION_LINES - 1));
    assert_eq!(found[0].place, "src/a.rs:1");
    let braces = format!("fn short() {{ let a = '{{'; let b = \"{{\"; }}\n{}", lines(100));
    assert_eq!(long_functions(&[Source::new("src/a.rs", &braces)]), []);
}

// --- where things may be ------------------------------------------------------------------------

/// Uses of `words` in shipped code, outside tests, in files that `allowed` does not accept.
fn uses(
    sources: &[Source],
    words: &[&str],
    rule: &'static str,
    allowed: fn(&str) -> bool,
) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in shipped(sources).filter(|source| !allowed(&source.path)) {
        for (number, line) in source.code.lines().enumerate().map(|(at, line)| (at + 1, line)) {
            let word = words.iter().find(|word| source::has_word(line, word));
            if let Some(word) = word.filter(|_| !source.is_test_line(number)) {
                found.push(violation(source, number, rule, *word));
            }
        }
    }
    found
}

fn sql(sources: &[Source]) -> Vec<Violation> {
    let words = ["sqlx::query", "sqlx::raw_sql", "QueryBuilder", "AssertSqlSafe"];
    uses(sources, &words, "SQL is in src/store/ only", |path| path.starts_with("src/store/"))
}

fn printing(sources: &[Source]) -> Vec<Violation> {
    let words = ["println!", "print!", "eprintln!", "eprint!"];
    uses(sources, &words, "only src/cli/ and main.rs print", |path| {
        path.starts_with("src/cli/") || path.ends_with("/main.rs")
    })
}

#[test]
fn sql_and_printing_stay_where_they_belong() {
    let sources = tree();
    require_none(&sql(&sources));
    require_none(&printing(&sources));
}

#[test]
fn the_place_rules_can_fail() {
    let at = |path: &str, text: &str| [Source::new(path, text)];
    let query = "fn f() { sqlx::query(\"SELECT 1\"); }";
    assert_eq!(sql(&at("src/http/a.rs", query)).len(), 1);
    assert_eq!(sql(&at("src/store/a.rs", query)), []);
    assert_eq!(sql(&at("src/http/a.rs", "// sqlx::query is elsewhere")), []);
    let print = "fn f() { println!(\"hello\"); }";
    assert_eq!(printing(&at("crates/proof/src/a.rs", print)).len(), 1);
    assert_eq!(printing(&at("src/cli/a.rs", print)), []);
    assert_eq!(printing(&at("tests/a.rs", print)), []);
    let in_tests = format!("fn g() {{}}\n#[cfg(test)]\nmod tests {{\n    {print}\n}}\n");
    assert_eq!(printing(&at("src/log/a.rs", &in_tests)), []);
}

/// `unwrap` and `expect` in shipped code without a comment on the same line or just above.
fn unproven_unwraps(sources: &[Source]) -> Vec<Violation> {
    const RULE: &str = "unwrap and expect need a comment that proves them";
    let mut found = Vec::new();
    for source in shipped(sources) {
        let original: Vec<&str> = source.text.lines().collect();
        for (at, line) in source.code.lines().enumerate() {
            let word = [".unwrap()", ".expect("].into_iter().find(|word| line.contains(word));
            let Some(word) = word.filter(|_| !source.is_test_line(at + 1)) else { continue };
            // The comment may stand above the statement rather than above its last line.
            let above = original[at.saturating_sub(4)..at].iter().rev();
            let explained = original[at].contains("//")
                || above
                    .take_while(|line| !line.trim_end().ends_with(['{', '}']))
                    .any(|line| line.trim_start().starts_with("//"));
            if !explained {
                found.push(violation(source, at + 1, RULE, word));
            }
        }
    }
    found
}

#[test]
fn every_unwrap_is_proven() {
    require_none(&unproven_unwraps(&tree()));
}

#[test]
fn the_unwrap_rule_can_fail() {
    let at = |text: &str| unproven_unwraps(&[Source::new("src/log/a.rs", text)]).len();
    assert_eq!(at("fn f() {\n    a.unwrap();\n}"), 1);
    assert_eq!(at("fn f() {\n    a.expect(\"b\");\n}"), 1);
    assert_eq!(at("// above the function\nfn f() {\n    a.unwrap();\n}"), 1);
    assert_eq!(at("fn f() {\n    // A was checked.\n    a.unwrap();\n}"), 0);
    assert_eq!(
        at("fn f() {\n    // A was checked.\n    let b = a\n        .c()\n        .unwrap();\n}"),
        0
    );
    assert_eq!(at("fn f() {\n    a.unwrap(); // checked\n}"), 0);
    assert_eq!(at("fn f() {\n    a.unwrap_or(1);\n    let b = \".unwrap()\";\n}"), 0);
    assert_eq!(at("#[cfg(test)]\nmod tests {\n    fn f() {\n        a.unwrap();\n    }\n}"), 0);
    let parts = [
        Source::new("src/log/mod.rs", "#[cfg(test)]\nmod examples;\n"),
        Source::new("src/log/examples.rs", "fn f() {\n    a.unwrap();\n}"),
        Source::new("src/log/examples/more.rs", "fn f() {\n    a.unwrap();\n}"),
    ];
    assert_eq!(unproven_unwraps(&parts), []);
}

// --- crate roots --------------------------------------------------------------------------------

fn crate_roots(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in rust(sources) {
        let path = source.path.as_str();
        let is_root =
            path.ends_with("src/lib.rs") || path.ends_with("src/main.rs") || path.contains("/bin/");
        if is_root && !source.code.contains("#![forbid(unsafe_code)]") {
            found.push(violation(source, 1, "every crate forbids unsafe code", "no attribute"));
        }
        let pure = PURE_CRATES.iter().any(|name| path == format!("crates/{name}/src/lib.rs"));
        if pure && !source.code.contains("#![deny(missing_docs)]") {
            found.push(violation(source, 1, "pure crates document every item", "no attribute"));
        }
    }
    found
}

#[test]
fn crate_roots_have_their_attributes() {
    require_none(&crate_roots(&tree()));
}

#[test]
fn the_crate_root_rule_can_fail() {
    let at = |path: &str, text: &str| crate_roots(&[Source::new(path, text)]).len();
    assert_eq!(at("src/main.rs", "fn main() {}"), 1);
    assert_eq!(at("src/main.rs", "// #![forbid(unsafe_code)]\nfn main() {}"), 1);
    assert_eq!(at("src/main.rs", "#![forbid(unsafe_code)]\nfn main() {}"), 0);
    assert_eq!(at("crates/proof/src/lib.rs", "#![forbid(unsafe_code)]"), 1);
    assert_eq!(at("src/log/mod.rs", "fn f() {}"), 0);
}

// --- words and paths in text --------------------------------------------------------------------

/// Words that mean unfinished work, and paths outside the repository.
fn forbidden_words(sources: &[Source]) -> Vec<Violation> {
    // Split, so that this file does not break its own rule.
    let words =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["../sha", "red"]].map(|parts| parts.concat());
    let mut found = Vec::new();
    for source in sources {
        for (at, line) in source.text.lines().enumerate() {
            for word in words.iter().filter(|word| source::has_word(line, word)) {
                found.push(violation(
                    source,
                    at + 1,
                    "nothing unfinished, nothing from outside",
                    word,
                ));
            }
        }
    }
    found
}

/// Paths that documents mention in backquotes or link to, and that do not exist.
fn dead_paths(sources: &[Source], exists: &dyn Fn(&str) -> bool) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (at, line) in source.text.lines().enumerate() {
            let quoted = line.split('`').skip(1).step_by(2).filter_map(path_in_quotes);
            let links = line.split("](").skip(1).filter_map(|rest| link_target(folder, rest));
            for path in quoted.map(str::to_owned).chain(links).filter(|path| !exists(path)) {
                found.push(violation(source, at + 1, "documents name paths that exist", path));
            }
        }
    }
    found
}

fn path_in_quotes(text: &str) -> Option<&str> {
    let is_pattern = text.contains(['*', '<', '{', '$', ' ', '…', '|']) || text.contains("...");
    let is_path = ROOTS.iter().any(|root| text.starts_with(root));
    let is_generated = GENERATED.iter().any(|path| text.starts_with(path));
    (is_path && !is_pattern && !is_generated).then(|| text.split([':', '#']).next().unwrap_or(text))
}

fn link_target(folder: &str, rest: &str) -> Option<String> {
    let target = rest.split([')', '#', ' ']).next().filter(|target| !target.is_empty())?;
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn texts_hold_nothing_unfinished_and_no_dead_paths() {
    let (sources, root) = (tree(), Path::new(env!("CARGO_MANIFEST_DIR")));
    require_none(&forbidden_words(&sources));
    require_none(&dead_paths(&sources, &|path| root.join(path).exists()));
}

#[test]
fn the_text_rules_can_fail() {
    let unfinished = ["TO", "DO"].concat();
    let words = |text: &str| forbidden_words(&[Source::new("src/a.rs", text)]).len();
    assert_eq!(words(&format!("// {unfinished}: later")), 1);
    assert_eq!(words(&format!("see {}/design", ["../sha", "red"].concat())), 1);
    assert_eq!(words("// M\u{e9}todo, mastodon"), 0);
    assert_eq!(words(&format!("// {unfinished}S")), 0);
    let dead =
        |text: &str| dead_paths(&[Source::new("docs/A.md", text)], &|p| p == "docs/B.md").len();
    assert_eq!(dead("see `src/gone.rs` and `docs/B.md`"), 1);
    assert_eq!(dead("see [b](B.md), [c](C.md#part) and [d](../docs/B.md)"), 1);
    assert_eq!(dead("`src/<room>/*.rs`, `https://example.org/docs/`, [x](https://example.org)"), 0);
}

// --- migrations ---------------------------------------------------------------------------------

/// Numbers start at one without gaps or repetition, and every engine has the same ones.
fn migrations(paths: &[String]) -> Vec<Violation> {
    let mut folders: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut found = Vec::new();
    let mut report = |place: &str, rule, what: String| {
        found.push(Violation { place: place.to_owned(), rule, found: what });
    };
    for path in paths {
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        let number = name.split_once('_').filter(|(digits, _)| digits.len() == 4);
        match number.and_then(|(digits, _)| digits.parse().ok()) {
            Some(number) if folders.entry(folder).or_default().insert(number) => {}
            Some(number) => report(path, "a migration number is used once", number.to_string()),
            None => report(path, "migrations are named NNNN_what.sql", name.to_owned()),
        }
    }
    for (folder, numbers) in &folders {
        if numbers.iter().copied().ne(1..=numbers.len()) {
            report(folder, "migration numbers have no gaps", format!("{numbers:?}"));
        }
        let twin = folder.replacen("/sqlite/", "/postgres/", 1);
        if folders.get(twin.as_str()).is_some_and(|other| other != numbers) {
            report(folder, "engines have the same migrations", twin);
        }
    }
    found
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let is_migration = |path: &String| path.starts_with("migrations/") && path.ends_with(".sql");
    let paths: Vec<String> = tree().into_iter().map(|s| s.path).filter(is_migration).collect();
    require_none(&migrations(&paths));
}

#[test]
fn the_migration_rule_can_fail() {
    let check = |names: &[&str]| {
        migrations(&names.iter().map(|n| format!("migrations/{n}")).collect::<Vec<_>>()).len()
    };
    assert_eq!(check(&["sqlite/a/0001_x.sql", "sqlite/a/0002_y.sql", "sqlite/b/0001_x.sql"]), 0);
    assert_eq!(check(&["sqlite/a/0001_x.sql", "sqlite/a/0003_y.sql"]), 1);
    assert_eq!(check(&["sqlite/a/0001_x.sql", "sqlite/a/0001_y.sql"]), 1);
    assert_eq!(check(&["sqlite/a/0001_x.sql", "sqlite/a/1_y.sql"]), 1);
    assert_eq!(check(&["sqlite/a/0001_x.sql", "sqlite/a/0002_y.sql", "postgres/a/0001_x.sql"]), 1);
}
