//! Something compressed with bzip2, xz or zstd: the content is read as a file of its own. 7-Zip
//! archives: every entry is.

use std::io::{Cursor, Read};

use super::archive::check_name;
use crate::kind::Kind;
use crate::report::Reason;
use crate::scan::{Scan, Site};

/// Endings that a packed file has besides its own name.
const ENDINGS: [&str; 4] = [".bz2", ".xz", ".zst", ".zstd"];

/// Memory that an archive may ask for to unpack one stream, in KiB.
const MEMORY_KIB: u32 = 128 << 10;

pub(super) fn read(scan: &mut Scan<'_>, site: &Site, kind: Kind, bytes: &[u8]) {
    let packed = bytes.len() as u64;
    if let Err(reason) = scan.budget.entry() {
        return scan.refuse(site, None, kind, reason);
    }
    let content = match kind {
        Kind::Bzip2 => scan.budget.unpack(bzip2::read::MultiBzDecoder::new(bytes), packed),
        Kind::Xz => {
            scan.budget.unpack(lzma_rust2::XzReader::new_mem_limit(bytes, true, MEMORY_KIB), packed)
        }
        _ => frames(scan, site, bytes),
    };
    match content {
        Ok(content) => {
            scan.was_read(site, kind, bytes, None);
            let name = site.path.last().map_or("", String::as_str);
            let base = name.rsplit('/').next().unwrap_or(name);
            let inner = ENDINGS.iter().find_map(|ending| base.strip_suffix(ending));
            scan.file(&site.inner(inner.unwrap_or("content")), &content);
        }
        Err(reason) => scan.refuse(site, None, kind, reason),
    }
}

/// All frames of a file in the form of Zstandard (RFC 8878 §3.1); what stands in those that are to be
/// skipped is searched.
fn frames(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let (mut content, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, after @ ..] = rest {
            let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            let skipped = after.get(..length).ok_or(Reason::Broken)?;
            super::runs::search(scan, site, skipped);
            rest = &after[length..];
            continue;
        }
        let packed = rest.len() as u64;
        let decoder =
            ruzstd::decoding::StreamingDecoder::new(&mut rest).map_err(|_| Reason::Broken)?;
        content.append(&mut scan.budget.unpack(decoder, packed)?);
    }
    Ok(content)
}

/// A 7-Zip archive.
pub(super) fn seven(scan: &mut Scan<'_>, site: &Site, bytes: &[u8]) {
    use sevenz_rust2::{ArchiveReader, Error, Password};
    let reason_of = |error: &Error| match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => Reason::Encrypted,
        Error::UnsupportedCompressionMethod(name) if name.contains("AES") => Reason::Encrypted,
        Error::UnsupportedCompressionMethod(_) | Error::Unsupported(_) => {
            Reason::UnknownCompression
        }
        Error::MaxMemLimited { .. } => Reason::TooLarge,
        _ => Reason::Broken,
    };
    let source = Cursor::new(bytes);
    let mut archive = match ArchiveReader::new_with_memory_limit(
        source,
        Password::empty(),
        MEMORY_KIB as usize,
    ) {
        Ok(archive) => archive,
        Err(error) => return scan.refuse(site, None, Kind::SevenZip, reason_of(&error)),
    };
    scan.was_read(site, Kind::SevenZip, bytes, None);
    let packed = bytes.len() as u64;
    let outcome = archive.for_each_entries(|entry, content| {
        Ok(entry.is_directory() || one(scan, site, entry.name(), packed, content))
    });
    if let Err(error) = outcome {
        scan.refuse(site, None, Kind::SevenZip, reason_of(&error));
    }
}

/// Reads an entry; `false` if the bounds allow no more.
fn one(scan: &mut Scan<'_>, site: &Site, name: &str, packed: u64, content: &mut dyn Read) -> bool {
    let inner = site.inner(name);
    check_name(scan, &inner, name);
    let unpacked = scan.budget.entry().and_then(|()| scan.budget.unpack(content, packed));
    match unpacked {
        Ok(content) => scan.file(&inner, &content),
        // Entries are packed together: what follows one that is left cannot be reached.
        Err(reason) => {
            scan.refuse(&inner, None, Kind::Unknown, reason);
            if reason != Reason::Broken {
                scan.refuse(site, None, Kind::SevenZip, reason);
            }
            return false;
        }
    }
    true
}
