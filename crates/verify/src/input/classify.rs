//! What a file is, by its content. Only where the content says nothing does the name count.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use attestry_proof::cose::Receipt;
use attestry_proof::cose::key::{MAX_COSE_KEY_BYTES, MAX_KEY_SET_KEYS, parse_key, parse_key_set};
use attestry_proof::cose::statement::MAX_STATEMENT_BYTES;
use attestry_proof::hash::Hash;
use attestry_proof::key::PublicKey;
use attestry_proof::log::checkpoint::SignedCheckpoint;
use attestry_proof::log::proof_file::MAX_LOG_PROOF_BYTES;
use attestry_proof::log::tree::MAX_PATH_HASHES;
use attestry_proof::log::trust::TrustPolicy;
use attestry_proof::manifest::{MAX_OPENINGS_BYTES, Manifest};
use attestry_proof::pack::{INDEX, PackIndex};
use attestry_proof::size::TreeSize;
use serde::Deserialize;

use super::walk::Found;
use crate::arguments::InputError;

/// First byte of a tagged `COSE_Sign1` message.
const SIGN1: u8 = 0xd2;
const PROOF_HEADER: &[u8] = b"c2sp.org/tlog-proof@";
const OPENINGS_SCHEMA: &str = "attestry/openings/v1";

/// A consistency proof as plain numbers and hashes; nobody signed it and nobody needs to.
#[derive(Clone, Debug)]
pub(crate) struct ConsistencyPath {
    pub(crate) from: TreeSize,
    pub(crate) to: TreeSize,
    pub(crate) path: Vec<Hash>,
}

impl ConsistencyPath {
    /// Reads the JSON of a proof; `None` for anything else.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        match recognise_json(bytes) {
            Content::Consistency(path) => Some(path),
            _ => None,
        }
    }
}

/// A file by what it is.
#[derive(Debug)]
pub(super) enum Content {
    Statement(Vec<u8>),
    Receipt(Vec<u8>),
    Keys(Vec<PublicKey>),
    Payload(Vec<u8>),
    Openings(Box<Manifest>),
    LogProof(Vec<u8>),
    Checkpoint(Vec<u8>),
    Consistency(ConsistencyPath),
    Policy,
    Pack,
    /// The index of a pack that somebody unpacked.
    PackIndex,
    /// The name promises evidence that the content is not.
    Malformed,
    Unknown,
}

impl Content {
    /// Bytes that are kept.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Statement(bytes)
            | Self::Receipt(bytes)
            | Self::Payload(bytes)
            | Self::LogProof(bytes)
            | Self::Checkpoint(bytes) => bytes.len(),
            Self::Openings(manifest) => manifest.files().len() * size_of::<Hash>() * 8,
            _ => 0,
        }
    }
}

/// Reads a file, no further than anything that begins like it may go.
pub(super) fn read(found: &Found) -> Result<Content, InputError> {
    let error = |source: io::Error| InputError::Read { path: found.path.clone(), source };
    let mut file = File::open(&found.path).map_err(error)?;
    let mut bytes = Vec::new();
    file.by_ref().take(PROOF_HEADER.len() as u64).read_to_end(&mut bytes).map_err(error)?;
    let Some(limit) = size_limit(&bytes) else {
        return Ok(Content::Pack);
    };
    // One byte beyond the limit is enough to be refused.
    let rest = (limit + 1).saturating_sub(bytes.len()) as u64;
    file.take(rest).read_to_end(&mut bytes).map_err(error)?;
    if bytes.len() > limit && bytes[0] != SIGN1 {
        return if found.explicit {
            Err(InputError::TooLarge { path: found.path.clone(), limit: limit as u64 })
        } else {
            Ok(Content::Unknown)
        };
    }
    Ok(classify(&found.name, &bytes))
}

/// Most bytes of a file that begins like this; `None` for packs, which have limits of their own.
const fn size_limit(head: &[u8]) -> Option<usize> {
    match head {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => None,
        [SIGN1, ..] => Some(MAX_STATEMENT_BYTES),
        [b'{', ..] => Some(MAX_OPENINGS_BYTES),
        [0x80..=0xbf, ..] => Some(MAX_KEY_SET_KEYS * MAX_COSE_KEY_BYTES),
        _ => Some(MAX_LOG_PROOF_BYTES),
    }
}

/// What bytes are. The name decides only for bytes that are nothing in particular.
pub(super) fn classify(name: &str, bytes: &[u8]) -> Content {
    let name = Path::new(name);
    if name.file_name() == Some(INDEX.as_ref()) && PackIndex::is_one(bytes) {
        return Content::PackIndex;
    }
    let named_by_digest = || {
        let stem = name.file_stem().and_then(|stem| stem.to_str());
        stem.and_then(Hash::from_hex).is_some()
    };
    let extension = name.extension().and_then(|extension| extension.to_str());
    match recognise(bytes) {
        Content::Unknown if extension == Some("cose") => Content::Statement(bytes.to_vec()),
        Content::Unknown if extension == Some("tlog-proof") => Content::LogProof(bytes.to_vec()),
        Content::Unknown if extension == Some("json") && named_by_digest() => {
            Content::Payload(bytes.to_vec())
        }
        Content::Unknown if matches!(extension, Some("cbor" | "checkpoint")) => Content::Malformed,
        Content::Unknown if name.file_name() == Some("checkpoint".as_ref()) => Content::Malformed,
        content => content,
    }
}

