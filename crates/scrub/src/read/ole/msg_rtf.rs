//! RTF bodies of messages, packed by references into what came before ([MS-OXRTFCP]).

use super::le::{part as range, size_at, u32_at};

/// What stands in the dictionary before the first byte comes ([MS-OXRTFCP] §2.1.2.1).
const BEGIN: &[u8; 207] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \
\\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier\
{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Bytes of the dictionary.
const DICTIONARY: usize = 4096;

/// Bytes of the header.
const HEADER: usize = 16;

/// `LZFu`: the body is packed.
const PACKED: u32 = 0x7546_5a4c;

/// `MELA`: the body stands as it is.
const PLAIN: u32 = 0x414c_454d;

/// A body, and whether all of it is there and its checksum fits; `None` if the header is of no body.
/// A reference of two bytes stands for 17 at most, so what comes out is bounded by what goes in.
pub(super) fn unpacked(content: &[u8]) -> Option<(Vec<u8>, bool)> {
    let raw_size = size_at(content, 4)?;
    let body = content.get(HEADER..)?;
    match u32_at(content, 8)? {
        PLAIN => Some((range(body, 0, raw_size).to_vec(), body.len() >= raw_size)),
        PACKED => {
            let (text, is_ended) = unpack(body);
            let is_whole = is_ended && text.len() == raw_size && fits(content);
            Some((text, is_whole))
        }
        _ => None,
    }
}

/// Whether the checksum fits: the usual polynomial, begun with zero and not inverted (§2.1.3.2).
fn fits(content: &[u8]) -> bool {
    let Some((length, stated)) = size_at(content, 0).zip(u32_at(content, 12)) else { return false };
    let Some(end) = length.checked_add(4) else { return false };
    let mut sum = crc32fast::Hasher::new_with_initial(u32::MAX);
    sum.update(range(content, HEADER, end.saturating_sub(HEADER)));
    !sum.finalize() == stated
}

fn unpack(body: &[u8]) -> (Vec<u8>, bool) {
    let mut dictionary = [0_u8; DICTIONARY];
    dictionary[..BEGIN.len()].copy_from_slice(BEGIN);
    let mut write = BEGIN.len();
    let mut text = Vec::new();
    let mut add = |byte: u8, dictionary: &mut [u8; DICTIONARY], write: &mut usize| {
        text.push(byte);
        dictionary[*write] = byte;
        *write = (*write + 1) % DICTIONARY;
    };
    let mut bytes = body.iter().copied();
    while let Some(control) = bytes.next() {
        for bit in 0..8 {
            let Some(first) = bytes.next() else { return (text, false) };
            if control >> bit & 1 == 0 {
                add(first, &mut dictionary, &mut write);
                continue;
            }
            let Some(second) = bytes.next() else { return (text, false) };
            let reference = usize::from(u16::from_be_bytes([first, second]));
            let (from, length) = (reference >> 4, (reference & 15) + 2);
            // A reference to where the next byte goes ends the body.
            if from == write {
                return (text, true);
            }
            for at in from..from + length {
                let byte = dictionary[at % DICTIONARY];
                add(byte, &mut dictionary, &mut write);
            }
        }
    }
    (text, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of [MS-OXRTFCP] §3.1 and §3.2.
    const SIMPLE: &[u8] =
        b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125\x42\x32\x0a\
        \xf3 hel\x09\0 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
    const CROSSING: &[u8] =
        b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4\x4b\x51\x41\0\x04\x20WXYZ\x0d\x6e\x7d\x01\x0e\xb0";

    #[test]
    fn the_examples_of_the_specification_are_unpacked() {
        let simple = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n".to_vec();
        assert_eq!(unpacked(SIMPLE), Some((simple, true)));
        let crossing = b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}".to_vec();
        assert_eq!(unpacked(CROSSING), Some((crossing, true)));
        let plain = b"\x10\0\0\0\x04\0\0\0MELA\0\0\0\0text";
        assert_eq!(unpacked(plain), Some((b"text".to_vec(), true)));
    }

    #[test]
    fn a_broken_body_is_said_to_be_so() {
        for end in HEADER..SIMPLE.len() {
            assert!(unpacked(&SIMPLE[..end]).is_some_and(|(_, is_whole)| !is_whole), "{end}");
        }
        let mut changed = SIMPLE.to_vec();
        changed[20] ^= 1;
        assert!(unpacked(&changed).is_some_and(|(_, is_whole)| !is_whole));
        assert_eq!(unpacked(b"no body at all, only words"), None);
    }
}
