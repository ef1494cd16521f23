//! Little-endian numbers and strings at an offset; `None` beyond the end.

use encoding_rs::Encoding;

pub(in crate::read) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

pub(in crate::read) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let end = at.checked_add(2)?;
    bytes.get(at..end)?.try_into().ok().map(u16::from_le_bytes)
}

pub(in crate::read) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let end = at.checked_add(4)?;
    bytes.get(at..end)?.try_into().ok().map(u32::from_le_bytes)
}

/// A number that is an offset or length.
pub(in crate::read) fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    u32_at(bytes, at).and_then(|number| usize::try_from(number).ok())
}

/// A range of bytes, cut at the end.
pub(in crate::read) fn part(bytes: &[u8], at: usize, length: usize) -> &[u8] {
    let start = at.min(bytes.len());
    &bytes[start..start.saturating_add(length).min(bytes.len())]
}

/// UTF-16 in little-endian order; an odd byte at the end is left out.
pub(in crate::read) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Text in a code page of Windows.
pub(in crate::read) fn code_page(bytes: &[u8], page: u32) -> String {
    if page == 1200 {
        return utf16(bytes);
    }
    encoding_of(page).decode_without_bom_handling(bytes).0.into_owned()
}

/// The encoding of a code page; Western where it is not known.
pub(in crate::read) fn encoding_of(page: u32) -> &'static Encoding {
    match page {
        866 => encoding_rs::IBM866,
        874 => encoding_rs::WINDOWS_874,
        932 => encoding_rs::SHIFT_JIS,
        936 => encoding_rs::GBK,
        949 | 1361 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        10000 => encoding_rs::MACINTOSH,
        10007 => encoding_rs::X_MAC_CYRILLIC,
        20866 => encoding_rs::KOI8_R,
        28592 => encoding_rs::ISO_8859_2,
        65000 | 65001 => encoding_rs::UTF_8,
        _ => encoding_rs::WINDOWS_1252,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_with_the_bytes() {
        let bytes = [1, 2, 3, 4];
        assert_eq!((u16_at(&bytes, 1), u32_at(&bytes, 0)), (Some(0x0302), Some(0x0403_0201)));
        assert_eq!((u16_at(&bytes, 3), u32_at(&bytes, usize::MAX)), (None, None));
        assert_eq!(part(&bytes, 3, usize::MAX), [4]);
        assert!(part(&bytes, 9, 1).is_empty());
    }

    #[test]
    fn code_pages_are_read() {
        assert_eq!(code_page(b"Gr\xfc\xdfe", 1252), "Grüße");
        assert_eq!(code_page(b"\xcf\xf0", 1251), "Пр");
        assert_eq!(code_page(b"a\0\xe9\0", 1200), "aé");
    }
}
