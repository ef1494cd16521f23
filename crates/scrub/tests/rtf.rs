//! RTF documents, made by LibreOffice (`files/legacy/make.py`) or written here: every hidden channel
//! is found where it is, and a plain document has none.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, DenyList, Kind, Limits, Report, Severity};
use support::{of, scanner};

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/files/legacy/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn document(body: &str) -> Report {
    let text = format!("{{\\rtf1\\ansi\\ansicpg1252\\deff0 {body}}}");
    scanner().scan("a.rtf", text.as_bytes())
}

/// Channels that an address was found in.
fn channels(report: &Report, address: &str) -> Vec<Channel> {
    let fits = |excerpt: &str| {
        excerpt.starts_with(&address[..2]) && excerpt.chars().count() == address.len()
    };
    let hits = of(report, "personal.email").into_iter().filter(|f| fits(&f.excerpt));
    let mut found: Vec<Channel> = hits.map(|f| f.location.channel).collect();
    found.sort();
    found.dedup();
    found
}

#[track_caller]
fn stands(report: &Report, address: &str, expected: Channel) {
    assert_eq!(channels(report, address), [expected], "{address}: {:#?}", report.findings);
}

#[track_caller]
fn has(report: &Report, rules: &[&str]) {
    for rule in rules {
        assert!(!of(report, rule).is_empty(), "{rule}: {:?}", support::rules_of(report));
    }
}

#[test]
fn a_document_of_libreoffice_has_every_channel() {
    let report = scanner().scan("text.rtf", &file("text.rtf"));
    stands(&report, "vera@corp.com", Channel::Visible);
    stands(&report, "fred@corp.com", Channel::Visible);
    stands(&report, "dora@corp.com", Channel::TrackedDeletion);
    stands(&report, "ingo@corp.com", Channel::TrackedInsertion);
    stands(&report, "hilda@corp.com", Channel::HiddenText);
    stands(&report, "walt@corp.com", Channel::WhiteText);
    stands(&report, "tina@corp.com", Channel::TinyText);
    stands(&report, "conny@corp.com", Channel::Comment);
    stands(&report, "hugo@corp.com", Channel::HeaderFooter);
    assert_eq!(of(&report, "hidden.author").len(), 3);
    has(&report, &["hidden.external-link", "metadata.property", "hidden.comment"]);
    assert_eq!(report.not_read, []);
}

#[test]
fn a_plain_document_is_harmless() {
    let report = scanner().scan("plain.rtf", &file("plain.rtf"));
    assert_eq!(report.not_read, []);
    assert!(report.is_clean(Severity::Medium), "{:#?}", report.findings);
    let report =
        document("{\\*\\template Normal.dotm}A line.\\par {\\colortbl;\\red0\\green0\\blue0;}");
    assert!(report.is_clean(Severity::Medium), "{:#?}", report.findings);
}

#[test]
fn properties_and_what_programs_leave_are_found() {
    let report = document(
        "{\\info{\\author Anna Berg}{\\*\\company Globodyne}{\\doccomm for carl@corp.com}}\
         {\\*\\userprops{\\propname Client}\\proptype30{\\staticval nora@corp.com}}\
         {\\*\\template C:\\\\Users\\\\anna\\\\offer.dotm}{\\*\\rsidtbl \\rsid123\\rsid456}\
         {\\field{\\*\\fldinst INCLUDETEXT \"\\\\\\\\server\\\\share\\\\a.doc\"}{\\fldrslt x}}",
    );
    stands(&report, "carl@corp.com", Channel::Property);
    stands(&report, "nora@corp.com", Channel::Property);
    let fields: Vec<_> =
        of(&report, "metadata.property").iter().filter_map(|f| f.location.field.clone()).collect();
    assert!(fields.contains(&"author".to_owned()) && fields.contains(&"Client".to_owned()));
    has(&report, &["metadata.template", "metadata.revision-ids", "hidden.external-link"]);
}

