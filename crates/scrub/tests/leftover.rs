//! Files that should not be handed over at all, databases, and text in files that no reader knows.

#![forbid(unsafe_code)]

mod support;

use std::process::Command;

use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, Kind};
use support::{of, rules_of, scanner};

const PEOPLE: &[u8] = include_bytes!("files/sqlite/people.sqlite");
const WIDE: &[u8] = include_bytes!("files/sqlite/wide.sqlite");

#[test]
fn credentials_are_noted_by_name_and_by_form() {
    let rules = |name: &str, bytes: &[u8]| {
        let report = scanner().scan(name, bytes);
        rules_of(&report).iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>()
    };
    for name in ["app/.env", "home/.netrc", "home/.aws/credentials", "keys/id_ed25519"] {
        assert!(rules(name, b"nothing to see\n").contains(&"file.credentials".into()), "{name}");
    }
    for name in ["app/.env.example", "app/environment.txt", "keys/id_ed25519.pub", "a/.npmrc"] {
        assert_eq!(rules(name, b"nothing to see\n"), Vec::<String>::new(), "{name}");
    }
    assert_eq!(rules("a/.npmrc", b"//r.example/:_authToken=x\n"), ["file.credentials"]);
    assert_eq!(rules("home/.bash_history", b"ls\n"), ["file.history"]);
    assert_eq!(rules("a/notes.txt~", b"old\n"), ["file.leftover"]);
    let map = b"{\"version\": 3, \"mappings\": \"\", \"sourcesContent\": [\"x\"]}";
    assert_eq!(rules("a.js.map", map), ["file.leftover"]);
    assert_eq!(rules("a.json", map), Vec::<String>::new());
}

#[test]
fn a_key_that_openssl_makes_is_noted_whatever_its_name() {
    let made = |arguments: &[&str]| {
        let output =
            Command::new("openssl").args(arguments).output().expect("openssl is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let curve = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    for key in [
        made(&["genpkey", "-algorithm", "ED25519", "-outform", "DER"]),
        made(&[&curve[..], &["-outform", "DER"]].concat()),
        made(&["genpkey", "-algorithm", "RSA", "-outform", "DER"]),
    ] {
        let report = scanner().scan("data.bin", &key);
        assert_eq!(of(&report, "file.credentials").len(), 1);
    }
}

#[test]
fn text_in_unknown_files_is_searched_and_the_file_is_still_not_read() {
    let wide: Vec<u8> = "eva@corp.com".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bytes = [b"\0\x01\x02dora@corp.com\0\x05\x06".as_slice(), &wide, &[0, 0, 1]].concat();
    let report = scanner().scan("a.bin", &bytes);
    let found = of(&report, "personal.email");
    let ranges: Vec<_> = found
        .iter()
        .map(|f| (f.location.channel, f.location.bytes.map(|range| (range.start, range.end))))
        .collect();
    let channel = Channel::OtherPart;
    assert_eq!(ranges, [(channel, Some((3, 16))), (channel, Some((19, 43)))]);
    assert_eq!(report.not_read[0].reason, Reason::UnknownKind);
    let program = [b"\x7fELF\x02\x01\x01\0".as_slice(), b"\0dora@corp.com\0"].concat();
    let report = scanner().scan("a.out", &program);
    assert_eq!(of(&report, "personal.email").len(), 1);
    assert_eq!(report.not_read[0].reason, Reason::NoReader);
}

#[test]
fn rows_of_a_database_are_read_and_deleted_ones_too() {
    let report = scanner().scan("people.sqlite", PEOPLE);
    assert_eq!((report.read[0].kind, report.not_read.len()), (Kind::Sqlite, 0));
    let emails = of(&report, "personal.email");
    let live = emails.iter().filter(|f| f.location.paragraph == Some(2));
    let live: Vec<&str> = live.map(|f| f.excerpt.as_str()).collect();
    assert_eq!(live, ["ev•.••••@••••.•om", "ca••.••••@••••.•om"]);
    let gone = emails.iter().filter(|f| f.excerpt.to_lowercase().starts_with("go")).count();
    assert!(gone > 80, "{gone}");
    assert_eq!(of(&report, "hidden.free-pages").len(), 1);
    let wide = scanner().scan("wide.sqlite", WIDE);
    assert_eq!(of(&wide, "personal.email").len(), 1);
    assert!(of(&wide, "hidden.free-pages").is_empty());
    let cut = scanner().scan("people.sqlite", &PEOPLE[..PEOPLE.len() - 700]);
    assert_eq!(cut.not_read[0].reason, Reason::Broken);
}
