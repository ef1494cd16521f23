//! SHA-256 values and the domain separation of the log's tree (RFC 9162 §2.1.1).

use std::fmt;

use sha2::{Digest, Sha256, block_api::compress256};

/// Length in bytes of every hash in this crate.
pub const HASH_BYTES: usize = 32;

/// Where SHA-256 starts (FIPS 180-4 §5.3.3).
const INITIAL_STATE: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
/// Length in bits of what an interior node is the hash of.
const NODE_BITS: u16 = 8 * (1 + 2 * HASH_BYTES as u16);

/// A SHA-256 value: 32 bytes, printed as lowercase hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; HASH_BYTES]);

impl Hash {
    /// The SHA-256 of `bytes`, with no prefix.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The SHA-256 of the concatenation of `parts`.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// Takes exactly 32 bytes; `None` for any other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 64 lowercase hex digits; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 2 * HASH_BYTES {
            return None;
        }
        let mut bytes = [0; HASH_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// The raw 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// 64 lowercase hex digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Leaf hash: SHA-256(0x00 ‖ entry) (RFC 9162 §2.1.1).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of_parts(&[&[0x00], entry])
}

/// Interior node hash: SHA-256(0x01 ‖ left ‖ right) (RFC 9162 §2.1.1).
///
/// These 65 bytes are two blocks whose padding is always the same, so they are laid out here and
/// compressed at once: following a path is most of what a proof costs.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut blocks = [[0; 64]; 2];
    blocks[0][0] = 0x01;
    blocks[0][1..33].copy_from_slice(&left.0);
    blocks[0][33..].copy_from_slice(&right.0[..31]);
    blocks[1][0] = right.0[31];
    blocks[1][1] = 0x80;
    blocks[1][62..].copy_from_slice(&NODE_BITS.to_be_bytes());
    let mut state = INITIAL_STATE;
    compress256(&mut state, &blocks);
    let mut hash = [0; HASH_BYTES];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    Hash(hash)
}

/// Root of the tree without leaves: SHA-256 of nothing (RFC 9162 §2.1.1).
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_node_is_the_hash_of_its_65_bytes(left: [u8; 32], right: [u8; 32]) {
            let expected = Hash::of_parts(&[&[0x01], &left, &right]);
            prop_assert_eq!(node_hash(&Hash(left), &Hash(right)), expected);
        }
    }

    #[test]
    fn empty_root_is_the_hash_of_nothing() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(empty_root().to_hex(), expected);
        assert_eq!(Hash::from_hex(expected), Some(empty_root()));
    }

    #[test]
    fn hex_is_refused_unless_it_is_64_lowercase_digits() {
        let hex = empty_root().to_hex();
        for bad in [&hex[1..], &format!("{hex}0"), &hex.to_uppercase(), &hex.replacen('e', "g", 1)]
        {
            assert_eq!(Hash::from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn leaves_and_nodes_live_in_different_domains() {
        let (left, right) = (Hash([1; 32]), Hash([2; 32]));
        let joined = [left.0, right.0].concat();
        assert_ne!(leaf_hash(&joined), node_hash(&left, &right));
    }
}