#[test]
fn letters_in_escapes_make_one_word() {
    let list = DenyList::new(["Größe", "Привет", "Globodyne"]).expect("a sound list");
    let listed = scanner().with_deny_list(list);
    let found = |body: &str| {
        let text = format!(
            "{{\\rtf1\\ansi\\ansicpg1252{{\\fonttbl{{\\f0 A;}}{{\\f1\\fcharset204 B;}}}}{body}}}"
        );
        of(&listed.scan("a.rtf", text.as_bytes()), "deny-list.term").len()
    };
    assert_eq!(found("a Gr\\'f6\\'dfe b"), 1);
    assert_eq!(found("a Gr\\u246?\\u223\\'dfe b"), 1);
    assert_eq!(found("\\uc0 a Gr\\u246 \\u223 e b"), 1);
    assert_eq!(found("\\f1 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2"), 1);
    assert_eq!(found("Glo{\\b bod}y\r\nne and Glo\\i bo\\i0 dyne"), 2);
    assert_eq!(found("Glo\\par x bodyne Gr\\u246?te"), 0);
    // Hidden text inside a word does not split what shows.
    assert_eq!(found("Globo{\\v secret}dyne"), 1);
}

#[test]
fn white_text_on_a_ground_is_seen() {
    let colours = "{\\colortbl;\\red255\\green255\\blue255;\\red0\\green0\\blue128;}";
    let of_body = |body: &str| document(&format!("{colours}{body}"));
    stands(&of_body("{\\cf1 walt@corp.com}"), "walt@corp.com", Channel::WhiteText);
    stands(&of_body("{\\cf1\\cb1 walt@corp.com}"), "walt@corp.com", Channel::WhiteText);
    for seen in
        ["{\\cf1\\cb2 walt@corp.com}", "\\trowd\\clcbpat2\\cellx9 {\\cf1 walt@corp.com}\\cell"]
    {
        stands(&of_body(seen), "walt@corp.com", Channel::Visible);
    }
}

#[test]
fn pictures_and_objects_are_files_of_their_own() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let inner = b"{\\rtf1 inner paula@corp.com}";
    let mut package =
        b"\x02\0note.rtf\0C:\\Users\\paula\\note.rtf\0\0\0\x03\0\x02\0\0\0C\0".to_vec();
    package.extend((inner.len() as u32).to_le_bytes());
    package.extend(inner);
    let mut object = b"\x01\x05\0\0\x02\0\0\0\x08\0\0\0Package\0\0\0\0\0\0\0\0\0".to_vec();
    object.extend((package.len() as u32).to_le_bytes());
    object.extend(&package);
    let report = document(&format!("{{\\object\\objemb{{\\*\\objdata {}}}}}", hex(&object)));
    stands(&report, "paula@corp.com", Channel::Visible);
    has(&report, &["hidden.embedded", "metadata.source-path"]);
    let gif = b"GIF89a\x01\0\x01\0\0\0\0!\xfe\x0egina@corp.com.\0;";
    let report = document(&format!("{{\\*\\shppict{{\\pict\\pngblip {}}}}}", hex(gif)));
    assert!(!channels(&report, "gina@corp.com.").is_empty() || !report.not_read.is_empty());
    assert!(report.read.iter().any(|read| read.path.len() == 2), "{:?}", report.read);
    let link = b"\x01\x05\0\0\x01\0\0\0\x02\0\0\0W\0\x0b\0\0\0//srv/a.do\0\0\0\0\0";
    let report = document(&format!("{{\\object{{\\*\\objdata {}}}}}", hex(link)));
    has(&report, &["hidden.external-link"]);
}

#[test]
fn bytes_in_a_picture_are_no_groups() {
    let mut text = b"{\\rtf1 a {\\pict\\bin9 }}}{{{\\\\\\} then vera@corp.com\\par}".to_vec();
    let report = scanner().scan("a.rtf", &text);
    stands(&report, "vera@corp.com", Channel::Visible);
    text.truncate(24);
    let report = scanner().scan("a.rtf", &text);
    assert!(report.not_read.iter().any(|entry| entry.reason == Reason::Broken));
}

