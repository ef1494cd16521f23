//! An open document: its objects, its pages and what they inherit (ISO 32000-2 §7.7).

use std::collections::BTreeSet;
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};

use lopdf::{Dictionary, Document, Error, LoadOptions, Object, ObjectId, Stream};

use super::geometry::Rect;
use crate::limits::Limits;
use crate::report::Reason;

/// Parents of a page that are asked for what it inherits.
const PARENTS_MAX: usize = 64;

/// The size of a page that states none: US Letter, as readers take it.
const USUAL_PAGE: [f64; 4] = [0.0, 0.0, 612.0, 792.0];

/// An open document.
pub(crate) struct Pdf {
    pub(crate) doc: Document,
    pub(crate) limits: Limits,
    /// Bytes that may still be unpacked.
    left: u64,
    spent: AtomicU64,
}

/// An unpacked stream, or what could be had of it.
pub(crate) struct Unpacked {
    pub(crate) content: Vec<u8>,
    pub(crate) trouble: Option<Reason>,
}

/// A page and what it inherits.
pub(crate) struct PageDict<'d> {
    pub(crate) dict: &'d Dictionary,
    pub(crate) resources: Option<&'d Dictionary>,
    /// What is shown: the crop box within the media box.
    pub(crate) shown: Rect,
}

impl Pdf {
    /// Opens a file that needs no password.
    pub(crate) fn open(bytes: &[u8], limits: Limits, left: u64) -> Result<Self, Reason> {
        let most = usize::try_from(limits.entry_bytes_max.min(left)).unwrap_or(usize::MAX);
        let options = LoadOptions { max_decompressed_size: Some(most), ..LoadOptions::default() };
        let doc = Document::load_mem_with_options(bytes, options).map_err(|e| reason_of(&e))?;
        if doc.is_encrypted() {
            return Err(Reason::Encrypted);
        }
        Ok(Self { doc, limits, left, spent: AtomicU64::new(0) })
    }

    /// Bytes unpacked so far.
    pub(crate) fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// Unpacks a stream within the bounds of the scan.
    pub(crate) fn unpack(&self, stream: &Stream) -> Unpacked {
        let packed = stream.content.len() as u64;
        let by_ratio =
            packed.saturating_mul(self.limits.ratio_max).max(self.limits.ratio_from_bytes);
        let left = self.left.saturating_sub(self.spent());
        let most = self.limits.entry_bytes_max.min(by_ratio).min(left);
        let mut unpacked = unpack(stream, most);
        self.spent.fetch_add(unpacked.content.len() as u64, Ordering::Relaxed);
        if unpacked.trouble == Some(Reason::TooLarge) {
            let reason = match most {
                _ if most == left => Reason::TotalTooLarge,
                _ if most == by_ratio => Reason::Ratio,
                _ => Reason::TooLarge,
            };
            unpacked.trouble = Some(reason);
        }
        unpacked
    }

    /// The pages in their order; each object once.
    pub(crate) fn pages(&self) -> Vec<ObjectId> {
        let mut seen = BTreeSet::new();
        self.doc.page_iter().filter(|id| seen.insert(*id)).collect()
    }

    /// A page with what it inherits.
    pub(crate) fn page(&self, id: ObjectId) -> Option<PageDict<'_>> {
        let dict = self.doc.get_dictionary(id).ok()?;
        let corners = |key| {
            let numbers =
                inherited(&self.doc, dict, key).map(|object| floats(&self.doc, object))?;
            let corners: [f64; 4] = numbers.try_into().ok()?;
            Some(Rect::between(corners)).filter(|rect| rect.area() > 0.0)
        };
        let media = corners(b"MediaBox".as_slice()).unwrap_or(Rect::between(USUAL_PAGE));
        let shown = corners(b"CropBox").map_or(media, |crop| crop.meet(&media));
        let shown = if shown.is_empty() { media } else { shown };
        let resources = inherited(&self.doc, dict, b"Resources").and_then(dictionary);
        Some(PageDict { dict, resources, shown })
    }

    /// The content of a page, its streams joined.
    pub(crate) fn content(&self, page: &PageDict<'_>) -> Unpacked {
        let mut all = Unpacked { content: Vec::new(), trouble: None };
        let streams: Vec<&Object> = match get(&self.doc, page.dict, b"Contents") {
            Some(Object::Array(parts)) => parts
                .iter()
                .filter_map(|part| self.doc.dereference(part).ok().map(|(_, object)| object))
                .collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        for stream in streams.iter().filter_map(|object| object.as_stream().ok()) {
            let part = self.unpack(stream);
            all.content.extend_from_slice(&part.content);
            all.content.push(b'\n');
            all.trouble = all.trouble.or(part.trouble);
        }
        all
    }
}

