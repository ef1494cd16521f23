//! A word planted anywhere in a document is found: in every attribute, every text and every comment
//! of every part, one place at a time, and once only.

#![forbid(unsafe_code)]

#[path = "planted/parts.rs"]
mod parts;
mod support;

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};
use std::ops::Range;

use attestry_scrub::{DenyList, RuleSet, Scanner};
use support::{of, rule_files};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// The word, which occurs nowhere else and is no number, name or term of any format.
const WORD: &str = "qzxplanted";

type Entries = Vec<(String, Vec<u8>)>;

/// A scanner that looks for the word only: rules make no difference here, and take their time.
fn looking() -> Scanner {
    let files = rule_files();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .filter(|(name, _)| name.starts_with("notices"))
        .map(|(name, content)| (name.as_str(), content.as_slice()))
        .collect();
    let rules = RuleSet::load(&files).unwrap_or_else(|e| panic!("{e}"));
    Scanner::new(rules).with_deny_list(DenyList::new([WORD]).expect("a sound list"))
}

fn entries_of(bytes: &[u8]) -> Entries {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    (0..archive.len())
        .map(|at| {
            let mut entry = archive.by_index(at).expect("an entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("its content");
            (entry.name().expect("a name").into_owned(), content)
        })
        .collect()
}

/// An archive of the entries as they are: packing them takes longer than reading them.
fn stored(entries: &Entries) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in entries {
        writer.start_file(name, options).expect("an entry");
        writer.write_all(content).expect("its content");
    }
    writer.finish().expect("an archive").into_inner()
}

fn is_xml(name: &str) -> bool {
    [".xml", ".rels", ".vml", ".rdf"].iter().any(|end| name.ends_with(end))
}

/// A place where a word can be planted: its bytes, and its kind: the element around it, the element,
/// the attribute.
type Spot = (Range<usize>, [String; 3]);

/// All places in a part: values of attributes, texts, comments.
fn spots(text: &str) -> Vec<Spot> {
    let (mut found, mut open, mut at) = (Vec::new(), vec![String::new()], 0);
    let mut add = |range: Range<usize>, key: [String; 3]| found.push((range, key));
    let parent = |open: &[String]| open.iter().rev().nth(1).cloned().unwrap_or_default();
    while let Some(start) = text[at..].find('<').map(|from| at + from) {
        let own = open.last().cloned().unwrap_or_default();
        if !text[at..start].trim().is_empty() {
            add(at..start, [parent(&open), own.clone(), "text()".to_owned()]);
        }
        let end = |close: &str| start + text[start..].find(close).expect("an end") + close.len();
        if text[start..].starts_with("<!--") {
            at = end("-->");
            add(start + 4..at - 3, [parent(&open), own, "comment()".to_owned()]);
            continue;
        }
        if text[start..].starts_with("<?") {
            at = end("?>");
            continue;
        }
        at = end(">");
        let tag = &text[start + 1..at - 1];
        if tag.starts_with('/') {
            open.pop();
            continue;
        }
        let name: String = tag.chars().take_while(|c| !c.is_whitespace() && *c != '/').collect();
        let mut from = start + 1 + name.len();
        while let Some(equal) = text[from..at].find('=').map(|to| from + to) {
            let attribute = text[from..equal].trim().to_owned();
            let quote =
                text[equal + 1..at].find(['"', '\'']).map(|to| equal + 1 + to).expect("a quote");
            let mark = text[quote..].chars().next().expect("a quote");
            let stop = quote + 1 + text[quote + 1..].find(mark).expect("a second quote");
            add(quote + 1..stop, [own.clone(), name.clone(), attribute]);
            from = stop + 1;
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    found
}

/// Kinds of places that had the word already, and where it was not found exactly once.
#[derive(Default)]
struct Planted {
    kinds: BTreeSet<(String, [String; 3])>,
    missed: Vec<String>,
}

impl Planted {
    /// Plants the word at one place of each kind in each kind of part.
    fn plant(&mut self, scanner: &Scanner, file: &str, entries: &Entries) {
        for (at, (name, content)) in entries.iter().enumerate() {
            if !is_xml(name) {
                continue;
            }
            let text = std::str::from_utf8(content).expect("UTF-8");
            let part: String = name.chars().filter(|c| !c.is_ascii_digit()).collect();
            for (range, key) in spots(text) {
                if !self.kinds.insert((part.clone(), key.clone())) {
                    continue;
                }
                let mut all = entries.clone();
                all[at].1.splice(range, WORD.bytes());
                let found = of(&scanner.scan(file, &stored(&all)), "deny-list.term").len();
                if found != 1 {
                    self.missed.push(format!("{file} {name} {key:?}: {found}"));
                }
            }
        }
    }

    fn end(self, least: usize) {
        assert_eq!(self.missed, Vec::<String>::new());
        assert!(self.kinds.len() >= least, "{} kinds of places", self.kinds.len());
    }
}

/// Plants the word in a document made by hand and in files that programs wrote.
fn check(parts: &[(&str, &str)], file: &str, others: &[&str], least: usize) {
    let (scanner, mut planted) = (looking(), Planted::default());
    planted.plant(&scanner, file, &by_hand(parts));
    for name in others {
        planted.plant(&scanner, name, &on_disk(name));
    }
    planted.end(least);
}

/// The parts of a file that are XML, and the one that says what it is.
fn on_disk(name: &str) -> Entries {
    let path = format!("{}/tests/files/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut entries = entries_of(&bytes);
    entries.retain(|(name, _)| is_xml(name) || name == "mimetype");
    entries
}

fn by_hand(parts: &[(&str, &str)]) -> Entries {
    parts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

#[test]
fn a_word_is_missed_where_it_is_not() {
    let entries = by_hand(parts::DOCUMENT);
    let report = looking().scan("a.docx", &stored(&entries));
    assert!(of(&report, "deny-list.term").is_empty());
    assert_eq!(spots("<a b='c'><d>e</d><!--f--></a>").len(), 3);
}

#[test]
fn anywhere_in_documents() {
    let others = ["ooxml/hidden.docm", "ooxml/tracked.docx", "ooxml/office.docx"];
    check(parts::DOCUMENT, "a.docx", &others, 400);
}

#[test]
fn anywhere_in_workbooks() {
    let others = ["ooxml/hidden.xlsx", "ooxml/linked.xlsx", "ooxml/office.xlsx"];
    check(parts::WORKBOOK, "a.xlsx", &others, 500);
}

#[test]
fn anywhere_in_presentations() {
    let others = ["ooxml/hidden.pptx", "ooxml/office.pptx", "picture/cropped.pptx"];
    check(parts::PRESENTATION, "a.pptx", &others, 500);
}

#[test]
fn anywhere_in_open_documents() {
    check(&[], "", &["legacy/text.odt", "legacy/sheet.ods", "legacy/slides.odp"], 500);
}
