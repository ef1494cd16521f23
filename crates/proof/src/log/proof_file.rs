//! Proofs in a file, `.tlog-proof`: where an entry is in a log, for checking offline (C2SP
//! tlog-proof).
//!
//! What the entry is stays with the caller, who brings its leaf hash. The extra data is not
//! authenticated by anything.

use std::fmt::Write as _;

use crate::hash::Hash;
use crate::log::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::log::note::MAX_NOTE_BYTES;
use crate::log::text::{decimal, from_base64, hash_from_base64, to_base64};
use crate::log::tree::{MAX_INCLUSION_HASHES, ProofError, verify_inclusion};
use crate::log::trust::{TrustError, TrustPolicy, TrustedCheckpoint};
use crate::size::LeafIndex;

/// Most extra data accepted, decoded.
pub const MAX_EXTRA_BYTES: usize = 64 * 1024;

/// Largest proof accepted: the largest note, extra data in base64, and room for the path.
pub const MAX_LOG_PROOF_BYTES: usize = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES + 4096;

/// Hashes that a path makes room for at once: those of a log of a billion entries.
const PATH_RESERVED: usize = 30;
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Why bytes are not a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogProofError {
    /// Larger than [`MAX_LOG_PROOF_BYTES`].
    #[error("the proof has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// [`MAX_LOG_PROOF_BYTES`].
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the proof is not UTF-8: byte {offset} is the first that is wrong")]
    Encoding {
        /// Offset of the first byte that is not UTF-8.
        offset: usize,
    },
    /// The first line names no version that is known.
    #[error("the first line is not {HEADER}")]
    Header,
    /// The extra data is not base64, or too much.
    #[error("the extra data is not standard base64 of at most {MAX_EXTRA_BYTES} bytes")]
    Extra,
    /// There is no index line, or its number is not a decimal of at most 64 bits.
    #[error("no line gives the index as a decimal number of at most 64 bits")]
    Index,
    /// No empty line ends the path.
    #[error("no empty line separates the path from the checkpoint")]
    NoSeparator,
    /// More hashes than a path can have.
    #[error("the path has {found} hashes, no path has more than {limit}")]
    TooManyHashes {
        /// Lines of the path.
        found: usize,
        /// [`MAX_INCLUSION_HASHES`].
        limit: usize,
    },
    /// A line of the path is not the base64 of 32 bytes.
    #[error("line {line} of the path is not 32 bytes in standard base64")]
    PathHash {
        /// One-based number among the lines of the path.
        line: usize,
    },
    /// What follows is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Why a proof does not prove.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// The checkpoint is not trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The checkpoint is trusted, but the entry is not at this index in its tree.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

/// A position and a path in the tree of a checkpoint; nothing of it verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    extra: Option<Vec<u8>>,
    index: LeafIndex,
    path: Vec<Hash>,
    checkpoint: Vec<u8>,
}

/// An entry that is in the log as of a trusted checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Where the entry is; the size that authenticates it is the checkpoint's.
    pub index: LeafIndex,
    /// The checkpoint, and who vouches for it.
    pub checkpoint: TrustedCheckpoint,
}

impl LogProof {
    /// Joins an inclusion path (leaf to root) and the checkpoint note it leads to, as its bytes
    /// are.
    #[must_use]
    pub const fn new(index: LeafIndex, path: Vec<Hash>, checkpoint: Vec<u8>) -> Self {
        Self { extra: None, index, path, checkpoint }
    }

    /// The same proof with extra data of the application.
    #[must_use]
    pub fn with_extra(self, extra: Vec<u8>) -> Self {
        Self { extra: Some(extra), ..self }
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// See [`LogProofError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, LogProofError> {
        Self::parse_knowing(bytes, |_| false)
    }

