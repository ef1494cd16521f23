//! Bad input among texts and archives ends in a finding or in an entry of what was not read.

#![forbid(unsafe_code)]

mod support;

use std::io::Write as _;

use attestry_scrub::report::{Encoding, Reason};
use attestry_scrub::{DenyList, Limits, Report};
use support::{of, rules_of, scanner, zipped};

fn emails(report: &Report) -> usize {
    of(report, "personal.email").len()
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).expect("compressed");
    encoder.finish().expect("an end")
}

#[test]
fn words_are_found_in_older_encodings() {
    let list = DenyList::new(["東京都新宿区", "Александр Иванов"]).expect("a sound list");
    let scanner = scanner().with_deny_list(list);
    let japanese = "住所は東京都新宿区です。電話番号と氏名はこちらをご覧ください。";
    let russian = "Список сотрудников: Александр Иванов и его отдел.";
    // The Russian name is known by the ends of its words too.
    let (listed, named) = (vec!["deny-list.term"], vec!["deny-list.term", "personal.name"]);
    for (label, text, expected) in [
        ("shift_jis", japanese, &listed),
        ("euc-jp", japanese, &listed),
        ("windows-1251", russian, &named),
        ("koi8-r", russian, &named),
    ] {
        let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).expect("an encoding");
        let bytes = encoding.encode(text).0;
        let report = scanner.scan("a.txt", &bytes);
        let mut rules = rules_of(&report);
        assert!(rules.contains(&"file.encoding"), "{label}");
        rules.retain(|rule| *rule != "file.encoding");
        assert_eq!(rules, *expected, "{label}");
        assert!(matches!(report.read[0].encoding, Some(Encoding::Legacy(_))), "{label}");
    }
    let wide: Vec<u8> =
        format!("\u{feff}{russian}").chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    assert_eq!(rules_of(&scanner.scan("a.txt", &wide)), named);
}

#[test]
fn a_log_with_runs_of_zeros_is_still_a_text() {
    let line = b"2024-03-05 12:00:00 eva@corp.com signed in\n";
    let log = [line.repeat(100), vec![0; 4000], line.repeat(100)].concat();
    assert_eq!(emails(&scanner().scan("a.log", &log)), 200);
    let stray = [line.repeat(20), b"caf\xe9\n".to_vec(), "Müller, Jörg, Zoë\n".as_bytes().to_vec()];
    let report = scanner().scan("a.log", &stray.concat());
    assert_eq!((emails(&report), report.read[0].encoding), (20, Some(Encoding::Mixed)));
}

#[test]
fn nesting_without_end_is_read_as_text() {
    let deep = format!("{}\"eva@corp.com\"", "[".repeat(200_000));
    assert_eq!(emails(&scanner().scan("a.json", deep.as_bytes())), 1);
    let notebook = format!("{{\"nbformat\": 4, \"cells\": {deep}");
    assert_eq!(emails(&scanner().scan("a.ipynb", notebook.as_bytes())), 1);
}

#[test]
fn entries_that_share_their_bytes_count_each() {
    let spaces = vec![b' '; 1 << 20];
    let archive = zipped(&[("a00", &spaces)]);
    let directory = archive.windows(4).rposition(|w| w == b"PK\x01\x02").expect("a directory");
    let end = archive.windows(4).rposition(|w| w == b"PK\x05\x06").expect("an end");
    let entry = &archive[directory..end];
    let mut bomb = archive[..directory].to_vec();
    for at in 0..100 {
        let mut entry = entry.to_vec();
        entry[46..49].copy_from_slice(format!("a{at:02}").as_bytes());
        bomb.extend(entry);
    }
    let mut tail = archive[end..].to_vec();
    let size = u32::try_from(entry.len() * 100).expect("a length");
    tail[8..10].copy_from_slice(&100_u16.to_le_bytes());
    tail[10..12].copy_from_slice(&100_u16.to_le_bytes());
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    bomb.extend(tail);
    let limits = Limits { total_bytes_max: 8 << 20, ..Limits::default() };
    let report = scanner().with_limits(limits).scan("a.zip", &bomb);
    assert!(report.not_read.len() > 50, "{}", report.not_read.len());
}

#[test]
fn all_members_of_a_gzip_file_are_read() {
    let both = [gzipped(b"eva@corp.com\n"), gzipped(b"bob@corp.com\n")].concat();
    let report = scanner().scan("a.txt.gz", &both);
    assert_eq!((emails(&report), report.not_read.len()), (2, 0));
}

#[test]
fn links_and_names_that_leave_the_folder_are_said() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    header.as_old_mut().name[..6].copy_from_slice(b"/etc/x");
    header.set_cksum();
    builder.append(&header, b"x".as_slice()).expect("an entry");
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "link", "../eva@corp.com").expect("a link");
    let report = scanner().scan("a.tar", &builder.into_inner().expect("an archive"));
    assert_eq!(of(&report, "file.unsafe-name").len(), 1);
    assert_eq!((emails(&report), report.not_read[0].reason), (1, Reason::Link));
}

#[test]
fn an_encrypted_entry_is_said_to_be_so() {
    let mut archive = zipped(&[("a.docx", b"eva@corp.com")]);
    let directory = archive.windows(4).rposition(|w| w == b"PK\x01\x02").expect("a directory");
    archive[6] |= 1;
    archive[directory + 8] |= 1;
    let report = scanner().scan("a.zip", &archive);
    assert_eq!(report.not_read[0].reason, Reason::Encrypted);
    assert_eq!(rules_of(&report), ["file.encrypted"]);
}

#[test]
fn a_message_whose_parts_do_not_end_is_read_as_far_as_it_goes() {
    let message = "From: eva@corp.com\r\nTo: bob@corp.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
        carl@corp.com\r\n--b\r\nContent-Type: application/octet-stream\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nYW5uYUBjb3JwLmNvbQ";
    let report = scanner().scan("a.eml", message.as_bytes());
    assert_eq!(emails(&report), 3);
    assert_eq!(report.not_read[0].reason, Reason::Broken);
}
