//! Where any of many short texts stands, in any case. Three bytes at a time are looked up in a table
//! small enough for the nearest cache; only where three bytes of some text stand is it compared.

/// Kinds of bytes that the table tells apart, as a power of two.
const CLASS_BITS: u32 = 5;
const CLASSES: u32 = 1 << CLASS_BITS;
const SLOTS: usize = 1 << (3 * CLASS_BITS);

/// Letters from the most to the least frequent ones in source code.
const FREQUENT: &[u8; 26] = b"etrniaosclupdmfhgybvxkwqjz";

/// Many texts to look for.
#[derive(Clone, Debug)]
pub(crate) struct Anchors {
    classes: [u8; 256],
    /// A bit for each three kinds of bytes that stand in some text.
    seen: Vec<u64>,
    /// For each three kinds the first of its entries, and the end of the last ones.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    texts: Vec<Box<[u8]>>,
}

/// A text, as it is found by three of its bytes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The bytes from the first of the three on, as far as eight reach, in [`folded`] form.
    eight: u64,
    /// The bits of the eight that count.
    mask: u64,
    text: u32,
    /// Bytes before the three.
    before: u32,
}

impl Entry {
    fn new(text: u32, bytes: &[u8], before: usize) -> Self {
        let rest = &bytes[before..];
        let length = rest.len().min(8);
        let mut eight = [0; 8];
        eight[..length].copy_from_slice(&rest[..length]);
        let mask = if length == 8 { u64::MAX } else { (1 << (length * 8)) - 1 };
        // Texts are not as long as 2^32 bytes.
        Self { eight: folded(eight) & mask, mask, text, before: before as u32 }
    }
}

/// Eight bytes in a form that is the same for a letter in any case, and for some other signs too.
const fn folded(eight: [u8; 8]) -> u64 {
    u64::from_le_bytes(eight) | 0x2020_2020_2020_2020
}

/// Letters regardless of case, digits, and signs in groups.
const fn class(byte: u8) -> u8 {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => letter - b'a',
        b'0'..=b'9' => 26,
        b'_' | b'-' => 27,
        b'.' | b'/' => 28,
        b':' | b'=' | b'+' | b'@' => 29,
        b' ' | b'\n' | b'\t' | b'\r' | 128.. => 30,
        _ => 31,
    }
}

/// How often bytes of a kind occur, roughly.
fn weight(class: u8) -> usize {
    match class {
        letter @ 0..26 => {
            let rank = FREQUENT.iter().position(|known| *known == letter + b'a');
            26 - rank.unwrap_or(26)
        }
        30 => 40,
        31 => 26,
        _ => 14,
    }
}