    /// As [`LogProof::parse`], for those who read many proofs under the same checkpoints: a note
    /// that `known` knows to be a checkpoint is not parsed again. The result is the same.
    ///
    /// # Errors
    /// See [`LogProofError`].
    pub fn parse_knowing(
        bytes: &[u8],
        known: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Self, LogProofError> {
        let (found, limit) = (bytes.len(), MAX_LOG_PROOF_BYTES);
        if found > limit {
            return Err(LogProofError::TooLarge { found, limit });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| LogProofError::Encoding { offset: error.valid_up_to() })?;
        let (first, rest) = text.split_once('\n').ok_or(LogProofError::Header)?;
        if first != HEADER {
            return Err(LogProofError::Header);
        }
        let (extra, rest) = parse_extra(rest)?;
        let (line, rest) = rest.split_once('\n').ok_or(LogProofError::Index)?;
        let index = line.strip_prefix("index ").and_then(decimal).ok_or(LogProofError::Index)?;
        let (path, checkpoint) = parse_path(rest)?;
        let checkpoint = checkpoint.as_bytes().to_vec();
        if !known(&checkpoint) {
            SignedCheckpoint::parse(&checkpoint)?;
        }
        Ok(Self { extra, index: LeafIndex(index), path, checkpoint })
    }

    /// Extra data: nobody vouches for it.
    #[must_use]
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Claimed index of the entry.
    #[must_use]
    pub const fn index(&self) -> LeafIndex {
        self.index
    }

    /// Inclusion path, from the leaf's sibling up.
    #[must_use]
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The checkpoint note, byte for byte.
    #[must_use]
    pub fn checkpoint(&self) -> &[u8] {
        &self.checkpoint
    }

    /// The file [`LogProof::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{HEADER}\n");
        // Writing to a string cannot fail.
        let _ = self.extra.as_ref().map(|extra| writeln!(text, "extra {}", to_base64(extra)));
        let _ = writeln!(text, "index {}", self.index);
        for hash in &self.path {
            let _ = writeln!(text, "{}", to_base64(&hash.0));
        }
        text.push('\n');
        [text.as_bytes(), &self.checkpoint].concat()
    }

    /// Checks that the entry with this leaf hash is in a log that the policy trusts.
    ///
    /// # Errors
    /// See [`NotProven`].
    pub fn verify(&self, leaf: &Hash, policy: &TrustPolicy) -> Result<Proven, NotProven> {
        let trusted = policy.evaluate(&self.checkpoint)?;
        let (size, root) = (trusted.checkpoint().size(), trusted.checkpoint().root());
        verify_inclusion(leaf, self.index, size, &self.path, &root)?;
        Ok(Proven { index: self.index, checkpoint: trusted })
    }
}

fn parse_extra(rest: &str) -> Result<(Option<Vec<u8>>, &str), LogProofError> {
    let Some(extra) = rest.strip_prefix("extra ") else {
        return Ok((None, rest));
    };
    let (encoded, rest) = extra.split_once('\n').ok_or(LogProofError::Extra)?;
    let extra = from_base64(encoded).filter(|extra| extra.len() <= MAX_EXTRA_BYTES);
    Ok((Some(extra.ok_or(LogProofError::Extra)?), rest))
}

