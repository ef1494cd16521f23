//! A seeded mutator: the same name gives the same inputs on every machine.

/// Longer inputs are cut, so that rounds stay short.
const MAX_INPUT_BYTES: usize = 64 << 10;

/// Bytes at which formats change their mind: CBOR heads, text separators, extremes.
const INTERESTING: [u8; 24] = [
    0x00, 0x01, 0x17, 0x18, 0x19, 0x1b, 0x20, 0x40, 0x58, 0x5f, 0x7f, 0x80, 0x84, 0x9f, 0xa0, 0xbf,
    0xd2, 0xf6, 0xfb, 0xff, b'\n', b' ', b'+', b'"',
];

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to choose bytes.
pub struct Mutator(u64);

impl Mutator {
    /// The seed is the FNV-1a hash of the name.
    pub fn seeded(name: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Below `limit`, which is not zero.
    #[allow(clippy::cast_possible_truncation)]
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// One to four changes to one of the inputs.
    pub fn mutate(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut data = inputs[self.below(inputs.len())].clone();
        for _ in 0..=self.below(4) {
            let other = &inputs[self.below(inputs.len())];
            self.change(&mut data, other);
        }
        data.truncate(MAX_INPUT_BYTES);
        data
    }

    fn change(&mut self, data: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(data.len() + 1);
        if at == data.len() {
            data.push(INTERESTING[self.below(INTERESTING.len())]);
            return;
        }
        let end = at + 1 + self.below((data.len() - at).min(40));
        match self.below(9) {
            0 => data[at] ^= 1 << self.below(8),
            1 => data[at] = INTERESTING[self.below(INTERESTING.len())],
            2 => data[at] = data[at].wrapping_add(1),
            3 => data[at] = data[at].wrapping_sub(1),
            4 => data.insert(at, INTERESTING[self.below(INTERESTING.len())]),
            5 => drop(data.drain(at..end)),
            6 => {
                let copy = data[at..end].to_vec();
                data.splice(at..at, copy);
            }
            7 => data.truncate(at),
            _ => {
                let from = self.below(other.len() + 1);
                let tail = &other[from..other.len().min(from + 200)];
                data.splice(at..end, tail.iter().copied());
            }
        }
    }
}

#[test]
fn the_same_name_gives_the_same_mutations() {
    let inputs = vec![b"some input".to_vec(), b"another".to_vec()];
    let some = |name| {
        let mut mutator = Mutator::seeded(name);
        (0..50).map(|_| mutator.mutate(&inputs)).collect::<Vec<_>>()
    };
    assert_eq!(some("a"), some("a"));
    assert_ne!(some("a"), some("b"));
    assert!(some("a").iter().any(|mutated| !inputs.contains(mutated)));
}