#[test]
fn what_is_cut_off_too_deep_or_after_the_end_is_said() {
    let bytes = file("text.rtf");
    for share in 1..8 {
        let report = scanner().scan("text.rtf", &bytes[..bytes.len() * share / 8]);
        assert!(report.not_read.iter().any(|entry| entry.reason == Reason::Broken), "{share}");
    }
    let deep = format!("{{\\rtf1{}low@corp.com", "{".repeat(100_000));
    let report = scanner().scan("a.rtf", deep.as_bytes());
    assert!(report.not_read.iter().any(|entry| entry.reason == Reason::TooDeep));
    assert!(!channels(&report, "low@corp.com").is_empty());
    let report = scanner().scan("a.rtf", b"{\\rtf1 text}\r\n then tony@corp.com");
    has(&report, &["hidden.trailing-bytes"]);
    assert!(!channels(&report, "tony@corp.com").is_empty());
    let report = scanner().scan("a.rtf", b"{\\rtf1 text}\r\n\0");
    assert!(of(&report, "hidden.trailing-bytes").is_empty());
}

/// A body with a word at each kind of place where a reader makes nothing of it.
fn bodies_with(word: &str) -> Vec<(&'static str, String)> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let each = |form: &dyn Fn(char) -> String| word.chars().map(form).collect::<String>();
    let object = |kind: u8, tail: &str| {
        let mut bytes = vec![1, 5, 0, 0, kind, 0, 0, 0, 4, 0, 0, 0];
        bytes.extend(b"abc\0\0\0\0\0\0\0\0\0");
        bytes.extend(tail.as_bytes());
        format!("{{\\object{{\\*\\objdata {}}}}}", hex(&bytes))
    };
    let authors: String = (0..10_001).map(|at| format!("{{A{at};}}")).collect();
    let colours = "{;}".repeat(5000);
    let (first, rest) = word.split_at(4);
    vec![
        ("in the place of a character", format!("{{\\uc60 \\u8203 {word}{:60}}} x", "")),
        ("in the place of each character", format!("{} x", each(&|c| format!("\\u8203 {c}")))),
        ("in part in the place of one", format!("{first}\\u8203 {rest} x")),
        ("a word in the place of one", format!("\\u8203 \\{word}\\par")),
        ("text in a picture", format!("{{\\pict\\pngblip x {word} 89504e47}}")),
        ("text after the name of a picture", format!("{{\\pict\\pngblip {word}}}")),
        ("text in a table of colours", format!("{{\\colortbl;\\red0\\green0\\blue0 {word};}}")),
        ("text after many colours", format!("{{\\colortbl {colours}{word};}}")),
        ("text in a table of sessions", format!("{{\\*\\rsidtbl \\rsid12 {word}}}")),
        ("name of a property", format!("{{\\*\\userprops{{\\propname {word}}}{{\\propname x}}}}")),
        ("data after a linked object", object(1, &format!(" {word} "))),
        ("data after another object", object(2, &format!("\u{4}\0\0\0text {word} "))),
        ("the last of many authors", format!("{{\\*\\revtbl {authors}{{{word};}}}}")),
        ("a word", format!("\\{word} x")),
        ("a word before text", format!("\\{first}{rest}x")),
        ("a long word", format!("\\{}{word}", "x".repeat(40))),
        ("symbols", format!("{first}\\{}{}", &rest[..1], &rest[1..])),
        ("a group of an unknown word", format!("{{\\*\\foobar {word}}}")),
        ("an unknown word", format!("{{\\*\\{word} x}}")),
        ("text beside the markup", format!("{{\\htmlrtf {word}\\htmlrtf0}}")),
        (
            "references in markup",
            format!("\\fromhtml1 {}", each(&|c| format!("{{\\*\\htmltag84 &#{};}}", c as u32))),
        ),
        ("a comment in markup", format!("{{\\*\\htmltag84 <!-- {word} -->}}")),
        ("an index", format!("{{\\xe {word}}}")),
        ("words around a word", format!("{first}{{\\*\\foobar x}}{rest}")),
        ("bytes", format!("{{\\foo\\bin{} {word}}}", word.len())),
        ("after the end", format!("}}{word}{{")),
    ]
}

