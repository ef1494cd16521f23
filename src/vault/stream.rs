//! The sealed form of one part of an object: a header, then 64 KiB chunks of XChaCha20-Poly1305 in
//! the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015; 32-bit big-endian counter).
//!
//! A chunk opens only in its place: associated data binds header, file digest and counter, and the
//! nonce marks the last chunk, so nothing can be cut off, swapped or moved unnoticed. The digest of
//! the file is bound but not stored: a sealed object says nothing about its content.

use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use attestry_proof::hash::{HASH_BYTES, Hash};
use chacha20poly1305::XChaCha20Poly1305;
use uuid::Uuid;

use super::keys::ObjectKey;
use crate::{
    entropy::{Entropy, random_bytes},
    store::files::ObjectId,
};

/// Bytes of the file in every chunk but the last.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes that sealing adds to each chunk.
pub const TAG_BYTES: usize = 16;

/// Length of the header.
pub const HEADER_BYTES: usize = 91;

const MAGIC: &[u8; 8] = b"ATSTOBJ\x01";
const NONCE_BYTES: usize = 19;
const LABEL: &[u8] = b"attestry/object/v1";

/// Which part of which object of which submission, holding which bytes of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartPlace {
    pub subject: Uuid,
    pub object: ObjectId,
    pub part: u32,
    /// Position in the file of the part's first byte.
    pub start: u64,
    pub sha256: Hash,
}

/// Why sealed bytes are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamFault {
    /// Not a header this version knows.
    Format,
    /// The header of another place.
    Misplaced,
    /// Sealed under another key.
    OtherKey,
    /// A chunk that was changed, cut, or moved here.
    Chunk(u32),
}

/// Length of a part in sealed form.
pub(super) const fn sealed_length(plain: u64) -> u64 {
    HEADER_BYTES as u64 + plain + chunk_count(plain) * TAG_BYTES as u64
}

/// Chunks of a part; an empty one has one empty chunk.
pub(super) const fn chunk_count(plain: u64) -> u64 {
    if plain == 0 { 1 } else { plain.div_ceil(CHUNK_BYTES as u64) }
}

/// One part's cipher, at any counter, in either direction.
pub(super) struct PartCipher {
    stream: StreamBE32<XChaCha20Poly1305>,
    /// Label ‖ header ‖ file digest ‖ u32be counter.
    bound: Vec<u8>,
}

impl PartCipher {
    /// A cipher for sealing, with a nonce prefix nobody used before, and the header to write first.
    pub(super) fn seal(
        key: &ObjectKey,
        entropy: &dyn Entropy,
        place: &PartPlace,
    ) -> (Self, [u8; HEADER_BYTES]) {
        let nonce = random_bytes(entropy);
        let header = header(key, place, nonce);
        (Self::new(key, &header, place.sha256, nonce), header)
    }

    /// A cipher for opening a part that begins with `stored`, if that is the header of `place`.
    pub(super) fn open(
        key: &ObjectKey,
        place: &PartPlace,
        stored: &[u8; HEADER_BYTES],
    ) -> Result<Self, StreamFault> {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&stored[HEADER_BYTES - NONCE_BYTES..]);
        let expected = header(key, place, nonce);
        let differ = |range: std::ops::Range<usize>| stored[range.clone()] != expected[range];
        if differ(0..8) || differ(68..72) {
            return Err(StreamFault::Format);
        }
        if differ(8..40) || differ(56..68) {
            return Err(StreamFault::Misplaced);
        }
        if differ(40..56) {
            return Err(StreamFault::OtherKey);
        }
        Ok(Self::new(key, &expected, place.sha256, nonce))
    }

    fn new(
        key: &ObjectKey,
        header: &[u8; HEADER_BYTES],
        sha256: Hash,
        nonce: [u8; NONCE_BYTES],
    ) -> Self {
        let mut bound = Vec::with_capacity(LABEL.len() + HEADER_BYTES + HASH_BYTES + 4);
        bound.extend_from_slice(LABEL);
        bound.extend_from_slice(header);
        bound.extend_from_slice(sha256.as_bytes());
        bound.extend_from_slice(&[0; 4]);
        Self { stream: StreamBE32::new(&(*key.as_bytes()).into(), &nonce.into()), bound }
    }

    /// Seals a chunk in place; it grows by [`TAG_BYTES`].
    pub(super) fn seal_chunk(
        &mut self,
        counter: u32,
        last: bool,
        chunk: &mut Vec<u8>,
    ) -> Result<(), StreamFault> {
        self.bind(counter);
        self.stream
            .encrypt_in_place(counter, last, &self.bound, chunk)
            .map_err(|_| StreamFault::Chunk(counter))
    }

    /// Opens a chunk in place; it shrinks by [`TAG_BYTES`].
    pub(super) fn open_chunk(
        &mut self,
        counter: u32,
        last: bool,
        chunk: &mut Vec<u8>,
    ) -> Result<(), StreamFault> {
        self.bind(counter);
        self.stream
            .decrypt_in_place(counter, last, &self.bound, chunk)
            .map_err(|_| StreamFault::Chunk(counter))
    }

    fn bind(&mut self, counter: u32) {
        let at = self.bound.len() - 4;
        self.bound[at..].copy_from_slice(&counter.to_be_bytes());
    }
}

