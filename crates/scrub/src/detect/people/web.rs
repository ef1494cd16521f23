//! Addresses of the web and names of accounts in text written for people.

use super::lexicon::class::{COMMON, GIVEN, SURNAME};
use super::{Entity, Found, Lexicon};

/// Most bytes of an address of the web that is reported.
const URL_BYTES_MAX: usize = 512;

/// Bytes of a name of an account.
const USER_BYTES: std::ops::RangeInclusive<usize> = 4..=30;

/// Least bytes of each half of a name of an account that is glued from two names.
const HALF_BYTES_MIN: usize = 3;

/// Ends of domain names that are no endings of files too.
const TOP: &[&str] = &[
    "com", "org", "net", "info", "biz", "edu", "gov", "mil", "int", "eu", "uk", "de", "fr", "es",
    "it", "nl", "ch", "at", "se", "no", "dk", "fi", "cz", "hu", "ro", "hr", "br", "au", "ca", "us",
    "ie", "be", "ru", "gr", "jp", "cn", "kr", "tr", "mx", "ar", "cl", "za", "nz", "sg", "hk", "lt",
    "lv", "ee", "sk", "si", "ua", "bg", "app", "dev", "shop", "online", "site", "blog",
];

/// Hosts that everybody names: those of software, standards and licences.
const PUBLIC: &[&str] = &[
    "github.com",
    "githubusercontent.com",
    "github.io",
    "gitlab.com",
    "docs.rs",
    "crates.io",
    "rust-lang.org",
    "python.org",
    "pypi.org",
    "npmjs.com",
    "apache.org",
    "gnu.org",
    "mozilla.org",
    "kernel.org",
    "debian.org",
    "w3.org",
    "ietf.org",
    "rfc-editor.org",
    "unicode.org",
    "iso.org",
    "opensource.org",
    "creativecommons.org",
    "wikipedia.org",
    "wikimedia.org",
    "microsoft.com",
    "google.com",
    "apple.com",
    "adobe.com",
    "oracle.com",
    "intel.com",
    "openxmlformats.org",
    "oasis-open.org",
    "purl.org",
    "xmlsoap.org",
    "schema.org",
    "stackoverflow.com",
    "shields.io",
    "travis-ci.org",
    "codecov.io",
    "coveralls.io",
    "example.com",
    "example.org",
    "example.net",
    "spdx.org",
    "golang.org",
    "nodejs.org",
    "semver.org",
    "keepachangelog.com",
    "sourceforge.net",
    "llvm.org",
    "freedesktop.org",
];

/// Words after which a name of an account stands.
const BEFORE_USER: &[&str] = &[
    "user",
    "username",
    "login",
    "handle",
    "nick",
    "nickname",
    "alias",
    "skype",
    "telegram",
    "instagram",
    "twitter",
    "discord",
    "as",
    "is",
    "follow",
    "account",
    "add",
    "id",
    "member",
    "ask",
    "dm",
    "from",
    "by",
];

/// Finds the addresses of a line.
pub(crate) fn urls(line: &str, found: &mut Vec<Found>) {
    let bytes = line.as_bytes();
    let mut past = 0;
    for (at, _) in line.match_indices('.') {
        let is_inside = at > 0
            && bytes[at - 1].is_ascii_alphanumeric()
            && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
        if at < past || !is_inside {
            continue;
        }
        let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let start = at - bytes[past..at].iter().rev().take_while(|b| is_host(b)).count();
        let host = at + bytes[at..].iter().take_while(|b| is_host(b)).count();
        past = host;
        let lead = &line[..start];
        let has_scheme = lead.ends_with("://");
        let is_mail = lead.ends_with(['@', '_', '/', '%', '+', '\\', '$']) && !has_scheme;
        let name = line[start..host].trim_end_matches(['.', '-']);
        if is_mail || line[host..].starts_with(['@', '_', '(']) || !is_domain(name, has_scheme) {
            continue;
        }
        let scheme = if has_scheme {
            3 + lead[..start - 3].bytes().rev().take_while(u8::is_ascii_alphabetic).count()
        } else {
            0
        };
        let end = start + name.len();
        let end = if end == host { end + tail(&line[end..]) } else { end };
        found.push(Found { start: start - scheme, end, entity: Entity::Url });
        past = end;
    }
}

/// Bytes after a host that belong to its address.
fn tail(rest: &str) -> usize {
    if !rest.starts_with(['/', ':', '?', '#']) {
        return 0;
    }
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']' | '|' | '`');
    let most = rest.floor_char_boundary(rest.len().min(URL_BYTES_MAX));
    let end = rest[..most].find(is_end).unwrap_or(most);
    rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?']).len()
}