#[test]
fn nothing_is_passed_over_wherever_it_stands() {
    let list = DenyList::new(["Globodyne"]).expect("a sound list");
    let listed = scanner().with_deny_list(list);
    for word in ["Globodyne", "globodyne"] {
        for (place, body) in bodies_with(word) {
            let text = format!("{{\\rtf1\\ansi\\ansicpg1252\\deff0 {body}}}");
            let report = listed.scan("a.rtf", text.as_bytes());
            assert!(!of(&report, "deny-list.term").is_empty(), "{place}: {report:#?}");
        }
    }
}

#[test]
fn addresses_and_people_are_found_where_only_some_programs_show_them() {
    let people = "Dear Anna Berg, please call Peter Hofmann about it.";
    for body in [
        format!("{{\\htmlrtf {people}\\htmlrtf0}}hi"),
        format!("{{\\*\\foobar {people}}}hi"),
        format!("{{\\info{{\\foobar {people}}}}}hi"),
    ] {
        let found = document(&body);
        assert!(support::rules_of(&found).contains(&"personal.name"), "{body}: {found:#?}");
    }
    for body in ["\\dora@corp.com x", "\\b dora\\@corp.com x", "\\fs11111111dora@corp.com x"] {
        assert!(!of(&document(body), "personal.email").is_empty(), "{body}");
    }
}

#[test]
fn a_document_made_from_a_page_is_read_as_that_page() {
    let report = document(
        "\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 d{\\*\\htmltag84 &#111;}\\htmlrtf o\\htmlrtf0 \
         ra@corp.com\\htmlrtf }\\htmlrtf0 {\\*\\htmltag72 <div style=\"display:none\">}ida@corp.com\
         {\\*\\htmltag72 </div>}",
    );
    has(&report, &["hidden.text"]);
    assert!(channels(&report, "dora@corp.com").contains(&Channel::Visible));
    assert!(report.read.iter().any(|read| read.path.last().is_some_and(|p| p == "page.html")));
}

#[test]
fn what_all_programs_show_is_found_once() {
    let report = document(
        "\\ltrch\\fs24 dora@corp.com and Gr\\u246\\'f6\\u223\\'dfe to \\u8230 ... vera@corp.com\\par",
    );
    stands(&report, "vera@corp.com", Channel::Visible);
    assert_eq!(of(&report, "personal.email").len(), 2, "{:#?}", report.findings);
}

#[test]
fn pictures_beyond_the_bound_are_refused_once_and_the_text_after_them_is_read() {
    let picture = format!("{{\\pict\\pngblip {}}}", hex::encode(b"GIF89a\x01\0\x01\0\0\0\0;"));
    let text = format!("{{\\rtf1 {} vera@corp.com\\par}}", picture.repeat(300));
    let limits = Limits { entries_max: 5, ..Limits::default() };
    let report = scanner().with_limits(limits).scan("a.rtf", text.as_bytes());
    let refused: Vec<_> =
        report.not_read.iter().filter(|entry| entry.reason == Reason::TooManyEntries).collect();
    let [refused] = refused.as_slice() else { panic!("{refused:?}") };
    assert_eq!(refused.part.as_deref(), Some("picture 6"));
    assert_eq!(report.read.iter().filter(|read| read.kind == Kind::Gif).count(), 5);
    stands(&report, "vera@corp.com", Channel::Visible);
}
