//! Keys that signed a commit or tag: ids in OpenPGP signatures (RFC 9580 §5.2.3), and the comment and
//! key of SSH signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Subpackets of an OpenPGP signature that name its key.
const ISSUER: u8 = 16;
const ISSUER_FINGERPRINT: u8 = 33;
/// Subpacket with an e-mail address of the signer.
const SIGNER: u8 = 28;

/// What a signature in armour says about its maker, in hex or as text.
pub(super) fn makers(armoured: &str) -> Vec<String> {
    let lines = armoured.lines().map(str::trim);
    let body = lines
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"));
    let body: String = body.filter(|line| !line.contains(':') && !line.starts_with('=')).collect();
    let bytes = STANDARD.decode(body.as_bytes()).unwrap_or_default();
    if let Some(rest) = bytes.strip_prefix(b"SSHSIG") {
        return ssh(rest).into_iter().collect();
    }
    let mut found = Vec::new();
    pgp(&bytes, &mut found);
    found.sort();
    found.dedup();
    found
}

/// Fingerprint of the key of an SSH signature, as `ssh-keygen -l` shows it.
fn ssh(rest: &[u8]) -> Option<String> {
    use sha2::Digest as _;
    let (length, rest) = rest.get(4..)?.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let key = rest.get(..length)?;
    let print = STANDARD.encode(sha2::Sha256::digest(key));
    Some(format!("SHA256:{}", print.trim_end_matches('=')))
}

/// Subpackets of a signature packet of version 4 or later.
fn pgp(bytes: &[u8], found: &mut Vec<String>) -> Option<()> {
    let (&tag, rest) = bytes.split_first()?;
    let rest = if tag & 0x40 != 0 {
        let (_, rest) = length(rest)?;
        rest
    } else {
        rest.get(1 << (tag & 3).min(2)..)?
    };
    // Version, type, two algorithms.
    let mut rest = rest.get(4..)?;
    for _ in 0..2 {
        let (size, after) = rest.split_first_chunk()?;
        let size = usize::from(u16::from_be_bytes(*size));
        let (mut area, after) = after.split_at_checked(size)?;
        rest = after;
        while !area.is_empty() {
            let (size, after) = length(area)?;
            let (packet, after) = after.split_at_checked(size)?;
            area = after;
            match packet.split_first() {
                Some((&ISSUER, id)) => found.push(hex::encode(id)),
                Some((&ISSUER_FINGERPRINT, id)) => found.push(hex::encode(id.get(1..)?)),
                Some((&SIGNER, user)) => found.push(String::from_utf8_lossy(user).into_owned()),
                _ => {}
            }
        }
    }
    Some(())
}

/// A length of one, two or five bytes.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [first @ 0..=191, rest @ ..] => Some((usize::from(*first), rest)),
        [first @ 192..=254, second, rest @ ..] => {
            Some(((usize::from(*first) - 192) * 256 + usize::from(*second) + 192, rest))
        }
        [255, a, b, c, d, rest @ ..] => {
            Some((usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok()?, rest))
        }
        _ => None,
    }
}
