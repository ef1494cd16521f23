//! Randomness as something that is handed in, so that tests can fix it.

/// A source of random bytes fit for keys and nonces.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` completely.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    /// # Panics
    /// If the system has no randomness to give: nothing may be sealed or signed then.
    fn fill(&self, bytes: &mut [u8]) {
        // There is no safe way to go on with predictable keys, so this stops instead.
        getrandom::fill(bytes).expect("the operating system's random generator failed");
    }
}

/// `N` random bytes.
#[must_use]
pub fn random_bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// A version 4 UUID.
#[must_use]
pub fn random_uuid(entropy: &dyn Entropy) -> uuid::Uuid {
    uuid::Builder::from_random_bytes(random_bytes(entropy)).into_uuid()
}

/// Repeatable bytes for tests; never compiled into the service.
#[cfg(test)]
pub mod seeded {
    use std::sync::atomic::{AtomicU64, Ordering};

    use sha2::{Digest, Sha256};

    /// Counter mode over SHA-256: the same seed gives the same bytes in the same order.
    #[derive(Debug, Default)]
    pub struct SeededEntropy {
        seed: u64,
        block: AtomicU64,
    }

    impl SeededEntropy {
        /// Starts at the first block of `seed`.
        #[must_use]
        pub fn new(seed: u64) -> Self {
            Self { seed, block: AtomicU64::new(0) }
        }
    }

    impl super::Entropy for SeededEntropy {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(32) {
                let block = self.block.fetch_add(1, Ordering::Relaxed);
                let digest = Sha256::new()
                    .chain_update(self.seed.to_be_bytes())
                    .chain_update(block.to_be_bytes())
                    .finalize();
                chunk.copy_from_slice(&digest[..chunk.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{seeded::SeededEntropy, *};

    #[test]
    fn the_system_does_not_repeat_itself() {
        let (first, second): ([u8; 32], [u8; 32]) =
            (random_bytes(&OsEntropy), random_bytes(&OsEntropy));
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }

    #[test]
    fn a_seed_repeats_itself_and_differs_from_others() {
        let draw = |seed| random_bytes::<40>(&SeededEntropy::new(seed));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn identifiers_are_random_uuids() {
        let id = random_uuid(&OsEntropy);
        assert_eq!(id.get_version_num(), 4);
        assert_ne!(id, random_uuid(&OsEntropy));
    }
}
