//! Office documents made by real software: what is hidden is found, a fixed copy has none of it, and
//! LibreOffice and the usual libraries open the copy and show what was seen before.

#![forbid(unsafe_code)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use attestry_scrub::{Channel, Fixed, Limits, Report, fix};
use support::{of, rules_of, scanner};

/// Rules that a fixed copy may still meet: a header is seen, and a name may be needed.
const MAY_STAY: [&str; 3] = ["hidden.header-footer", "hidden.defined-name", "personal.name"];

fn folder_of_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/ooxml")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder_of_files().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn scan(name: &str, bytes: &[u8]) -> Report {
    scanner().scan(name, bytes)
}

fn fixed(name: &str) -> Fixed {
    fix(name, &bytes(name), Limits::default()).unwrap_or_else(|e| panic!("{name}: {e:?}"))
}

fn channels(fixed: &Fixed) -> Vec<Channel> {
    let mut channels: Vec<_> = fixed.removed.iter().map(|removed| removed.channel).collect();
    channels.sort_unstable();
    channels.dedup();
    channels
}

/// All text of all parts of a copy.
fn raw(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
    (0..archive.len())
        .map(|at| {
            let mut content = Vec::new();
            let mut entry = archive.by_index(at).expect("an entry");
            std::io::Read::read_to_end(&mut entry, &mut content).expect("its content");
            String::from_utf8_lossy(&content).into_owned()
        })
        .collect()
}

const NAMES: [&str; 11] = [
    "plain.docx",
    "tracked.docx",
    "hidden.docm",
    "office.docx",
    "plain.xlsx",
    "hidden.xlsx",
    "linked.xlsx",
    "office.xlsx",
    "plain.pptx",
    "hidden.pptx",
    "office.pptx",
];

#[test]
fn plain_documents_have_nothing_worse_than_low() {
    for name in ["plain.docx", "plain.xlsx", "plain.pptx"] {
        let report = scan(name, &bytes(name));
        let worse: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.severity > attestry_scrub::Severity::Low)
            .filter(|finding| finding.rule != "hidden.thumbnail")
            .collect();
        assert!(worse.is_empty(), "{name}: {worse:#?}");
    }
}

#[test]
fn a_fixed_copy_hides_nothing() {
    for name in NAMES {
        let copy = fixed(name);
        let report = scan(name, &copy.bytes);
        let left: Vec<_> =
            rules_of(&report).into_iter().filter(|rule| !MAY_STAY.contains(rule)).collect();
        assert!(left.is_empty(), "{name}: {left:?} {:#?}", report.findings);
        assert!(!raw(&copy.bytes).contains("Globodyne"), "{name}");
        // Fixed once, there is nothing more to do.
        let again = fix(name, &copy.bytes, Limits::default()).expect("a sound copy");
        assert_eq!(again.removed, [], "{name}");
        assert_eq!(again.bytes, copy.bytes, "{name}");
    }
}

#[test]
fn what_is_removed_is_said() {
    let cases = [
        (
            "tracked.docx",
            vec![
                Channel::TrackedDeletion,
                Channel::TrackedInsertion,
                Channel::TrackedChange,
                Channel::Property,
            ],
        ),
        (
            "hidden.docm",
            vec![
                Channel::Comment,
                Channel::Author,
                Channel::HiddenText,
                Channel::Property,
                Channel::Template,
                Channel::RevisionId,
                Channel::ExternalLink,
                Channel::Macro,
            ],
        ),
        (
            "hidden.xlsx",
            vec![
                Channel::Comment,
                Channel::Author,
                Channel::HiddenText,
                Channel::HiddenSheet,
                Channel::VeryHiddenSheet,
                Channel::HiddenRow,
                Channel::HiddenColumn,
                Channel::DefinedName,
                Channel::Property,
                Channel::ExternalLink,
                Channel::Cache,
            ],
        ),
        (
            "linked.xlsx",
            vec![
                Channel::Author,
                Channel::Property,
                Channel::ExternalLink,
                Channel::Connection,
                Channel::Cache,
                Channel::Metadata,
            ],
        ),
        (
            "hidden.pptx",
            vec![
                Channel::HiddenSlide,
                Channel::Notes,
                Channel::OffSlide,
                Channel::Property,
                Channel::Embedded,
            ],
        ),
    ];
    for (name, expected) in cases {
        let found = channels(&fixed(name));
        for channel in expected {
            assert!(found.contains(&channel), "{name}: {channel:?} is not in {found:?}");
        }
    }
}

