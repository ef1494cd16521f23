//! Files of other kinds: text in several encodings, archives, messages, notebooks; bombs, broken and
//! empty ones.

#![forbid(unsafe_code)]

mod support;

use std::io::Write as _;

use attestry_scrub::report::{Encoding, Reason};
use attestry_scrub::{Channel, Kind, Limits, Severity};
use support::{of, rules_of, scanner, zipped};

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).expect("compressed");
    encoder.finish().expect("an end")
}

fn tarred(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_username("anna").expect("a name");
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).expect("an entry");
    }
    builder.into_inner().expect("an archive")
}

#[test]
fn a_place_in_text_is_exact_in_every_encoding() {
    let text = "über\nzwei: eva@corp.com\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    for (bytes, encoding, start, rest) in [
        (text.as_bytes().to_vec(), Encoding::Utf8, 12, vec![]),
        (utf16, Encoding::Utf16Le, 22, vec![]),
        (latin, Encoding::Latin1, 11, vec!["file.encoding"]),
    ] {
        let report = scanner().scan("a.txt", &bytes);
        let email = of(&report, "personal.email")[0];
        assert_eq!(email.location.line, Some(2));
        let range = email.location.bytes.expect("a range");
        let width = if encoding == Encoding::Utf16Le { 24 } else { 12 };
        assert_eq!((range.start, range.end), (start, start + width), "{encoding:?}");
        assert_eq!(report.read[0].encoding, Some(encoding));
        assert_eq!(rules_of(&report), [rest, vec!["personal.email"]].concat());
    }
}

#[test]
fn values_are_masked() {
    let report = scanner().scan("a.txt", b"mail eva.lang@corp.com");
    let json = String::from_utf8(report.to_canonical_json()).expect("text");
    assert!(!json.contains("eva.lang"));
    assert_eq!(report.worst(), Some(Severity::High));
    assert!(!report.is_clean(Severity::High) && report.is_clean(Severity::Critical));
}

#[test]
fn archives_are_read_to_the_innermost_file() {
    let inner = zipped(&[("note.txt", b"eva@corp.com")]);
    let tar = tarred(&[("in/inner.zip", &inner), ("in/plain.txt", b"nothing")]);
    let report = scanner().scan("all.tar.gz", &gzipped(&tar));
    let email = of(&report, "personal.email")[0];
    assert_eq!(email.location.path, ["all.tar.gz", "all.tar", "in/inner.zip", "note.txt"]);
    assert_eq!(of(&report, "metadata.archive-owner").len(), 1);
    assert_eq!(report.not_read, []);
    let kinds: Vec<Kind> = report.read.iter().map(|read| read.kind).collect();
    assert_eq!(kinds, [Kind::Gzip, Kind::Tar, Kind::Zip, Kind::Text, Kind::Text]);
}

#[test]
fn names_of_entries_are_checked() {
    let report =
        scanner().scan("a.zip", &zipped(&[("../../etc/x.txt", b"x"), ("eva@corp.com.txt", b"x")]));
    assert_eq!(of(&report, "file.unsafe-name").len(), 1);
    assert_eq!(of(&report, "personal.email")[0].location.channel, Channel::FileName);
}

#[test]
fn a_name_that_promises_another_kind_is_found() {
    let mismatch = |name: &str, bytes: &[u8]| {
        !of(&scanner().scan(name, bytes), "file.type-mismatch").is_empty()
    };
    assert!(mismatch("a.pdf", b"just text"));
    assert!(mismatch("a.txt", &zipped(&[("b", b"x")])));
    assert!(mismatch("a.docx", b"\x89PNG\r\n\x1a\n"));
    assert!(!mismatch("a.txt", b"just text"));
    assert!(!mismatch("a.zip", &zipped(&[("b", b"x")])));
    assert!(!mismatch("a.rs", b"fn main() {}"));
}

