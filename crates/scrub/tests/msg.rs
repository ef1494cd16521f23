//! Messages of Outlook, made by an independent writer (`files/msg/make.py`): every channel is found
//! where it is, and a plain message has none.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, Limits, Report};
use support::{of, scanner};

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/files/msg/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn scan(name: &str) -> Report {
    scanner().scan(name, &file(name))
}

/// Where an address stands: channel, innermost file, field.
fn places(report: &Report, address: &str) -> Vec<(Channel, String, String)> {
    let begin = &address[..2];
    let mut found: Vec<_> = of(report, "personal.email")
        .into_iter()
        .filter(|f| f.excerpt.starts_with(begin) && f.excerpt.chars().count() == address.len())
        .map(|f| {
            let file = f.location.path.last().cloned().unwrap_or_default();
            (f.location.channel, file, f.location.field.clone().unwrap_or_default())
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[track_caller]
fn stands(report: &Report, address: &str, channel: Channel, file: &str, field: &str) {
    let found = places(report, address);
    let expected = (channel, file.to_owned(), field.to_owned());
    assert!(found.contains(&expected), "{address}: {found:?}, not {expected:?}");
}

#[test]
fn what_a_reader_sees_is_found() {
    let report = scan("full.msg");
    let seen = |address, field| stands(&report, address, Channel::Visible, "full.msg", field);
    seen("sue@corp.com", "subject");
    seen("body@corp.com", "body");
    seen("vera@corp.com", "sender address");
    seen("tom@corp.com", "to");
    seen("carla@corp.com", "cc");
    seen("harry@corp.com", "");
    assert!(report.read.iter().any(|read| read.path.last().is_some_and(|p| p == "note.txt")));
}

#[test]
fn what_a_reader_does_not_see_is_found() {
    let report = scan("full.msg");
    let unseen = |address, field| stands(&report, address, Channel::Metadata, "full.msg", field);
    unseen("bert@corp.com", "bcc");
    unseen("hedda@corp.com", "X-Owner");
    unseen("lars@corp.com", "last modifier");
    unseen("anna@corp.com", "account");
    unseen("nora@corp.com", "X-Client");
    stands(&report, "cleo@corp.com", Channel::OtherPart, "full.msg", "markup");
    let ip = of(&report, "personal.ipv4");
    assert!(!ip.is_empty(), "{:?}", support::rules_of(&report));
    assert!(of(&report, "hidden.blind-copy").len() >= 2);
    let index = of(&report, "metadata.conversation-index");
    assert_eq!((index.len(), index[0].count), (1, 3));
    assert!(of(&report, "metadata.message-property").len() >= 2);
    assert!(of(&report, "metadata.message-header").len() >= 2);
    assert_eq!(of(&report, "metadata.source-path").len(), 1);
    // What is no text and has no reader of its own is searched all the same.
    stands(&report, "NICK@CORP.COM", Channel::OtherPart, "full.msg", "");
}

#[test]
fn attachments_are_files_and_messages_inside_are_messages() {
    let report = scan("full.msg");
    stands(&report, "otto@corp.com", Channel::Visible, "note.txt", "");
    stands(&report, "hilda@corp.com", Channel::Visible, "logo.txt", "");
    stands(&report, "ina@corp.com", Channel::Visible, "Inner.msg", "body");
    stands(&report, "igor@corp.com", Channel::Metadata, "Inner.msg", "bcc");
    stands(&report, "dina@corp.com", Channel::Visible, "deep.txt", "");
    let deep = of(&report, "personal.email").into_iter().find(|f| f.location.path.len() == 3);
    let path = deep.map(|f| f.location.path.join(" "));
    assert_eq!(path.as_deref(), Some("full.msg Inner.msg deep.txt"));
    assert_eq!(report.not_read.len(), 1, "{:?}", report.not_read);
    let sealed = report.not_read.iter().find(|entry| entry.reason == Reason::Encrypted);
    assert_eq!(sealed.and_then(|entry| entry.path.last()).map(String::as_str), Some("smime.p7m"));
}

#[test]
fn a_plain_message_is_harmless_and_texts_in_a_code_page_are_read() {
    let report = scan("plain.msg");
    assert_eq!(report.not_read, []);
    // Its recipient is a person, and nothing is hidden.
    let found = support::rules_of(&report);
    assert!(found.iter().all(|rule| rule.starts_with("personal.")), "{found:?}");
    let report = scan("older.msg");
    assert_eq!(report.not_read, []);
    stands(&report, "uwe@corp.com", Channel::Visible, "older.msg", "body");
}

#[test]
fn messages_inside_each_other_end_at_the_bound_and_are_searched_all_the_same() {
    let report = scan("deep.msg");
    assert!(report.not_read.iter().any(|entry| entry.reason == Reason::TooDeep));
    assert!(!places(&report, "low@corp.com").is_empty());
    let limits = Limits { depth_max: 16, ..Limits::default() };
    let report = scanner().with_limits(limits).scan("deep.msg", &file("deep.msg"));
    assert_eq!(report.not_read, []);
    stands(&report, "low@corp.com", Channel::Visible, "1.msg", "body");
}

#[test]
fn what_was_cut_off_is_not_passed_over() {
    let bytes = file("full.msg");
    for share in 1..16 {
        let report = scanner().scan("full.msg", &bytes[..bytes.len() * share / 16]);
        assert!(!report.not_read.is_empty(), "{share}/16");
    }
    assert_eq!(scanner().scan("full.msg", b"").not_read[0].reason, Reason::Empty);
    // The value of a property that is listed is gone.
    let mut bytes = file("plain.msg");
    let name: Vec<u8> = "__substg1.0_1000001F".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = bytes.windows(name.len()).position(|w| w == name).expect("a body");
    bytes[at + 24] = b'7';
    let report = scanner().scan("plain.msg", &bytes);
    assert!(report.not_read.iter().any(|entry| entry.reason == Reason::Broken));
}
