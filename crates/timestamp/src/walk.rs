//! Reading DER item by item, with the bytes of each item kept: what is signed must be hashed as it
//! came, not as it would be written again.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, TagNumber};

use crate::fault::{Fault, Part};

/// One item: its tag, all its bytes, and its content.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub tag: Tag,
    pub bytes: &'a [u8],
    pub content: &'a [u8],
}

impl<'a> Item<'a> {
    /// The items inside.
    pub fn walk(self, part: Part) -> Result<Walk<'a>, Fault> {
        Walk::over(self.content, part)
    }

    /// Decodes the item as `T`.
    pub fn decode<T>(self, part: Part) -> Result<T, Fault>
    where
        T: Decode<'a>,
    {
        T::from_der(self.bytes).map_err(|_| Fault::Structure { part })
    }
}

/// The items of some bytes, in order.
pub(crate) struct Walk<'a> {
    reader: SliceReader<'a>,
    part: Part,
}

impl<'a> Walk<'a> {
    /// Starts before the first item; `part` names what is malformed if something is.
    pub fn over(bytes: &'a [u8], part: Part) -> Result<Self, Fault> {
        let reader = SliceReader::new(bytes).map_err(|_| Fault::Structure { part })?;
        Ok(Self { reader, part })
    }

    /// The items inside the one item, a sequence, that `bytes` are.
    pub fn sequence(bytes: &'a [u8], part: Part) -> Result<Self, Fault> {
        let mut outer = Self::over(bytes, part)?;
        let inner = outer.take(Tag::Sequence)?.walk(part)?;
        outer.end()?;
        Ok(inner)
    }

    pub const fn fault(&self) -> Fault {
        Fault::Structure { part: self.part }
    }

    pub fn is_at_end(&self) -> bool {
        self.reader.is_finished()
    }

    /// The next item, whatever it is.
    pub fn any(&mut self) -> Result<Item<'a>, Fault> {
        let bytes = self.reader.tlv_bytes().map_err(|_| self.fault())?;
        let item = AnyRef::from_der(bytes).map_err(|_| self.fault())?;
        let tag = der::Tagged::tag(&item);
        Ok(Item { tag, bytes, content: item.value() })
    }

    /// The next item, which must have `tag`.
    pub fn take(&mut self, tag: Tag) -> Result<Item<'a>, Fault> {
        let item = self.any()?;
        if item.tag == tag { Ok(item) } else { Err(self.fault()) }
    }

    /// The next item if it has `tag`.
    pub fn optional(&mut self, tag: Tag) -> Result<Option<Item<'a>>, Fault> {
        if self.is_at_end() {
            return Ok(None);
        }
        let found = Tag::peek(&self.reader).map_err(|_| self.fault())?;
        if found == tag { self.any().map(Some) } else { Ok(None) }
    }

    /// The next item, decoded.
    pub fn decode<T>(&mut self) -> Result<T, Fault>
    where
        T: Decode<'a>,
    {
        let part = self.part;
        self.any()?.decode(part)
    }

    /// The next item must be this small number.
    pub fn version(&mut self, wanted: u8) -> Result<(), Fault> {
        if self.take(Tag::Integer)?.content == [wanted] { Ok(()) } else { Err(self.fault()) }
    }

    /// Nothing may follow.
    pub fn end(self) -> Result<(), Fault> {
        if self.is_at_end() { Ok(()) } else { Err(self.fault()) }
    }
}

/// `[number]`, constructed.
pub(crate) const fn inside(number: u8) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number as u32) }
}

/// `[number]`, primitive.
pub(crate) const fn plain(number: u8) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number as u32) }
}

/// The magnitude of a DER integer that is not negative, without leading zeros.
pub(crate) fn magnitude(content: &[u8]) -> Option<&[u8]> {
    match content {
        [] => None,
        [first, ..] if first & 0x80 != 0 => None,
        [0, second, ..] if second & 0x80 == 0 => None,
        [0, rest @ ..] => Some(rest),
        whole => Some(whole),
    }
}

/// One DER item of a low tag number, around what `parts` concatenate to.
pub(crate) fn item(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    const SHORT_MAX: usize = 0x7f;
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    if let Some(short) = u8::try_from(length).ok().filter(|_| length <= SHORT_MAX) {
        bytes.push(short);
    } else {
        let big = length.to_be_bytes();
        let zeros = big.iter().take_while(|byte| **byte == 0).count();
        let digits = &big[zeros..];
        bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(digits);
    }
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_written_as_it_is_read() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
            let content = vec![7; length];
            let written = item(0x04, &[&content[..length / 2], &content[length / 2..]]);
            let mut walk = Walk::over(&written, Part::Token).unwrap();
            assert_eq!(walk.take(Tag::OctetString).unwrap().content, content);
            walk.end().unwrap();
        }
    }

    #[test]
    fn a_magnitude_has_one_form() {
        assert_eq!(magnitude(&[0x00]), Some(&[][..]));
        assert_eq!(magnitude(&[0x00, 0x80]), Some(&[0x80][..]));
        assert_eq!(magnitude(&[0x7f, 0x00]), Some(&[0x7f, 0x00][..]));
        for malformed in [&[][..], &[0x80], &[0xff, 0x01], &[0x00, 0x01], &[0x00, 0x00]] {
            assert_eq!(magnitude(malformed), None, "{malformed:?}");
        }
    }
}