fn is_domain(name: &str, has_scheme: bool) -> bool {
    let is_public = || {
        PUBLIC.iter().any(|host| {
            let rest = name.strip_suffix(host);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    let Some((first, top)) = name.rsplit_once('.') else { return false };
    let lower = top.to_ascii_lowercase();
    let is_sure = has_scheme || name.starts_with("www.");
    first.len() > 1
        && name.len() <= 253
        && !first.contains("..")
        && (is_sure && top.len() > 1 && top.bytes().all(|b| b.is_ascii_alphabetic())
            || TOP.contains(&lower.as_str()) && top.bytes().all(|b| b.is_ascii_lowercase()))
        && !is_public()
}

/// Finds the names of accounts of a line.
pub(crate) fn users(lexicon: &Lexicon, line: &str, found: &mut Vec<Found>) {
    let bytes = line.as_bytes();
    let is_user = |byte: &u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-')
    };
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_lowercase() {
            at += 1;
            continue;
        }
        let start = at;
        at += bytes[at..].iter().take_while(|byte| is_user(byte)).count();
        let word = line[start..at].trim_end_matches(['.', '-', '_']);
        let before = start.checked_sub(1).map_or(b' ', |at| bytes[at]);
        let after = bytes.get(start + word.len()).copied().unwrap_or(b' ');
        let is_part = before.is_ascii_alphanumeric()
            || matches!(before, b'_' | b'/' | b'\\' | b'.' | b'$' | b'\'' | b'-')
            || before >= 0x80
            || after.is_ascii_alphanumeric()
            || matches!(after, b'@' | b'/' | b'\\' | b'(' | b'=')
            || after >= 0x80;
        if !is_part && USER_BYTES.contains(&word.len()) && is_account(lexicon, line, start, word) {
            found.push(Found { start, end: start + word.len(), entity: Entity::UserName });
        }
    }
}

/// Whether a word in small letters names an account: by an `@`, by its parts, or by a word before it.
fn is_account(lexicon: &Lexicon, line: &str, start: usize, word: &str) -> bool {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = word.len() - letters.len();
    let is_name = |word: &str| {
        let class = lexicon.of(word);
        word.len() >= HALF_BYTES_MIN && class & (GIVEN | SURNAME) != 0 && class & COMMON == 0
    };
    let lead = &line[..start];
    if letters.contains(['.', '-']) || word.contains('.') {
        return false;
    }
    if let Some(lead) = lead.strip_suffix('@') {
        let is_open = lead.is_empty() || lead.ends_with([' ', '(', '\t', '>', ',', '"']);
        return is_open && lexicon.classes(word) & COMMON == 0;
    }
    if lexicon.classes(letters) != 0 {
        return (1..=4).contains(&digits) && is_name(letters);
    }
    let is_speaker = lead.ends_with('<') && line[start + word.len()..].starts_with("> ")
        || lead.ends_with("] ") && line[start + word.len()..].starts_with(": ");
    if is_speaker && digits < 5 {
        return true;
    }
    let is_glued = |least: usize| {
        letters.len() >= least
            && (HALF_BYTES_MIN..letters.len().saturating_sub(HALF_BYTES_MIN)).any(|at| {
                let (one, two) = letters.split_at(at);
                is_name(one) && is_name(two)
            })
    };
    let is_short = || letters.len() > 4 && is_name(&letters[1..]);
    if digits > 0 && digits < 5 && letters.bytes().all(|b| b.is_ascii_lowercase()) {
        return is_short() || is_glued(6);
    }
    if digits > 0 || letters.contains('_') {
        return false;
    }
    let cue = lead.trim_end_matches([' ', ':', '"', '\'', '<', '=', '`']);
    let cue = cue.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_cued =
        || lead.ends_with('<') || BEFORE_USER.iter().any(|word| cue.eq_ignore_ascii_case(word));
    is_glued(9) || (is_short() || is_glued(6)) && (cue.is_empty() || is_cued())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<'t>(text: &'t str, found: &[Found]) -> Vec<&'t str> {
        found.iter().map(|f| &text[f.start..f.end]).collect()
    }

    #[test]
    fn addresses_of_the_web_are_found_and_files_and_mail_are_not() {
        let text = "See https://www.zyx-qq.com/a?b=1, www.zyx.io or zyx.de. Mail a@zyx.de; read \
                    main.rs, e.g. config.py and https://docs.rs/x.";
        let mut found = Vec::new();
        urls(text, &mut found);
        let expected = ["https://www.zyx-qq.com/a?b=1", "www.zyx.io", "zyx.de"];
        assert_eq!(shown(text, &found), expected);
    }

    #[test]
    fn accounts_are_found_by_their_parts() {
        let mut lexicon = Lexicon::default();
        lexicon.add("jason", GIVEN);
        lexicon.add("quandt", SURNAME);
        lexicon.add("param", COMMON);
        let text = "ask jquandt, jason77, jasonquandt; @zzyx1 or @param; requandtx x.jason77";
        let mut found = Vec::new();
        users(&lexicon, text, &mut found);
        assert_eq!(shown(text, &found), ["jquandt", "jason77", "jasonquandt", "zzyx1"]);
    }
}