#[test]
fn bombs_end_in_an_entry_of_the_report() {
    let limits =
        Limits { stream_bytes_max: 1 << 20, ratio_from_bytes: 1 << 16, ..Limits::default() };
    let zeros = vec![b' '; 4 << 20];
    let reason = |name: &str, bytes: &[u8], limits: Limits| {
        let report = scanner().with_limits(limits).scan(name, bytes);
        assert!(rules_of(&report).contains(&"file.bomb"), "{name}");
        report.not_read[0].reason
    };
    let zip = zipped(&[("zeros.txt", &zeros)]);
    assert_eq!(reason("a.zip", &zip, limits), Reason::TooLarge);
    assert_eq!(reason("a.gz", &gzipped(&zeros), limits), Reason::TooLarge);
    let ratio = Limits { ratio_max: 10, ..limits };
    assert_eq!(reason("a.zip", &zip, ratio), Reason::Ratio);
    let total = Limits { total_bytes_max: 1000, ..limits };
    assert_eq!(reason("a.zip", &zip, total), Reason::TotalTooLarge);
    let few = Limits { entries_max: 2, ..limits };
    let many = zipped(&[("a", b"1"), ("b", b"2"), ("c", b"3")]);
    assert_eq!(reason("a.zip", &many, few), Reason::TooManyEntries);
    assert_eq!(
        reason("a.tar", &tarred(&[("a", b"1"), ("b", b"2"), ("c", b"3")]), few),
        Reason::TooManyEntries
    );
    let nested = (0..10).fold(b"eva@corp.com".to_vec(), |inner, _| zipped(&[("a.zip", &inner)]));
    assert_eq!(reason("a.zip", &nested, limits), Reason::TooDeep);
}

#[test]
fn too_many_findings_are_said_to_be_so() {
    let text = "eva@corp.com\n".repeat(50);
    let report = scanner()
        .with_limits(Limits { findings_max: 10, ..Limits::default() })
        .scan("a.txt", text.as_bytes());
    assert_eq!(report.findings.len(), 10);
    assert_eq!(report.not_read.len(), 1);
    assert_eq!(report.not_read[0].reason, Reason::TooManyFindings);
}

