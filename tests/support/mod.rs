//! What several integration tests need: statements as contractors sign them, a service in this process, and one in a
//! process of its own.

// Each test crate uses a part of it.
#![allow(dead_code, unused_imports)]

pub mod directory;
pub mod process;
pub mod statements;

pub use directory::{ORIGIN, Workshop, identity};
pub use process::{Refused, ServiceProcess};
pub use statements::{Author, Statement};

use attestry_proof::{
    cose::Receipt,
    hash::Hash,
    key::PublicKey,
    size::{LeafIndex, TreeSize},
};

/// Verifies a receipt and answers with the position and the tree it states.
pub fn verify_receipt(receipt: &[u8], leaf: &Hash, key: &PublicKey) -> (LeafIndex, TreeSize, Hash) {
    let receipt = Receipt::parse(receipt).expect("the receipt parses");
    let verdict = receipt.verify_inclusion(leaf, key, ORIGIN).expect("the receipt verifies");
    let position = verdict.position.expect("the receipt signs its size");
    (position.index, position.size, verdict.root)
}

/// Repeatable numbers: SplitMix64.
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Whether the slow, exhaustive variants were asked for: `ATTESTRY_DEEP=1`.
pub fn deep() -> bool {
    std::env::var_os("ATTESTRY_DEEP").is_some_and(|value| value == "1")
}
