//! Text in base 64 (RFC 4648 §4 and §5) and in hex, decoded once so that what it hides is searched.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Least and most characters of an encoded text.
const RUN_BYTES: (usize, usize) = (24, 1 << 16);

/// Characters that are decoded first, to see whether it is text at all.
const PROBE: usize = 16;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

const fn is_encoding(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Calls with each decoded text and the place of the encoded one.
pub(crate) fn each(text: &str, mut found: impl FnMut(&str, (usize, usize))) {
    let bytes = text.as_bytes();
    let mut at = 0;
    // A run that is long enough covers every so many-th byte.
    while let Some(ahead) = bytes.get(at + RUN_BYTES.0 - 1) {
        if !is_encoding(*ahead) {
            at += RUN_BYTES.0;
            continue;
        }
        let end_of_gap = bytes[at..at + RUN_BYTES.0].iter().rposition(|byte| !is_encoding(*byte));
        if let Some(gap) = end_of_gap {
            at += gap + 1;
            continue;
        }
        let length = bytes[at..].iter().position(|byte| !is_encoding(*byte));
        let end = at + length.unwrap_or(bytes.len() - at);
        if end - at <= RUN_BYTES.1
            && let Some(decoded) = decode(&bytes[at..end])
        {
            found(&decoded, (at, end));
        }
        at = end;
    }
}

/// The text that an encoded one stands for, if it is text.
fn decode(run: &[u8]) -> Option<String> {
    if run.iter().take(RUN_BYTES.0).all(u8::is_ascii_hexdigit) {
        let even = run.len() & !1;
        let probe = hex::decode(&run[..PROBE]).ok()?;
        return if is_text(&probe) { text_of(hex::decode(&run[..even]).ok()?) } else { None };
    }
    let engine = if run.contains(&b'-') || run.contains(&b'_') { &URL_SAFE } else { &STANDARD };
    let probe = engine.decode(&run[..PROBE]).ok()?;
    if !is_text(&probe) {
        return None;
    }
    // One character over is none of the encoding.
    let whole = run.len() - usize::from(run.len() % 4 == 1);
    text_of(engine.decode(&run[..whole]).ok()?)
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
}

fn text_of(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(|c| c == '\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Vec<(String, usize)> {
        let mut all = Vec::new();
        each(text, |decoded, (start, _)| all.push((decoded.to_owned(), start)));
        all
    }

    #[test]
    fn text_in_base_64_and_hex_is_read() {
        let hidden = "api_key = \"q7Lw2Zt9Vb4N\"";
        let plain = STANDARD.encode(hidden);
        assert_eq!(decoded(&format!("data: {plain}\n")), [(hidden.to_owned(), 6)]);
        assert_eq!(decoded(plain.trim_end_matches('=')), [(hidden.to_owned(), 0)]);
        assert_eq!(decoded(&URL_SAFE.encode("a?>~a?>~a?>~a?>~a?>~")).len(), 1);
        assert_eq!(decoded(&hex::encode(hidden)), [(hidden.to_owned(), 0)]);
    }

    #[test]
    fn names_paths_and_bytes_are_not() {
        assert_eq!(decoded("a_rather_long_name_of_something/and/a/path/too"), []);
        assert_eq!(decoded(&STANDARD.encode([7_u8; 60])), []);
        assert_eq!(decoded("short"), []);
        assert_eq!(decoded(&"a".repeat(1 << 17)), []);
    }
}