#[test]
fn what_is_broken_empty_or_unknown_is_said_to_be_so() {
    let reason = |name: &str, bytes: &[u8]| scanner().scan(name, bytes).not_read[0].reason;
    let zip = zipped(&[("note.txt", b"eva@corp.com")]);
    assert_eq!(reason("a.txt", b""), Reason::Empty);
    assert_eq!(reason("a.zip", &zip[..zip.len() / 2]), Reason::Broken);
    assert_eq!(reason("a.7z", b"7z\xbc\xaf\x27\x1c"), Reason::Broken);
    assert_eq!(reason("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Reason::Broken);
    assert_eq!(reason("a.bin", b"\0\x01\x02\x03\x04\x05\x06"), Reason::UnknownKind);
    for (name, bytes) in [("a.rar", b"Rar!\x1a\x07\x01\0".as_slice()), ("a.ogg", b"OggS\0\x02\0\0")]
    {
        let report = scanner().scan(name, bytes);
        assert_eq!(report.not_read[0].reason, Reason::NoReader, "{name}");
        assert!(!report.is_clean(Severity::Critical));
    }
    let whole = tarred(&[("note.txt", &[b'x'; 2000])]);
    assert_eq!(reason("a.tar", &whole[..1000]), Reason::Broken);
}

#[test]
fn a_truncated_stream_is_read_as_far_as_it_goes() {
    let text: String = (0..2000).map(|at| format!("eva{at}@corp.com\n")).collect();
    let packed = gzipped(text.as_bytes());
    let report = scanner().scan("a.gz", &packed[..packed.len() / 2]);
    assert_eq!(report.not_read[0].reason, Reason::Broken);
    assert!(of(&report, "personal.email").len() > 100);
}

#[test]
fn messages_are_read_with_headers_and_attachments() {
    let message = "From: Eva <eva@corp.com>\r\nTo: bob@corp.com\r\nReceived: from 10.0.0.5\r\n\
        Subject: =?utf-8?q?Re:_Globodyne?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\ncall carl=40corp.com\r\n--b\r\n\
        Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"n.txt\"\
        \r\nContent-Transfer-Encoding: base64\r\n\r\nYW5uYUBjb3JwLmNvbQ==\r\n--b--\r\n";
    let report = scanner().scan("a.eml", message.as_bytes());
    let paths: Vec<usize> =
        of(&report, "personal.email").iter().map(|finding| finding.location.path.len()).collect();
    assert_eq!(paths.iter().filter(|length| **length == 1).count(), 3);
    assert_eq!(paths.iter().filter(|length| **length == 2).count(), 1);
    assert_eq!(of(&report, "metadata.message-header").len(), 1);
    assert_eq!(of(&report, "personal.ipv4")[0].location.channel, Channel::Metadata);
    assert_eq!(report.not_read, []);
}

#[test]
fn sealed_messages_are_said_to_be_so() {
    let message = "From: a@corp.com\r\nTo: b@corp.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
        Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\
        \r\n\r\nMIIB\r\n";
    let report = scanner().scan("a.eml", message.as_bytes());
    assert_eq!(report.not_read[0].reason, Reason::Encrypted);
}

#[test]
fn notebooks_are_read_with_outputs_and_metadata() {
    let notebook = r#"{"cells": [{"cell_type": "code", "source": ["x = 1\n", "see eva@corp.com"],
        "outputs": [{"text": ["carl@corp.com"]}], "metadata": {}}],
        "metadata": {"author": "anna@corp.com"}, "nbformat": 4}"#;
    let report = scanner().scan("a.ipynb", notebook.as_bytes());
    let mut channels: Vec<_> =
        of(&report, "personal.email").iter().map(|finding| finding.location.channel).collect();
    channels.sort_unstable();
    assert_eq!(channels, [Channel::Visible, Channel::Output, Channel::Metadata]);
    assert_eq!(of(&report, "hidden.notebook-output").len(), 1);
    let broken = scanner().scan("a.ipynb", &notebook.as_bytes()[..notebook.len() - 1]);
    assert_eq!(of(&broken, "personal.email").len(), 3);
}

#[test]
fn ordinary_text_and_code_have_no_findings() {
    let text = "In 2024 the team of 12 shipped version 3.14.15 at 22:26:37 for 1,234,567 users.\n\
        let token = self.next_token(); // 0xdeadbeef, sha256 9f86d081884c7d659a2feaa0c55ad015\n\
        @media screen { color: #ffffff; } see https://example.org/a?b=1 and std::io::Write\n\
        2024-03-05,Widget,12,199.90,open\nuuid 123e4567-e89b-12d3-a456-426614174000\n";
    assert_eq!(rules_of(&scanner().scan("a.txt", text.as_bytes())), Vec::<&str>::new());
}

#[test]
fn the_name_of_a_column_tells_what_its_values_are() {
    let rows: String = (0..40).map(|at| format!("{at};A;{}456789;ok\n", 500 + at)).collect();
    let table = format!("id;Name;SSN;Note\n{rows}");
    let report = scanner().scan("staff.csv", table.as_bytes());
    let found = of(&report, "identity.us-ssn-plain");
    assert_eq!(found.len(), 40);
    assert!(found.iter().all(|f| f.location.field.as_deref() == Some("ssn")));
    for (at, finding) in found.iter().enumerate() {
        assert_eq!(finding.location.line, Some(at as u64 + 2));
        let range = finding.location.bytes.expect("a range");
        let value = &table[range.start as usize..range.end as usize];
        assert_eq!(value, format!("{}456789", 500 + at));
    }
    let stock = scanner().scan("stock.csv", table.replace("SSN", "Lot").as_bytes());
    assert!(of(&stock, "identity.us-ssn-plain").is_empty());
}
