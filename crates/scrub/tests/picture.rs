//! Pictures made by real software: what is beside the pixels is found and can be dropped, text in
//! the pixels is read by an engine, and what was not read is said.

#![forbid(unsafe_code)]

mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use attestry_scrub::ocr::{Gray, Line, Ocr, OcrError};
use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, DenyList, Kind, Limits, Report, Scanner, Severity, fix};
use support::{of, rules_of, scanner, zipped};

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/picture").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// An engine that has nothing to say, so that only the structure of a picture is told.
#[derive(Debug)]
struct Silent;

impl Ocr for Silent {
    fn name_and_version(&self) -> String {
        "silent 1".to_owned()
    }

    fn lines(&self, picture: &Gray) -> Result<Vec<Line>, OcrError> {
        let count = picture.width as usize * picture.height as usize;
        assert_eq!(picture.pixels.len(), count);
        Ok(Vec::new())
    }
}

/// The engine of this machine, asked for plain text.
#[derive(Debug)]
struct Tesseract;

impl Ocr for Tesseract {
    fn name_and_version(&self) -> String {
        "tesseract".to_owned()
    }

    fn lines(&self, picture: &Gray) -> Result<Vec<Line>, OcrError> {
        let mut child = Command::new("tesseract")
            .args(["stdin", "stdout", "-l", "eng"])
            .env("OMP_THREAD_LIMIT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("tesseract (Debian: tesseract-ocr)");
        let head = format!("P5 {} {} 255\n", picture.width, picture.height);
        let mut stdin = child.stdin.take().expect("an open end");
        stdin.write_all(head.as_bytes()).expect("the head is taken");
        stdin.write_all(&picture.pixels).expect("the pixels are taken");
        drop(stdin);
        let answer = child.wait_with_output().expect("an end").stdout;
        let text = String::from_utf8(answer).expect("text");
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let line = |text: &str| Line { text: text.to_owned(), place: [0; 4], confidence: 90 };
        Ok(lines.map(line).collect())
    }
}

fn scan(name: &str) -> Report {
    scanner().with_ocr(Arc::new(Silent)).scan(name, &file(name))
}

fn reading() -> Scanner {
    let list = DenyList::new(["Globodyne"]).expect("a sound list");
    scanner().with_ocr(Arc::new(Tesseract)).with_deny_list(list)
}

#[test]
fn plain_pictures_have_no_findings() {
    for name in ["jpg", "png", "gif", "tif", "webp", "bmp"].map(|end| format!("plain.{end}")) {
        let report = scan(&name);
        assert_eq!(report.findings, [], "{name}");
        assert_eq!(report.not_read, [], "{name}");
    }
    for name in ["progressive.jpg", "round.png", "icon.png"] {
        let report = scan(name);
        assert_eq!((report.findings, report.not_read), (vec![], vec![]), "{name}");
    }
}

#[test]
fn what_exif_and_xmp_say_is_found_in_every_format() {
    for end in ["jpg", "png", "tif", "webp", "heic", "avif"] {
        let name = format!("full.{end}");
        let report = scan(&name);
        let rules = rules_of(&report);
        for rule in [
            "metadata.picture-position",
            "metadata.picture-owner",
            "metadata.picture-serial",
            "metadata.picture-history",
            "metadata.picture-path",
            "hidden.picture-comment",
        ] {
            assert!(rules.contains(&rule), "{name} has no {rule}: {rules:?}");
        }
        let position = of(&report, "metadata.picture-position");
        assert!(position.iter().all(|found| found.severity == Severity::High));
        assert!(of(&report, "metadata.picture-owner").len() >= 3, "{name}: {rules:?}");
        let list = DenyList::new(["Globodyne", "Eva Fink"]).expect("a sound list");
        let denied = scanner().with_deny_list(list).scan(&name, &file(&name));
        assert!(of(&denied, "deny-list.term").len() >= 2, "{name}");
    }
}

#[test]
fn previews_are_compared_with_the_picture() {
    let same = scan("full.jpg");
    assert!(!of(&same, "hidden.thumbnail").is_empty());
    assert!(of(&same, "hidden.other-thumbnail").is_empty());
    let other = scan("other-preview.jpg");
    assert_eq!(of(&other, "hidden.other-thumbnail").len(), 1);
    assert!(of(&other, "hidden.thumbnail").is_empty());
}

#[test]
fn comments_and_captions_are_told_by_their_keyword() {
    let jpeg = scan("full.jpg");
    let email = of(&jpeg, "personal.email");
    assert_eq!(email[0].location.channel, Channel::Comment);
    assert!(!of(&jpeg, "metadata.picture-caption").is_empty());
    let png = scan("full.png");
    let email = of(&png, "personal.email");
    assert_eq!(email[0].location.part.as_deref(), Some("zTXt Comment"));
    let gif = scan("frames.gif");
    assert_eq!(of(&gif, "hidden.picture-comment").len(), 1);
    assert_eq!(of(&gif, "hidden.frames")[0].count, 2);
    assert_eq!(of(&gif, "metadata.picture-owner").len(), 1);
    assert_eq!(of(&scan("full.tif"), "hidden.frames")[0].count, 1);
}

#[test]
fn what_follows_the_end_is_read() {
    let second = scan("second.jpg");
    assert!(!of(&second, "hidden.second-picture").is_empty());
    let inner = of(&second, "metadata.picture-position");
    assert_eq!(inner[0].location.path, ["second.jpg", "after the end: file 1"]);
    assert!(!of(&scan("mpo.jpg"), "hidden.second-picture").is_empty());
    let text = scan("trailing.png");
    assert_eq!(of(&text, "hidden.picture-trailing-bytes").len(), 1);
    assert_eq!(of(&text, "personal.email").len(), 1);
    assert!(of(&text, "hidden.picture-remainder").is_empty());
    assert_eq!(of(&scan("remainder.png"), "hidden.picture-remainder").len(), 1);
    let unknown = [file("plain.jpg"), vec![7; 5000]].concat();
    let report = scanner().with_ocr(Arc::new(Silent)).scan("a.jpg", &unknown);
    assert_eq!(report.not_read[0].reason, Reason::UnknownKind);
    let padded = [file("plain.jpg"), vec![0; 5000]].concat();
    let report = scanner().with_ocr(Arc::new(Silent)).scan("a.jpg", &padded);
    assert_eq!((report.findings, report.not_read), (vec![], vec![]));
}

#[test]
fn pixels_without_an_engine_are_not_read() {
    let report = scanner().scan("plain.png", &file("plain.png"));
    assert_eq!(report.not_read.len(), 1);
    let entry = &report.not_read[0];
    assert_eq!((entry.reason, entry.part.as_deref()), (Reason::NoOcr, Some("pixels")));
    assert_eq!(report.ocr, None);
    // Nothing can be written in an icon.
    assert_eq!(scanner().scan("icon.png", &file("icon.png")).not_read, []);
    let heic = scan("full.heic");
    assert_eq!(heic.not_read[0].reason, Reason::NoOcr);
    assert_eq!(scan("plain.png").ocr.as_deref(), Some("silent 1"));
}

#[test]
fn text_in_screenshots_is_read() {
    for name in ["screen-100.png", "screen-200.png", "screen-dark.png"] {
        let report = reading().scan(name, &file(name));
        for rule in ["personal.email-reserved", "deny-list.term"] {
            let found = of(&report, rule);
            assert_eq!(found.len(), 1, "{name} {rule}: {:?}", report.findings);
            assert_eq!(found[0].location.channel, Channel::PictureText);
            assert_eq!(found[0].location.part.as_deref(), Some("pixels"));
        }
        assert!(report.findings.iter().any(|found| found.rule.contains("iban")), "{name}");
        assert_eq!(report.not_read, []);
    }
    let clean = reading().scan("screen-clean.png", &file("screen-clean.png"));
    assert_eq!((clean.findings, clean.not_read), (vec![], vec![]));
}

#[test]
fn text_under_transparency_is_read() {
    let report = reading().scan("transparent.png", &file("transparent.png"));
    assert_eq!(of(&report, "hidden.transparent-pixels").len(), 1);
    let word = of(&report, "deny-list.term");
    assert_eq!(word[0].location.channel, Channel::HiddenPixels);
    assert!(of(&scan("round.png"), "hidden.transparent-pixels").is_empty());
}

#[test]
fn pictures_in_documents_are_read_and_their_cuts_told() {
    let report = scan("cropped.pptx");
    let cuts = of(&report, "hidden.cropped-picture");
    assert_eq!(cuts.len(), 1);
    assert_eq!(cuts[0].location.slide, Some(1));
    assert_eq!(cuts[0].location.part.as_deref(), Some("ppt/slides/slide1.xml"));
    let position = of(&report, "metadata.picture-position");
    assert!(position[0].location.path[1].starts_with("ppt/media/"), "{position:?}");
}

#[test]
fn drawings_tell_what_they_hide() {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:inkscape=\"i\" \
        inkscape:export-filename=\"C:\\Users\\eva\\plan.png\"><!-- ask anna.berg@mail.com -->\
        <metadata><rdf:RDF xmlns:rdf=\"r\"><dc:creator xmlns:dc=\"d\">Eva Fink</dc:creator></rdf:RDF>\
        </metadata><script>alert(1)</script><text display=\"none\">carl.dorn@mail.com</text>\
        <text>shown</text></svg>";
    let report = scanner().scan("a.svg", svg);
    let rules = rules_of(&report);
    for rule in [
        "hidden.picture-comment",
        "hidden.script",
        "hidden.text",
        "metadata.picture-owner",
        "metadata.picture-path",
        "personal.email",
    ] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
    let fixed = fix("a.svg", svg, Limits::default()).expect("a fix");
    let after = scanner().scan("a.svg", &fixed.bytes);
    assert_eq!((after.findings, after.not_read), (vec![], vec![]));
    assert!(String::from_utf8_lossy(&fixed.bytes).contains("<text>shown</text>"));
    let plain =
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"><rect fill=\"#123\"/><text>hi</text></svg>";
    assert_eq!(scanner().scan("a.svg", plain).findings, []);
    assert_eq!(fix("a.svg", plain, Limits::default()).expect("a fix").bytes, plain);
}

/// The names of tags that an independent tool sees, without those about the file and its pixels.
fn tags(name: &str, bytes: &[u8]) -> String {
    let mut child = Command::new("exiftool")
        .args(["-s", "-G", "-EXIF:all", "-XMP:all", "-IPTC:all", "-Photoshop:all", "-MPF:all"])
        .args(["-Comment", "-PNG:Author", "-PNG:Title", "-GPSPosition", "-ThumbnailImage", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("exiftool (Debian: libimage-exiftool-perl)");
    let mut stdin = child.stdin.take().expect("an open end");
    // The tool stops reading when it has seen enough.
    let _ = stdin.write_all(bytes);
    drop(stdin);
    let answer = child.wait_with_output().unwrap_or_else(|e| panic!("{name}: {e}")).stdout;
    String::from_utf8_lossy(&answer).into_owned()
}

const FULL: [&str; 9] = [
    "full.jpg",
    "full.png",
    "full.tif",
    "full.webp",
    "frames.gif",
    "second.jpg",
    "other-preview.jpg",
    "trailing.png",
    "remainder.png",
];

#[test]
fn a_fixed_picture_shows_the_same_and_says_nothing() {
    for name in FULL {
        let before = file(name);
        let fixed =
            fix(name, &before, Limits::default()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert!(!fixed.removed.is_empty(), "{name}");
        let report = scanner().with_ocr(Arc::new(Silent)).scan(name, &fixed.bytes);
        let left: Vec<&str> =
            rules_of(&report).into_iter().filter(|rule| *rule != "hidden.frames").collect();
        assert_eq!(left, [""; 0], "{name}");
        assert_eq!(report.not_read, [], "{name}");
        let format = image::guess_format(&before).expect("a known format");
        let pixels = |bytes: &[u8]| {
            image::load_from_memory_with_format(bytes, format).map(|picture| picture.into_bytes())
        };
        assert_eq!(
            pixels(&before).expect("pixels"),
            pixels(&fixed.bytes).expect("pixels"),
            "{name}"
        );
        let again = fix(name, &fixed.bytes, Limits::default()).expect("a fix of a fix");
        assert_eq!(again.removed, [], "{name}");
    }
}

#[test]
fn an_independent_tool_finds_nothing_in_a_fixed_picture() {
    // What a picture needs to be shown: how to turn it, and what a TIFF is made of.
    const NEEDED: [&str; 28] = [
        "Orientation",
        "SubfileType",
        "ImageWidth",
        "ImageHeight",
        "BitsPerSample",
        "Compression",
        "PhotometricInterpretation",
        "StripOffsets",
        "SamplesPerPixel",
        "RowsPerStrip",
        "StripByteCounts",
        "PlanarConfiguration",
        "Predictor",
        "XResolution",
        "YResolution",
        "ResolutionUnit",
        "ColorSpace",
        "SampleFormat",
        "ExtraSamples",
        "YCbCrPositioning",
        "ExifByteOrder",
        "ImageSize",
        "Megapixels",
        "ColorMap",
        "FillOrder",
        "PageNumber",
        "TileWidth",
        "TileLength",
    ];
    let told = |name: &str, bytes: &[u8]| -> Vec<String> {
        let all = tags(name, bytes);
        let names = all.lines().filter_map(|line| {
            line.split_once(']')?.1.split(':').next().map(|tag| tag.trim().to_owned())
        });
        names.filter(|tag| !NEEDED.contains(&tag.as_str())).collect()
    };
    for name in FULL.iter().chain(&["full.heic", "full.avif"]) {
        let before = file(name);
        let fixed = fix(name, &before, Limits::default()).expect("a fix");
        let left = told(name, &fixed.bytes);
        assert_eq!(left, [""; 0], "{name}");
        if name.starts_with("full") {
            assert!(
                told(name, &before).len() > 8,
                "{name}: the tool sees {:?}",
                told(name, &before)
            );
        }
    }
    let turned = fix("full.jpg", &file("full.jpg"), Limits::default()).expect("a fix");
    assert!(tags("full.jpg", &turned.bytes).contains("Rotate 90"));
}

#[test]
fn a_fixed_heic_has_no_metadata() {
    for name in ["full.heic", "full.avif"] {
        let fixed = fix(name, &file(name), Limits::default()).expect("a fix");
        let report = scanner().scan(name, &fixed.bytes);
        assert_eq!(rules_of(&report), [""; 0], "{name}");
        assert_eq!(fixed.bytes.len(), file(name).len());
    }
}

#[test]
fn pictures_inside_archives_are_fixed() {
    let archive = zipped(&[("a/full.jpg", &file("full.jpg"))]);
    let fixed = fix("a.zip", &archive, Limits::default()).expect("a fix");
    let report = scanner().with_ocr(Arc::new(Silent)).scan("a.zip", &fixed.bytes);
    assert_eq!(report.findings, []);
}

#[test]
fn a_picture_cut_off_anywhere_is_said_to_be_broken() {
    let scanner = scanner();
    for name in ["full.jpg", "full.png", "full.webp", "frames.gif", "full.heic"] {
        let whole = file(name);
        for length in (16..whole.len()).step_by(whole.len() / 60 + 1) {
            let report = scanner.scan(name, &whole[..length]);
            assert!(!report.not_read.is_empty(), "{name} cut to {length}");
            let _ = fix(name, &whole[..length], Limits::default());
        }
    }
    let tiff = file("full.tif");
    for length in (16..tiff.len()).step_by(tiff.len() / 60) {
        assert!(!scanner.scan("a.tif", &tiff[..length]).not_read.is_empty(), "{length}");
    }
}

#[test]
fn bombs_and_circles_end() {
    let report = scan("bomb.png");
    assert_eq!(of(&report, "file.bomb").len(), 1);
    assert_eq!(report.not_read[0].part.as_deref(), Some("zTXt Comment"));
    // A directory that is its own next one, and one with as many entries as a number holds.
    let circle = b"II*\0\x08\0\0\0\x01\0\x31\x01\x02\0\x04\0\0\0abc\0\x08\0\0\0";
    let many = b"II*\0\x08\0\0\0\xff\xff";
    for bytes in [circle.as_slice(), many] {
        let report = scanner().scan("a.tif", bytes);
        assert!(report.not_read.iter().any(|entry| entry.kind == Kind::Tiff));
    }
    // A picture of four thousand million pixels in a few bytes.
    let mut huge = file("plain.png");
    huge[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let crc = crc32fast::hash(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.to_be_bytes());
    let report = scan_bytes("a.png", &huge);
    assert!(report.not_read.iter().any(|entry| entry.reason == Reason::TooLarge));
}

fn scan_bytes(name: &str, bytes: &[u8]) -> Report {
    scanner().with_ocr(Arc::new(Silent)).scan(name, bytes)
}
