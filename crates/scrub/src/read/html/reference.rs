//! References in HTML: `&auml;`, `&#228;`, `&#xe4;`, `&auml` (HTML Living Standard §13.2.5.72 on).

use std::borrow::Cow;

/// Most letters between `&` and `;`; the longest name has 32.
const NAME_BYTES_MAX: usize = 32;

/// Names that count without a semicolon too (§13.5).
#[rustfmt::skip]
const UNENDED: [&str; 106] = [
    "AElig", "AMP", "Aacute", "Acirc", "Agrave", "Aring", "Atilde", "Auml", "COPY", "Ccedil",
    "ETH", "Eacute", "Ecirc", "Egrave", "Euml", "GT", "Iacute", "Icirc", "Igrave", "Iuml", "LT",
    "Ntilde", "Oacute", "Ocirc", "Ograve", "Oslash", "Otilde", "Ouml", "QUOT", "REG", "THORN",
    "Uacute", "Ucirc", "Ugrave", "Uuml", "Yacute", "aacute", "acirc", "acute", "aelig", "agrave",
    "amp", "aring", "atilde", "auml", "brvbar", "ccedil", "cedil", "cent", "copy", "curren", "deg",
    "divide", "eacute", "ecirc", "egrave", "eth", "euml", "frac12", "frac14", "frac34", "gt",
    "iacute", "icirc", "iexcl", "igrave", "iquest", "iuml", "laquo", "lt", "macr", "micro",
    "middot", "nbsp", "not", "ntilde", "oacute", "ocirc", "ograve", "ordf", "ordm", "oslash",
    "otilde", "ouml", "para", "plusmn", "pound", "quot", "raquo", "reg", "sect", "shy", "sup1",
    "sup2", "sup3", "szlig", "thorn", "times", "uacute", "ucirc", "ugrave", "uml", "uuml",
    "yacute", "yen", "yuml",
];

/// What the reference at the start of a text stands for, and its length.
pub(in crate::read) fn reference(text: &str) -> Option<(Cow<'static, str>, usize)> {
    let rest = text.strip_prefix('&')?;
    if let Some(number) = rest.strip_prefix('#') {
        let (c, length) = numbered(number)?;
        return Some((c.to_string().into(), 2 + length));
    }
    let head = &rest.as_bytes()[..rest.len().min(NAME_BYTES_MAX)];
    let length = head.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = &rest[..length];
    if rest[length..].starts_with(';')
        && let Some(resolved) = quick_xml::escape::resolve_html5_entity(name)
    {
        return Some((resolved.into(), 2 + length));
    }
    let begins = |known: &&&str| name.starts_with(**known);
    let known = UNENDED.iter().filter(begins).max_by_key(|known| known.len())?;
    let resolved = quick_xml::escape::resolve_html5_entity(known)?;
    Some((resolved.into(), 1 + known.len()))
}

/// The character that the digits after `&#` stand for, and how many bytes they and an end take.
pub(in crate::read) fn numbered(text: &str) -> Option<(char, usize)> {
    let is_hex = text.starts_with(['x', 'X']);
    let (from, radix) = if is_hex { (1, 16) } else { (0, 10) };
    let digits = text[from..].chars().map_while(|c| c.to_digit(radix));
    let (count, code) = digits.fold((0, 0_u32), |(count, code), digit| {
        (count + 1, code.saturating_mul(radix).saturating_add(digit))
    });
    let is_ended = text[from + count..].starts_with(';');
    let c = match code {
        // Taken for Windows-1252, as browsers do.
        0x80..=0x9f => {
            let byte = [u8::try_from(code).ok()?];
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next()?
        }
        code => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    (count > 0).then_some((c, from + count + usize::from(is_ended)))
}

#[cfg(test)]
mod tests {
    use super::{UNENDED, reference};

    #[test]
    fn references_are_resolved() {
        let zeros = format!("&#{}111;", "0".repeat(100));
        let cases = [
            ("&#x41;b", "A", 6),
            ("&#65b", "A", 4),
            ("&#65 ", "A", 4),
            ("&#150;", "–", 6),
            ("&#xffffffff;", "\u{fffd}", 12),
            (zeros.as_str(), "o", 106),
            ("&auml;", "ä", 6),
            ("&uumlller", "ü", 5),
            ("&notin;", "∉", 7),
            ("&notit;", "¬", 4),
            ("&amp", "&", 4),
        ];
        for (text, resolved, length) in cases {
            assert_eq!(reference(text), Some((resolved.into(), length)), "{text}");
        }
        for none in ["&", "&;", "&#;", "&#x;", "&nosuchname;", "&alpha", "a"] {
            assert_eq!(reference(none), None, "{none}");
        }
    }

    #[test]
    fn each_name_without_an_end_is_known() {
        for name in UNENDED {
            assert!(reference(&format!("&{name}")).is_some(), "{name}");
        }
    }
}
