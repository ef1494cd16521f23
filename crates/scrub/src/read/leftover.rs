//! Files that should not be handed over at all, told by their names or by a mark in their content:
//! credentials, records of what was typed, and what programs leave behind.

use crate::kind::Kind;
use crate::rules::Notice;
use crate::scan::{Scan, Site};

/// Names of files that hold credentials, the last one or two parts of a path.
const CREDENTIALS: &[&str] = &[
    ".netrc",
    "_netrc",
    ".pgpass",
    "pgpass.conf",
    ".pypirc",
    ".git-credentials",
    ".htpasswd",
    ".my.cnf",
    ".mylogin.cnf",
    ".s3cfg",
    ".boto",
    ".dockercfg",
    ".vault-token",
    ".aws/credentials",
    ".docker/config.json",
    ".kube/config",
    "kubeconfig",
    ".gem/credentials",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "terraform.tfstate",
    "terraform.tfstate.backup",
    ".env",
    ".npmrc",
    "gcloud/credentials.db",
    ".azure/accesstokens.json",
];

/// Endings of files that hold keys or passwords whatever their names.
const KEY_ENDINGS: &[&str] = &[".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".kdb", ".ppk"];

/// Names of files that record what was typed.
const HISTORIES: &[&str] = &[
    ".bash_history",
    ".zsh_history",
    ".sh_history",
    ".ksh_history",
    ".history",
    "fish_history",
    ".psql_history",
    ".mysql_history",
    ".sqlite_history",
    ".python_history",
    ".node_repl_history",
    ".irb_history",
    ".rhistory",
    ".rediscli_history",
    ".mongo_history",
    "consolehost_history.txt",
    ".viminfo",
    ".lesshst",
];

/// Names of files that programs leave behind.
const LEFTOVERS: &[&str] = &[
    ".ds_store",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "known_hosts",
    "authorized_keys",
    ".idea/workspace.xml",
    ".idea/datasources.xml",
    ".idea/datasources.local.xml",
    ".vscode/settings.json",
    ".vscode/sftp.json",
    ".wget-hsts",
];

/// Endings of files that editors, compilers and patches leave behind.
const LEFTOVER_ENDINGS: &[&str] =
    &[".swp", ".swo", "~", ".orig", ".rej", ".bak", ".pyc", ".pyo", ".stackdump", ".dmp"];

/// Beginnings of files that programs leave behind: locks of Office documents with a name in them.
const LEFTOVER_STARTS: &[&str] = &["~$", ".~lock."];

/// Notes a file by its name. Whether it was noted.
pub(super) fn by_name(scan: &mut Scan<'_>, site: &Site) -> bool {
    let Some(notice) = site.path.last().and_then(|name| of_name(name)) else { return false };
    let location = scan.at(site, notice);
    scan.notice(notice, location, "", 1);
    true
}

/// Notes a file by its name and content.
pub(super) fn note(scan: &mut Scan<'_>, site: &Site, kind: Kind, bytes: &[u8]) {
    // Settings of npm are harmless where no credential is among them.
    let base = site.path.last().map_or("", |name| base(name));
    let is_harmless = base == ".npmrc" && !contains(bytes, b"_auth");
    if is_harmless || by_name(scan, site) {
        return;
    }
    // A source map that carries the sources themselves.
    let is_map =
        base.ends_with(".map") && kind == Kind::Json && contains(bytes, b"\"sourcesContent\"");
    if let Some(notice) = of_content(kind, bytes).or(is_map.then_some(Notice::Leftover)) {
        let location = scan.at(site, notice);
        scan.notice(notice, location, "", 1);
    }
    if super::git::is_pointer(bytes) {
        super::git::elsewhere(scan, site);
    }
}

fn base(name: &str) -> &str {
    name.rsplit(['/', '\\', ':']).next().unwrap_or(name)
}

fn of_name(name: &str) -> Option<Notice> {
    let lower = name.to_ascii_lowercase().replace('\\', "/");
    let base = base(&lower);
    let is = |known: &&str| {
        let inner = lower.strip_suffix(*known);
        inner.is_some_and(|outer| outer.is_empty() || outer.ends_with(['/', ':']))
    };
    let ends = |ending: &&str| base.len() > ending.len() && base.ends_with(*ending);
    let example = [".example", ".sample", ".template", ".dist", ".test"];
    let is_env = base.starts_with(".env.") && !example.iter().any(|ending| base.ends_with(ending));
    if is_env || CREDENTIALS.iter().any(is) || KEY_ENDINGS.iter().any(ends) {
        return Some(Notice::Credentials);
    }
    if HISTORIES.iter().any(is) {
        return Some(Notice::CommandHistory);
    }
    let starts = |start: &&str| base.starts_with(*start);
    let is_left = LEFTOVERS.iter().any(is)
        || LEFTOVER_ENDINGS.iter().any(ends)
        || LEFTOVER_STARTS.iter().any(starts);
    is_left.then_some(Notice::Leftover)
}

fn of_content(kind: Kind, bytes: &[u8]) -> Option<Notice> {
    const KEY_STORES: [&[u8]; 3] =
        [b"\xfe\xed\xfe\xed", b"\x03\xd9\xa2\x9a", b"PuTTY-User-Key-File-"];
    if KEY_STORES.iter().any(|mark| bytes.starts_with(mark)) || is_der_key(bytes) {
        return Some(Notice::Credentials);
    }
    // ELF header, e_type ET_CORE.
    let is_core = kind == Kind::Executable
        && bytes.starts_with(b"\x7fELF")
        && matches!(bytes.get(16..18), Some([4, 0] | [0, 4]));
    is_core.then_some(Notice::Leftover)
}

/// Whether bytes are a private key in DER: PKCS #1, PKCS #8, SEC 1, or a PKCS #12 container.
fn is_der_key(bytes: &[u8]) -> bool {
    let Some(inner) = sequence(bytes) else { return false };
    match inner {
        // RSAPrivateKey: version 0, then the modulus; PrivateKeyInfo: version 0, then an algorithm.
        [2, 1, 0, rest @ ..] => {
            rest.starts_with(&[2, 0x82])
                || sequence_start(rest).is_some_and(|rest| rest.starts_with(&[6]))
        }
        // ECPrivateKey: version 1, then the key.
        [2, 1, 1, 4, length, ..] => (20..=66).contains(length),
        // PFX: version 3, then a ContentInfo.
        [2, 1, 3, rest @ ..] => sequence_start(rest)
            .is_some_and(|r| r.starts_with(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07")),
        // EncryptedPrivateKeyInfo: PBES2 or one of the older ways.
        _ => sequence_start(inner)
            .is_some_and(|rest| rest.starts_with(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05")),
    }
}

/// Content of a sequence that is all of the bytes.
fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    let inner = sequence_start(bytes)?;
    let length = match bytes.get(1..)? {
        [length @ 0..=0x7f, ..] => usize::from(*length),
        [0x81, length, ..] => usize::from(*length),
        [0x82, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => return None,
    };
    // A container may have been padded.
    (length > 20 && length <= inner.len() && inner.len() - length < 16).then_some(inner)
}

/// What follows the tag and length of a sequence.
fn sequence_start(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x30, 0..=0x7f, rest @ ..]
        | [0x30, 0x81, _, rest @ ..]
        | [0x30, 0x82, _, _, rest @ ..]
        | [0x30, 0x83, _, _, _, rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Whether bytes near the start or the end hold a text.
fn contains(bytes: &[u8], text: &[u8]) -> bool {
    const NEAR: usize = 1 << 20;
    let head = &bytes[..bytes.len().min(NEAR)];
    let tail = &bytes[bytes.len().saturating_sub(NEAR)..];
    [head, tail].iter().any(|part| part.windows(text.len()).any(|window| window == text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_should_not_leave() {
        for (name, notice) in [
            ("a/.env", Some(Notice::Credentials)),
            (".env.production", Some(Notice::Credentials)),
            (".env.example", None),
            ("home/.aws/credentials", Some(Notice::Credentials)),
            ("credentials", None),
            ("0123456789ab:keys/id_rsa", Some(Notice::Credentials)),
            ("keys/id_rsa.pub", None),
            ("a/store.PFX", Some(Notice::Credentials)),
            (".pfx", None),
            ("x/.bash_history", Some(Notice::CommandHistory)),
            ("history", None),
            ("Thumbs.db", Some(Notice::Leftover)),
            ("main.rs~", Some(Notice::Leftover)),
            ("~$report.docx", Some(Notice::Leftover)),
            ("src/main.rs", None),
            ("environment.txt", None),
        ] {
            assert_eq!(of_name(name), notice, "{name}");
        }
    }

    #[test]
    fn keys_in_der_are_told_by_their_form() {
        let ec = [&[0x30, 0x31, 2, 1, 1, 4, 32][..], &[7; 32], &[0xa0, 10], &[1; 10]].concat();
        assert!(is_der_key(&ec));
        let certificate = [&[0x30, 0x31, 0x30, 0x20, 0xa0, 3][..], &[2; 45]].concat();
        assert!(!is_der_key(&certificate));
        assert!(!is_der_key(b"0123456789 is no key"));
        assert!(!is_der_key(b""));
        assert_eq!(of_content(Kind::Unknown, b"\xfe\xed\xfe\xed\0\0"), Some(Notice::Credentials));
        let core = [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 9], &[4, 0]].concat();
        assert_eq!(of_content(Kind::Executable, &core), Some(Notice::Leftover));
    }
}
