//! Fixed copies of OpenDocument files: what is hidden is gone, what is seen stays, and LibreOffice
//! opens them.

#![forbid(unsafe_code)]

mod support;

use std::path::Path;
use std::process::Command;

use attestry_scrub::{Channel, Fixed, Limits, Report, fix};
use support::{of, scanner, zipped};

const NAMES: [&str; 9] = [
    "text.odt",
    "sheet.ods",
    "slides.odp",
    "text.fodt",
    "sheet.fods",
    "slides.fodp",
    "plain.odt",
    "plain.ods",
    "plain.odp",
];

fn file(folder: &str, name: &str) -> Vec<u8> {
    let path = format!("{}/tests/files/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn fixed(name: &str) -> Fixed {
    fix(name, &file("legacy", name), Limits::default()).unwrap_or_else(|e| panic!("{name}: {e:?}"))
}

fn rescan(name: &str) -> Report {
    scanner().scan(name, &fixed(name).bytes)
}

/// What a copy has no more.
const GONE: [&str; 14] = [
    "hidden.tracked-deletion",
    "hidden.tracked-insertion",
    "hidden.tracked-change",
    "hidden.comment",
    "hidden.author",
    "hidden.text",
    "hidden.sheet",
    "hidden.row",
    "hidden.column",
    "hidden.slide",
    "hidden.notes",
    "hidden.thumbnail",
    "hidden.macro",
    "metadata.property",
];

#[test]
fn a_fixed_copy_hides_nothing_that_can_be_taken_out() {
    let mut before = 0;
    for name in NAMES {
        before += scanner().scan(name, &file("legacy", name)).findings.len();
        let report = rescan(name);
        assert_eq!(report.not_read, [], "{name}");
        for rule in GONE {
            assert!(of(&report, rule).is_empty(), "{name} {rule}: {:#?}", of(&report, rule));
        }
    }
    assert!(before > 50, "{before}");
}

/// Addresses that a copy still has are those that somebody sees, but for white and tiny letters.
#[test]
fn what_is_seen_stays() {
    for (name, seen) in [("text.odt", 6), ("sheet.ods", 3), ("slides.odp", 2)] {
        let report = rescan(name);
        let channels: Vec<Channel> =
            of(&report, "personal.email").iter().map(|found| found.location.channel).collect();
        assert!(
            channels.len() <= seen && channels.contains(&Channel::Visible),
            "{name} {channels:?}"
        );
        let known = [
            Channel::Visible,
            Channel::WhiteText,
            Channel::TinyText,
            Channel::HeaderFooter,
            Channel::OtherPart,
        ];
        assert!(channels.iter().all(|channel| known.contains(channel)), "{name} {channels:?}");
    }
}

#[test]
fn what_was_removed_is_said() {
    let removed = |name: &str| -> Vec<Channel> {
        let mut channels: Vec<_> = fixed(name).removed.iter().map(|r| r.channel).collect();
        channels.sort();
        channels.dedup();
        channels
    };
    let text = removed("text.odt");
    for channel in [
        Channel::TrackedDeletion,
        Channel::Comment,
        Channel::HiddenText,
        Channel::Property,
        Channel::Thumbnail,
        Channel::ExternalLink,
    ] {
        assert!(text.contains(&channel), "{channel:?}: {text:?}");
    }
    let book = removed("sheet.ods");
    for channel in [Channel::HiddenSheet, Channel::HiddenRow, Channel::HiddenColumn] {
        assert!(book.contains(&channel), "{channel:?}: {book:?}");
    }
    let slides = removed("slides.odp");
    assert!(slides.contains(&Channel::HiddenSlide) && slides.contains(&Channel::Notes));
    assert!(!removed("plain.odt").contains(&Channel::HiddenText));
}

#[test]
fn pictures_lose_their_metadata_and_sealed_packages_are_refused() {
    let content = b"<office:document-content><office:body/></office:document-content>".as_slice();
    let list = b"<manifest:manifest><manifest:file-entry manifest:full-path=\"Pictures/a.jpg\"/>\
        <manifest:file-entry manifest:full-path=\"Basic/a.xml\"/></manifest:manifest>"
        .as_slice();
    let packed = |list: &[u8]| {
        zipped(&[
            ("mimetype", b"application/vnd.oasis.opendocument.text"),
            ("content.xml", content),
            ("Pictures/a.jpg", &file("picture", "full.jpg")),
            ("Basic/a.xml", b"<module/>"),
            ("META-INF/manifest.xml", list),
        ])
    };
    let before = scanner().scan("a.odt", &packed(list));
    assert!(!of(&before, "metadata.picture-position").is_empty());
    let copy = fix("a.odt", &packed(list), Limits::default()).expect("a copy").bytes;
    assert!(copy.starts_with(b"PK") && copy[30..].starts_with(b"mimetypeapplication/vnd.oasis"));
    let after = scanner().scan("a.odt", &copy);
    assert!(of(&after, "metadata.picture-position").is_empty());
    assert!(of(&after, "hidden.macro").is_empty());
    let sealed = b"<manifest:manifest><manifest:encryption-data/></manifest:manifest>".as_slice();
    assert!(fix("a.odt", &packed(sealed), Limits::default()).is_err());
}

/// One run over all copies, since each start takes seconds.
#[test]
fn libreoffice_opens_the_copies() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("odf-fix");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut paths = Vec::new();
    for name in NAMES {
        let (stem, ending) = name.split_once('.').expect("an ending");
        let path = folder.join(format!("{stem}-{ending}.{ending}"));
        std::fs::write(&path, fixed(name).bytes).expect("a copy");
        paths.push(path);
    }
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    let mut office = Command::new("soffice");
    office.args([profile.as_str(), "--headless", "--convert-to", "pdf", "--outdir"]);
    let output = office.arg(&folder).args(&paths).output().expect("LibreOffice");
    assert!(output.status.success());
    for path in paths {
        let mut reader = Command::new("pdftotext");
        let output = reader.arg(path.with_extension("pdf")).arg("-").output().expect("pdftotext");
        assert!(output.status.success(), "{}", path.display());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_plain = path.to_string_lossy().contains("plain");
        assert!(is_plain || text.contains("vera@corp"), "{}: {text}", path.display());
        for gone in ["conny", "hilda", "rita", "sven", "nora", "dora", "Globodyne"] {
            assert!(!text.contains(gone), "{} {gone}: {text}", path.display());
        }
    }
}