impl Anchors {
    pub(crate) fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut classes = [0; 256];
        for byte in 0..=u8::MAX {
            classes[usize::from(byte)] = class(byte);
        }
        let texts: Vec<Box<[u8]>> =
            texts.into_iter().map(|text| text.as_bytes().to_ascii_lowercase().into()).collect();
        let mut placed: Vec<(u32, Entry)> = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let (before, kinds) = rarest(text);
            // Fewer than 2^32 texts.
            let entry = Entry::new(at as u32, text, before);
            placed.extend(slots(kinds).into_iter().map(|slot| (slot, entry)));
        }
        placed.sort_by_key(|(slot, entry)| (*slot, entry.text));
        let mut seen = vec![0_u64; SLOTS / 64];
        let mut starts = vec![0_u32; SLOTS + 1];
        for (slot, _) in &placed {
            let slot = *slot as usize;
            seen[slot / 64] |= 1 << (slot % 64);
            starts[slot + 1] += 1;
        }
        for slot in 0..SLOTS {
            starts[slot + 1] += starts[slot];
        }
        let entries = placed.into_iter().map(|(_, entry)| entry).collect();
        Self { classes, seen, starts, entries, texts }
    }

    /// Calls for each text that stands somewhere, with its number and place.
    pub(crate) fn each(&self, text: &[u8], mut found: impl FnMut(usize, (usize, usize))) {
        if self.texts.is_empty() {
            return;
        }
        // As if before the text there were spaces, and two after it.
        let blank = u32::from(class(b' '));
        let mut slot = blank << CLASS_BITS | blank;
        let mask = SLOTS as u32 - 1;
        let mut step = |at: usize, kind: u32| {
            slot = (slot << CLASS_BITS | kind) & mask;
            let place = slot as usize;
            if self.seen[place / 64] >> (place % 64) & 1 == 1 {
                self.compare(text, place, at, &mut found);
            }
        };
        for (at, byte) in text.iter().enumerate() {
            step(at, u32::from(self.classes[usize::from(*byte)]));
        }
        step(text.len(), blank);
        step(text.len() + 1, blank);
    }

    /// Compares the texts that have the three bytes up to and with the one at a place.
    #[cold]
    fn compare(
        &self,
        text: &[u8],
        slot: usize,
        at: usize,
        found: &mut impl FnMut(usize, (usize, usize)),
    ) {
        let entries = self.starts[slot] as usize..self.starts[slot + 1] as usize;
        // Near the ends of the text there are no eight bytes, and each text is compared.
        let eight = at.checked_sub(2).and_then(|from| text.get(from..)?.first_chunk());
        let eight = eight.map(|eight| folded(*eight));
        for entry in &self.entries[entries] {
            if eight.is_some_and(|eight| (eight ^ entry.eight) & entry.mask != 0) {
                continue;
            }
            let wanted = &self.texts[entry.text as usize];
            let Some(start) = at.checked_sub(2 + entry.before as usize) else { continue };
            let Some(here) = text.get(start..start + wanted.len()) else { continue };
            if here.eq_ignore_ascii_case(wanted) {
                found(entry.text as usize, (start, start + wanted.len()));
            }
        }
    }
}

/// Where the three bytes of a text begin that occur least, and their kinds; fewer in a shorter text.
fn rarest(text: &[u8]) -> (usize, Vec<u8>) {
    let kinds: Vec<u8> = text.iter().map(|byte| class(*byte)).collect();
    let weigh = |three: &[u8]| three.iter().map(|kind| weight(*kind)).sum::<usize>();
    let best = kinds.windows(3).enumerate().min_by_key(|(_, three)| weigh(three));
    match best {
        Some((at, three)) => (at, three.to_vec()),
        None => (0, kinds),
    }
}

/// Slots of up to three kinds; whatever may follow fewer ones.
fn slots(kinds: Vec<u8>) -> Vec<u32> {
    let mut slots = vec![0_u32];
    for at in 0..3 {
        let next = |slot: &u32| {
            let shifted = slot << CLASS_BITS;
            match kinds.get(at) {
                Some(kind) => vec![shifted | u32::from(*kind)],
                None => (0..CLASSES).map(|kind| shifted | kind).collect(),
            }
        };
        slots = slots.iter().flat_map(next).collect();
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(anchors: &[&str], text: &str) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        let anchors = Anchors::new(anchors.iter().copied());
        anchors.each(text.as_bytes(), |which, (start, _)| hits.push((which, start)));
        hits.sort_unstable();
        hits
    }

    #[test]
    fn texts_are_found_wherever_they_stand() {
        assert_eq!(hits(&["key", "api_key"], "API_KEY key"), [(0, 4), (0, 8), (1, 0)]);
        assert_eq!(hits(&["@"], "a@b@"), [(0, 1), (0, 3)]);
        assert_eq!(hits(&["SK"], "ask SK"), [(0, 1), (0, 4)]);
        assert_eq!(hits(&["straße", "née le"], "Straße née le"), [(0, 0), (1, 8)]);
        assert_eq!(hits(&["://"], "http://x"), [(0, 4)]);
        assert_eq!(hits(&[], "text"), []);
        assert_eq!(hits(&["key"], ""), []);
        assert_eq!(hits(&["-_-"], "___ -_- a-_-"), [(0, 4), (0, 9)]);
    }
}