/// Hashes, one in a line, up to the first empty line, and what follows that.
fn parse_path(mut rest: &str) -> Result<(Vec<Hash>, &str), LogProofError> {
    let limit = MAX_INCLUSION_HASHES;
    let mut path = Vec::with_capacity(PATH_RESERVED);
    loop {
        let (line, after) = rest.split_once('\n').ok_or(LogProofError::NoSeparator)?;
        if line.is_empty() {
            return Ok((path, after));
        }
        if path.len() == limit {
            let more = rest.split('\n').take_while(|line| !line.is_empty()).count();
            return Err(LogProofError::TooManyHashes { found: limit + more, limit });
        }
        let place = path.len() + 1;
        path.push(hash_from_base64(line).ok_or(LogProofError::PathHash { line: place })?);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use proptest::prelude::*;

    use super::*;
    use crate::hash::leaf_hash;
    use crate::key::PublicKey;
    use crate::log::checkpoint::Checkpoint;
    use crate::log::note::{KeyKind, Note, NoteSignature, VerifierKey};
    use crate::log::tree::{inclusion_path, root_of};
    use crate::size::TreeSize;

    fn log() -> (SigningKey, VerifierKey) {
        let signing = SigningKey::from_bytes(&[1; 32]);
        let public = PublicKey::from_bytes(signing.verifying_key().as_bytes()).unwrap();
        (signing, VerifierKey::new("log.example", KeyKind::Ed25519, public).unwrap())
    }

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
    }

    fn checkpoint(leaves: &[Hash]) -> Vec<u8> {
        let (signing, key) = log();
        let size = TreeSize(leaves.len() as u64);
        let text = Checkpoint::new("log.example", size, root_of(leaves)).unwrap().text().unwrap();
        let signature = signing.sign(text.to_be_signed()).to_bytes();
        let line = NoteSignature::by(&key, &signature).unwrap();
        Note::new(text, vec![line]).unwrap().to_bytes()
    }

    fn proof(size: u64, index: u64) -> LogProof {
        let all = leaves(size);
        let path = inclusion_path(&all, LeafIndex(index)).unwrap();
        LogProof::new(LeafIndex(index), path, checkpoint(&all))
    }

    fn policy() -> TrustPolicy {
        TrustPolicy::of_log(&log().1, None).unwrap()
    }

    #[test]
    fn a_proof_survives_the_file_and_proves() {
        for size in 1..=9 {
            for (index, leaf) in leaves(size).iter().enumerate() {
                let written = proof(size, index as u64);
                let read = LogProof::parse(&written.to_bytes()).unwrap();
                assert_eq!(read, written);
                let proven = read.verify(leaf, &policy()).unwrap();
                assert_eq!(proven.index, LeafIndex(index as u64));
                assert_eq!(proven.checkpoint.checkpoint().size(), TreeSize(size));
                assert!(!proven.checkpoint.witnessed());
            }
        }
    }

    #[test]
    fn a_checkpoint_is_parsed_unless_it_is_known() {
        let written = proof(5, 2);
        let bytes = written.to_bytes();
        for known in [false, true] {
            let read = LogProof::parse_knowing(&bytes, |note| {
                assert_eq!(note, written.checkpoint());
                known
            });
            assert_eq!(read, Ok(written.clone()));
        }
        let broken = LogProof { checkpoint: b"no checkpoint".to_vec(), ..written }.to_bytes();
        assert!(LogProof::parse(&broken).is_err());
    }

    #[test]
    fn extra_data_is_carried_and_not_believed() {
        for extra in [b"about".as_slice(), b""] {
            let written = proof(5, 2).with_extra(extra.to_vec());
            let read = LogProof::parse(&written.to_bytes()).unwrap();
            assert_eq!(read.extra(), Some(extra));
            assert!(read.verify(&leaves(5)[2], &policy()).is_ok());
        }
        let large = proof(5, 2).with_extra(vec![0; MAX_EXTRA_BYTES + 1]);
        assert_eq!(LogProof::parse(&large.to_bytes()), Err(LogProofError::Extra));
    }

    #[test]
    fn another_leaf_index_path_or_log_is_not_proven() {
        let (all, good) = (leaves(7), proof(7, 4));
        let inclusion = |proof: &LogProof, leaf: &Hash| {
            matches!(proof.verify(leaf, &policy()), Err(NotProven::Inclusion(_)))
        };
        assert!(inclusion(&good, &all[3]));
        for index in (0..9).filter(|index| *index != 4) {
            assert!(inclusion(&LogProof { index: LeafIndex(index), ..good.clone() }, &all[4]));
        }
        for place in 0..good.path.len() {
            let mut path = good.path.clone();
            path[place].0[0] ^= 1;
            assert!(inclusion(&LogProof { path, ..good.clone() }, &all[4]));
        }
        let other = SigningKey::from_bytes(&[2; 32]).verifying_key();
        let other = PublicKey::from_bytes(other.as_bytes()).unwrap();
        let other = VerifierKey::new("log.example", KeyKind::Ed25519, other).unwrap();
        let verdict = good.verify(&all[4], &TrustPolicy::of_log(&other, None).unwrap());
        assert!(matches!(verdict, Err(NotProven::Trust(TrustError::UnknownLogKey { .. }))));
    }

    /// Index 0 has the same path in trees of 5 to 8 leaves; the signed size alone says which.
    #[test]
    fn the_size_is_the_checkpoints() {
        let all = leaves(7);
        let resized = String::from_utf8(proof(7, 0).to_bytes()).unwrap();
        let resized = resized.replace("log.example\n7\n", "log.example\n6\n");
        let verdict = LogProof::parse(resized.as_bytes()).unwrap().verify(&all[0], &policy());
        assert!(matches!(verdict, Err(NotProven::Trust(TrustError::Signature(_)))));
    }

    #[test]
    fn every_damage_has_its_own_refusal() {
        let good = String::from_utf8(proof(5, 2).to_bytes()).unwrap();
        let hash = to_base64(&proof(5, 2).path[0].0);
        let swap = |from: &str, to: &str| good.replacen(from, to, 1);
        let too_many = LogProofError::TooManyHashes { found: 65, limit: MAX_INCLUSION_HASHES };
        let cases = [
            (String::new(), LogProofError::Header),
            (swap("@v1", "@v2"), LogProofError::Header),
            (swap("@v1\n", "@v1\r\n"), LogProofError::Header),
            (swap("index 2\n", ""), LogProofError::Index),
            (swap("index 2", "index 02"), LogProofError::Index),
            (swap("index 2", "index +2"), LogProofError::Index),
            (swap("index 2", "index "), LogProofError::Index),
            (swap("index 2", "index 18446744073709551616"), LogProofError::Index),
            (swap("index 2", "extra ?\nindex 2"), LogProofError::Extra),
            (swap("index 2", "extra AAAA\nextra AAAA\nindex 2"), LogProofError::Index),
            (swap("index 2", "index 2\nextra AAAA"), LogProofError::PathHash { line: 1 }),
            (swap(&hash, &hash[..43]), LogProofError::PathHash { line: 1 }),
            (swap(&hash, "AAAA"), LogProofError::PathHash { line: 1 }),
            (swap(&hash, &[hash.as_str(); 63].join("\n")), too_many),
        ];
        for (text, error) in cases {
            assert_eq!(LogProof::parse(text.as_bytes()), Err(error), "{text}");
        }
        let (head, _) = good.split_once("\n\n").unwrap();
        assert_eq!(LogProof::parse(head.as_bytes()), Err(LogProofError::NoSeparator));
        let bare = format!("{head}\n\n");
        assert!(matches!(LogProof::parse(bare.as_bytes()), Err(LogProofError::Checkpoint(_))));
        let large = vec![b'a'; MAX_LOG_PROOF_BYTES + 1];
        assert!(matches!(LogProof::parse(&large), Err(LogProofError::TooLarge { .. })));
        assert_eq!(LogProof::parse(b"c2sp\xff"), Err(LogProofError::Encoding { offset: 4 }));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>, tail in "(.{0,50}\n){0,8}") {
            let _ = LogProof::parse(&bytes);
            let _ = LogProof::parse(format!("{HEADER}\n{tail}").as_bytes());
        }

        #[test]
        fn a_changed_byte_is_refused_or_not_proven(place: prop::sample::Index, flip in 1u8..) {
            let written = proof(6, 3);
            let mut bytes = written.to_bytes();
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
            if let Ok(read) = LogProof::parse(&bytes) {
                prop_assert!(read.verify(&leaves(6)[3], &policy()).is_err());
            }
        }
    }
}