fn reason_of(error: &Error) -> Reason {
    match error {
        Error::InvalidPassword | Error::Decryption(_) | Error::UnsupportedSecurityHandler(_) => {
            Reason::Encrypted
        }
        Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => Reason::TooLarge,
        _ => Reason::Broken,
    }
}

/// Unpacks up to `most` bytes; a stream that breaks off gives what comes before.
pub(crate) fn unpack(stream: &Stream, most: u64) -> Unpacked {
    let filters = stream.filters().unwrap_or_default();
    let has_params = stream.dict.has(b"DecodeParms") || stream.dict.has(b"F");
    if filters == [b"FlateDecode".as_slice()] && !has_params {
        let mut content = Vec::new();
        let decoder = flate2::read::ZlibDecoder::new(stream.content.as_slice());
        let outcome = decoder.take(most.saturating_add(1)).read_to_end(&mut content);
        let is_large = content.len() as u64 > most;
        // Writers that leave out the checksum or the stream altogether are common and harmless.
        let is_broken = outcome.is_err() && !is_complete(&stream.content);
        let trouble = match (is_large, is_broken) {
            (true, _) => Some(Reason::TooLarge),
            (_, true) => Some(Reason::Broken),
            _ => None,
        };
        content.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        return Unpacked { content, trouble };
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    match stream.get_plain_content_with_limit(most) {
        Ok(content) => Unpacked { content, trouble: None },
        Err(error) => {
            let trouble = match error {
                Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => {
                    Reason::TooLarge
                }
                Error::Unimplemented(_) => Reason::UnknownCompression,
                _ => Reason::Broken,
            };
            Unpacked { content: Vec::new(), trouble: Some(trouble) }
        }
    }
}

/// Whether packed bytes reach their end apart from the checksum.
fn is_complete(packed: &[u8]) -> bool {
    let body = packed.get(2..).unwrap_or_default();
    std::io::copy(&mut flate2::read::DeflateDecoder::new(body), &mut std::io::sink()).is_ok()
}

/// Content of a stream that is wholly sound and no longer than `most`.
pub(crate) fn unpacked(stream: &Stream, most: u64) -> Result<Vec<u8>, Reason> {
    let unpacked = unpack(stream, most);
    unpacked.trouble.map_or(Ok(unpacked.content), Err)
}

/// A value of a dictionary, followed if it stands elsewhere.
pub(crate) fn get<'d>(doc: &'d Document, dict: &'d Dictionary, key: &[u8]) -> Option<&'d Object> {
    dict.get_deref(key, doc).ok()
}

/// The dictionary that an object is or begins with.
pub(crate) fn dictionary(object: &Object) -> Option<&Dictionary> {
    match object {
        Object::Dictionary(dict) => Some(dict),
        Object::Stream(stream) => Some(&stream.dict),
        _ => None,
    }
}

pub(crate) fn dict_of<'d>(
    doc: &'d Document,
    dict: &'d Dictionary,
    key: &[u8],
) -> Option<&'d Dictionary> {
    get(doc, dict, key).and_then(dictionary)
}

pub(crate) fn name_of<'d>(doc: &'d Document, dict: &'d Dictionary, key: &[u8]) -> Option<&'d [u8]> {
    get(doc, dict, key)?.as_name().ok()
}

pub(crate) fn number_of(doc: &Document, dict: &Dictionary, key: &[u8]) -> Option<f64> {
    get(doc, dict, key)?.as_float().ok().map(f64::from)
}

/// The numbers of an array.
pub(crate) fn numbers(doc: &Document, dict: &Dictionary, key: &[u8]) -> Option<Vec<f64>> {
    let object = get(doc, dict, key)?;
    object.as_array().ok()?;
    Some(floats(doc, object))
}

pub(crate) fn floats(doc: &Document, object: &Object) -> Vec<f64> {
    let entries = object.as_array().map(Vec::as_slice).unwrap_or_default();
    let value = |entry| doc.dereference(entry).ok().and_then(|(_, o)| o.as_float().ok());
    entries.iter().map(|entry| value(entry).map_or(0.0, f64::from)).collect()
}

/// A value of a page or of the nodes above it.
fn inherited<'d>(doc: &'d Document, page: &'d Dictionary, key: &[u8]) -> Option<&'d Object> {
    let mut node = page;
    for _ in 0..PARENTS_MAX {
        if let Some(value) = get(doc, node, key).filter(|value| !value.is_null()) {
            return Some(value);
        }
        node = dict_of(doc, node, b"Parent")?;
    }
    None
}

/// A string of a document as text (ISO 32000-2 §7.9.2.2).
pub(crate) fn text_of(bytes: &[u8]) -> String {
    let utf16 = |rest: &[u8], of: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            // Writers that forget the mark of UTF-8 are more common than letters that look like it.
            Ok(text) => text.to_owned(),
            Err(_) => lopdf::decode_text_string(&Object::string_literal(bytes))
                .unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect()),
        },
    }
}