#[test]
fn what_is_hidden_is_found_before() {
    let cases = [
        (
            "tracked.docx",
            vec![
                "hidden.tracked-deletion",
                "hidden.tracked-insertion",
                "hidden.tracked-change",
                "hidden.author",
            ],
        ),
        (
            "hidden.docm",
            vec![
                "hidden.text",
                "hidden.comment",
                "hidden.macro",
                "metadata.template",
                "hidden.external-link",
            ],
        ),
        ("office.docx", vec!["hidden.tracked-deletion", "hidden.comment", "hidden.text"]),
        (
            "hidden.xlsx",
            vec![
                "hidden.sheet",
                "hidden.very-hidden-sheet",
                "hidden.row",
                "hidden.column",
                "hidden.comment",
            ],
        ),
        (
            "linked.xlsx",
            vec![
                "metadata.printer-settings",
                "hidden.connection",
                "hidden.cache",
                "hidden.external-link",
            ],
        ),
        ("office.xlsx", vec!["hidden.sheet", "hidden.row", "hidden.comment"]),
        (
            "hidden.pptx",
            vec!["hidden.slide", "hidden.notes", "hidden.off-slide", "hidden.embedded"],
        ),
        ("office.pptx", vec!["hidden.slide", "hidden.notes", "hidden.comment"]),
    ];
    for (name, expected) in cases {
        let report = scan(name, &bytes(name));
        for rule in expected {
            assert!(
                !of(&report, rule).is_empty(),
                "{name}: {rule} is not in {:?}",
                rules_of(&report)
            );
        }
    }
}

/// A name that promises macros keeps the type that programs want behind it; another loses it.
#[test]
fn the_content_type_fits_the_name() {
    let macros = "macroEnabled.main+xml";
    let original = bytes("hidden.docm");
    for (name, has) in [("a.docm", true), ("a.docx", false)] {
        let copy = fix(name, &original, Limits::default()).expect("a sound file");
        assert_eq!(raw(&copy.bytes).contains(macros), has, "{name}");
    }
}

#[test]
fn what_is_no_whole_package_is_refused() {
    let types = b"<Types/>".as_slice();
    let main = b"<w:document/>".as_slice();
    let cut = b"<w:document>".as_slice();
    let ties = b"<Relationships><Relationship Id=\"a\" Type=\"x/officeDocument\" \
        Target=\"word/document.xml\"/></Relationships>"
        .as_slice();
    let zipped = |body, ties: &[u8]| {
        support::zipped(&[
            ("[Content_Types].xml", types),
            ("_rels/.rels", ties),
            ("word/document.xml", body),
        ])
    };
    assert!(fix("a.docx", &zipped(main, ties), Limits::default()).is_ok());
    assert!(fix("a.docx", &zipped(cut, ties), Limits::default()).is_err());
    assert!(fix("a.docx", &zipped(main, b"<Relationships/>"), Limits::default()).is_err());
}