fn recognise(bytes: &[u8]) -> Content {
    match bytes {
        [SIGN1, ..] if Receipt::parse(bytes).is_ok() => Content::Receipt(bytes.to_vec()),
        [SIGN1, ..] => Content::Statement(bytes.to_vec()),
        [b'P', b'K', ..] => Content::Pack,
        [b'{', ..] => recognise_json(bytes),
        [0x80..=0x9f, ..] => parse_key_set(bytes).map_or(Content::Unknown, Content::Keys),
        [0xa0..=0xbf, ..] => {
            parse_key(bytes).map_or(Content::Unknown, |key| Content::Keys(vec![key]))
        }
        _ if bytes.starts_with(PROOF_HEADER) => Content::LogProof(bytes.to_vec()),
        _ if SignedCheckpoint::parse(bytes).is_ok() => Content::Checkpoint(bytes.to_vec()),
        _ if TrustPolicy::parse(bytes).is_ok() => Content::Policy,
        _ => Content::Unknown,
    }
}

#[derive(Deserialize)]
struct Head {
    schema: Option<serde_json::Value>,
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consistency {
    from: u64,
    to: u64,
    path: Vec<String>,
}

fn recognise_json(bytes: &[u8]) -> Content {
    if let Ok(Consistency { from, to, path }) = serde_json::from_slice(bytes)
        && path.len() <= MAX_PATH_HASHES
    {
        let hashes = path.iter().map(|hash| Hash::from_hex(hash)).collect::<Option<_>>();
        let sizes = (TreeSize(from), TreeSize(to));
        return hashes.map_or(Content::Malformed, |path| {
            Content::Consistency(ConsistencyPath { from: sizes.0, to: sizes.1, path })
        });
    }
    let Ok(Head { schema, kind }) = serde_json::from_slice(bytes) else {
        return Content::Unknown;
    };
    if schema.as_ref().and_then(serde_json::Value::as_str) == Some(OPENINGS_SCHEMA) {
        let openings = Manifest::parse_openings(bytes);
        return openings
            .map_or(Content::Malformed, |manifest| Content::Openings(Box::new(manifest)));
    }
    match (schema, kind) {
        (Some(serde_json::Value::Number(_)), Some(serde_json::Value::String(_))) => {
            Content::Payload(bytes.to_vec())
        }
        _ => Content::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(name: &str, bytes: &[u8]) -> &'static str {
        match classify(name, bytes) {
            Content::Statement(_) => "statement",
            Content::Receipt(_) => "receipt",
            Content::Keys(_) => "keys",
            Content::Payload(_) => "payload",
            Content::Openings(_) => "openings",
            Content::LogProof(_) => "proof",
            Content::Checkpoint(_) => "checkpoint",
            Content::Consistency(_) => "consistency",
            Content::Policy => "policy",
            Content::Pack => "pack",
            Content::PackIndex => "index",
            Content::Malformed => "malformed",
            Content::Unknown => "unknown",
        }
    }

    #[test]
    fn content_decides() {
        let digest = Hash::of(b"x");
        let consistency = format!("{{\"from\":1,\"to\":2,\"path\":[\"{digest}\"]}}");
        for (bytes, expected) in [
            (&b"\xd2\x84"[..], "statement"),
            (b"PK\x03\x04", "pack"),
            (b"c2sp.org/tlog-proof@v1\n", "proof"),
            (b"quorum none\n", "policy"),
            (b"{\"schema\":1,\"type\":\"own-work\"}", "payload"),
            (b"{\"schema\":\"1\",\"type\":\"own-work\"}", "unknown"),
            (b"{\"schema\":\"attestry/openings/v1\"}", "malformed"),
            (b"{\"from\":1,\"to\":2,\"path\":[\"x\"]}", "malformed"),
            (consistency.as_bytes(), "consistency"),
            (b"{}", "unknown"),
            (b"\x80", "unknown"),
            (b"", "unknown"),
        ] {
            assert_eq!(kind("any", bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn the_name_decides_where_the_content_says_nothing() {
        let digest = Hash::of(b"x");
        for (name, expected) in [
            ("a.cose", "statement"),
            ("a.tlog-proof", "proof"),
            ("a.cbor", "malformed"),
            ("checkpoint", "malformed"),
            (&format!("{digest}.json"), "payload"),
            ("a.json", "unknown"),
            ("a", "unknown"),
        ] {
            assert_eq!(kind(name, b"junk"), expected, "{name}");
        }
        assert_eq!(kind("a.cbor", b"quorum none\n"), "policy");
    }

    proptest! {
        #[test]
        fn anything_is_classified_without_panic(name in ".{0,12}", mut bytes: Vec<u8>, first in 0usize..6) {
            let _ = classify(&name, &bytes);
            let begin = [SIGN1, b'P', b'{', 0x81, 0xa1, b'c'][first];
            bytes.insert(0, begin);
            let _ = classify(&name, &bytes);
        }
    }
}