/// Magic and version 8 ‖ subject 16 ‖ object 16 ‖ key id 16 ‖ part u32be ‖ start u64be ‖ chunk size
/// u32be ‖ nonce prefix 19.
fn header(key: &ObjectKey, place: &PartPlace, nonce: [u8; NONCE_BYTES]) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..24].copy_from_slice(place.subject.as_bytes());
    bytes[24..40].copy_from_slice(place.object.0.as_bytes());
    bytes[40..56].copy_from_slice(&key.id());
    bytes[56..60].copy_from_slice(&place.part.to_be_bytes());
    bytes[60..68].copy_from_slice(&place.start.to_be_bytes());
    bytes[68..72].copy_from_slice(&(CHUNK_BYTES as u32).to_be_bytes());
    bytes[72..].copy_from_slice(&nonce);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::seeded::SeededEntropy;

    fn place() -> PartPlace {
        PartPlace {
            subject: Uuid::from_u128(1),
            object: ObjectId(Uuid::from_u128(2)),
            part: 3,
            start: 4,
            sha256: Hash([5; 32]),
        }
    }

    struct Sealed {
        key: ObjectKey,
        header: [u8; HEADER_BYTES],
        chunks: [Vec<u8>; 2],
    }

    fn sealed() -> Sealed {
        let entropy = SeededEntropy::new(1);
        let key = ObjectKey::random(&entropy);
        let (mut cipher, header) = PartCipher::seal(&key, &entropy, &place());
        let mut chunks = [vec![1; 100], vec![2; 7]];
        cipher.seal_chunk(0, false, &mut chunks[0]).unwrap();
        cipher.seal_chunk(1, true, &mut chunks[1]).unwrap();
        Sealed { key, header, chunks }
    }

    #[test]
    fn chunks_open_in_their_place_in_any_order() {
        let sealed = sealed();
        let mut cipher = PartCipher::open(&sealed.key, &place(), &sealed.header).unwrap();
        let [mut first, mut second] = sealed.chunks;
        assert_eq!((first.len(), second.len()), (116, 23));
        cipher.open_chunk(1, true, &mut second).unwrap();
        cipher.open_chunk(0, false, &mut first).unwrap();
        assert_eq!((first, second), (vec![1; 100], vec![2; 7]));
    }

    #[test]
    fn a_chunk_moved_cut_or_made_last_does_not_open() {
        let sealed = sealed();
        let mut cipher = PartCipher::open(&sealed.key, &place(), &sealed.header).unwrap();
        let mut refuses = |counter, last, chunk: &[u8]| {
            let opened = cipher.open_chunk(counter, last, &mut chunk.to_vec());
            assert_eq!(opened, Err(StreamFault::Chunk(counter)));
        };
        refuses(1, false, &sealed.chunks[0]);
        refuses(0, true, &sealed.chunks[0]);
        refuses(1, false, &sealed.chunks[1]);
        refuses(0, false, &sealed.chunks[1]);
        refuses(0, false, &sealed.chunks[0][..115]);
        refuses(0, false, &[]);
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = sealed();
        for at in 0..HEADER_BYTES * 8 {
            let mut header = sealed.header;
            header[at / 8] ^= 1 << (at % 8);
            let opened = PartCipher::open(&sealed.key, &place(), &header)
                .and_then(|mut cipher| cipher.open_chunk(0, false, &mut sealed.chunks[0].clone()));
            assert!(opened.is_err(), "header bit {at}");
        }
        let mut cipher = PartCipher::open(&sealed.key, &place(), &sealed.header).unwrap();
        for at in 0..sealed.chunks[0].len() * 8 {
            let mut chunk = sealed.chunks[0].clone();
            chunk[at / 8] ^= 1 << (at % 8);
            assert!(cipher.open_chunk(0, false, &mut chunk).is_err(), "chunk bit {at}");
        }
    }

    #[test]
    fn each_wrong_place_is_named() {
        let sealed = sealed();
        let fault = |place: PartPlace| {
            PartCipher::open(&sealed.key, &place, &sealed.header)
                .and_then(|mut cipher| cipher.open_chunk(0, false, &mut sealed.chunks[0].clone()))
                .unwrap_err()
        };
        let right = place();
        assert_eq!(
            fault(PartPlace { subject: Uuid::from_u128(9), ..right }),
            StreamFault::Misplaced
        );
        let object = ObjectId(Uuid::from_u128(9));
        assert_eq!(fault(PartPlace { object, ..right }), StreamFault::Misplaced);
        assert_eq!(fault(PartPlace { part: 9, ..right }), StreamFault::Misplaced);
        assert_eq!(fault(PartPlace { start: 9, ..right }), StreamFault::Misplaced);
        assert_eq!(fault(PartPlace { sha256: Hash([9; 32]), ..right }), StreamFault::Chunk(0));

        let other = ObjectKey::random(&SeededEntropy::new(2));
        let opened = PartCipher::open(&other, &right, &sealed.header).err();
        assert_eq!(opened, Some(StreamFault::OtherKey));
        let mut newer = sealed.header;
        newer[7] = 2;
        let opened = PartCipher::open(&sealed.key, &right, &newer).err();
        assert_eq!(opened, Some(StreamFault::Format));
    }

    #[test]
    fn two_seals_of_one_part_share_no_nonce() {
        let entropy = SeededEntropy::new(1);
        let key = ObjectKey::random(&entropy);
        let (_, first) = PartCipher::seal(&key, &entropy, &place());
        let (_, second) = PartCipher::seal(&key, &entropy, &place());
        assert_eq!(first[..72], second[..72]);
        assert_ne!(first[72..], second[72..]);
    }

    #[test]
    fn lengths_are_exact() {
        let chunk = CHUNK_BYTES as u64;
        assert_eq!(sealed_length(0), 91 + 16);
        assert_eq!(sealed_length(chunk), 91 + chunk + 16);
        assert_eq!(sealed_length(chunk + 1), 91 + chunk + 1 + 32);
    }
}