#[test]
fn pictures_in_a_document_lose_where_they_were_taken() {
    let picture = folder_of_files().join("../picture/full.jpg");
    let picture = std::fs::read(picture).expect("a picture");
    let relations = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"a\" Type=\"x/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let bytes = support::zipped(&[
        (
            "[Content_Types].xml",
            b"<Types><Default Extension=\"jpg\" ContentType=\"image/jpeg\"/></Types>",
        ),
        ("_rels/.rels", relations("officeDocument", "word/document.xml").as_bytes()),
        ("word/document.xml", b"<w:document><a:blip r:embed=\"a\"/></w:document>"),
        ("word/_rels/document.xml.rels", relations("image", "media/a.jpg").as_bytes()),
        ("word/media/a.jpg", &picture),
    ]);
    let positions = |bytes: &[u8]| {
        let report = support::scanner().scan("a.docx", bytes);
        assert!(report.read.iter().any(|read| read.path.len() == 2), "the picture is read");
        support::of(&report, "metadata.picture-position").len()
    };
    assert!(positions(&bytes) > 0);
    let copy = fix("a.docx", &bytes, Limits::default()).expect("a copy").bytes;
    assert_eq!(positions(&copy), 0);
}

/// Words of a text that begin so, sorted, each once.
fn words(text: &str, begin: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.starts_with(begin))
        .map(str::to_owned)
        .collect();
    words.sort();
    words.dedup();
    words
}

fn run(command: &mut Command) -> String {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|e| panic!("{shown}: {e}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Words that each document shows.
const VISIBLE: [(&str, &str); 11] = [
    ("plain.docx", "VisibleHeading VisibleLeft VisibleRight VisibleText"),
    ("tracked.docx", "VisibleForm VisibleInserted VisibleMoved VisibleRow VisibleStart"),
    ("hidden.docm", "VisibleEnd VisibleHeader VisibleLink VisibleStart"),
    ("office.docx", "VisibleEnd VisibleInserted VisibleStart"),
    ("plain.xlsx", "VisibleName"),
    (
        "hidden.xlsx",
        "VisibleAfter VisibleCopy VisibleEnd VisibleFirst VisibleJump VisibleKey VisibleLink \
         VisibleName VisibleNumber VisibleSecond VisibleSeries VisibleSum VisibleValue",
    ),
    ("linked.xlsx", "VisibleCached VisibleTop"),
    ("office.xlsx", "VisibleCell VisibleSheet"),
    ("plain.pptx", "VisibleBox VisibleTitle"),
    ("hidden.pptx", "VisibleFirst VisibleNorth VisibleSeries VisibleSouth VisibleThird"),
    ("office.pptx", "VisibleSlide"),
];

/// Fixed copies in a fresh folder, each with its ending in its stem.
fn copies(folder: &Path) -> Vec<PathBuf> {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("a folder");
    let write = |name: &&str| {
        let (stem, ending) = name.split_once('.').expect("an ending");
        let path = folder.join(format!("{stem}-{ending}.{ending}"));
        std::fs::write(&path, fixed(name).bytes).expect("a copy");
        path
    };
    NAMES.iter().map(write).collect()
}

/// One run over all copies, since each start takes seconds.
#[test]
fn libreoffice_opens_the_copies_and_shows_what_was_seen() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ooxml-fix");
    let paths = copies(&folder);
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let mut office = Command::new("soffice");
    office.args([profile.as_str(), "--headless", "--convert-to", "pdf", "--outdir"]);
    run(office.arg(&folder).args(&paths));
    for (path, (name, expected)) in paths.iter().zip(VISIBLE) {
        let text = run(Command::new("pdftotext").arg(path.with_extension("pdf")).arg("-"));
        assert_eq!(words(&text, "Visible").join(" "), expected, "{name}");
        assert_eq!(words(&text, "Globodyne"), [""; 0], "{name}");
    }
}

/// The libraries that the files were made with are stricter than LibreOffice in other places.
#[test]
fn libraries_load_the_copies() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ooxml-load");
    let paths = copies(&folder);
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/.tools/venv/bin/python");
    let script = folder_of_files().join("load.py");
    run(Command::new(tools).arg("-B").arg(script).args(&paths));
}
