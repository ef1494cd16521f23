//! What is asked of an authority, and how its answer begins (RFC 3161 §2.4).

use der::Tag;

use crate::TOKEN_BYTES_MAX;
use crate::fault::{Fault, Part};
use crate::walk::{Walk, item};

/// Most bytes of an authority's words that are kept.
const TEXT_BYTES_MAX: usize = 1024;

/// SHA-256 as an AlgorithmIdentifier, without parameters (RFC 5754 §2).
const SHA_256: [u8; 13] =
    [0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const TRUE: [u8; 3] = [0x01, 0x01, 0xff];
const VERSION_1: [u8; 3] = [INTEGER, 0x01, 0x01];

/// The DER of a TimeStampReq for a SHA-256 digest (RFC 3161 §2.4.1).
///
/// `nonce` is an unsigned number, most significant byte first: it should be new and random each
/// time. The signer's certificate is asked for, so that the token can be verified offline.
#[must_use]
pub fn request(digest: &[u8; 32], nonce: &[u8]) -> Vec<u8> {
    let imprint = item(SEQUENCE, &[&SHA_256, &item(OCTET_STRING, &[digest])]);
    let number = significant(nonce);
    let is_high = number.first().is_none_or(|first| first & 0x80 != 0);
    let sign: &[u8] = if is_high { &[0] } else { &[] };
    item(SEQUENCE, &[&VERSION_1, &imprint, &item(INTEGER, &[sign, number]), &TRUE])
}

/// An unsigned number without its leading zeros.
pub(crate) fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// PKIStatus of an answer without a token (RFC 3161 §2.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The request was rejected (2).
    Rejected,
    /// The request has not been carried out yet (3).
    Waiting,
    /// A revocation of the authority is near (4).
    RevocationWarning,
    /// The authority's certificate was revoked (5).
    Revoked,
}

/// Why an answer brings no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The answer cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Fault),
    /// The authority gave none.
    #[error("the authority gave no token ({status:?}, failure bits {bits:?}): {text}")]
    Refused {
        /// Its status.
        status: Status,
        /// Its words, cut to 1,024 bytes; empty if it gave none.
        text: String,
        /// The bits of PKIFailureInfo that are set, such as 2 for a bad request.
        bits: Vec<usize>,
    },
}

/// An answer that brings a token: nothing in it is verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    token: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads the DER of a TimeStampResp (RFC 3161 §2.4.2).
    ///
    /// # Errors
    /// [`Refusal::Refused`] with the authority's words, or [`Refusal::Unreadable`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        if bytes.len() > TOKEN_BYTES_MAX {
            return Err(Fault::TooLarge { found: bytes.len(), limit: TOKEN_BYTES_MAX }.into());
        }
        let mut response = Walk::sequence(bytes, Part::Response)?;
        let mut info = response.take(Tag::Sequence)?.walk(Part::Response)?;
        let status: u8 = info.decode()?;
        let text = match info.optional(Tag::Sequence)? {
            Some(texts) => free_text(texts.walk(Part::Response)?)?,
            None => String::new(),
        };
        let bits = match info.optional(Tag::BitString)? {
            Some(bits) => set_bits(bits.content),
            None => Vec::new(),
        };
        info.end()?;
        let status = match status {
            // Granted, and granted with modifications, which the token itself shows.
            0 | 1 => {
                let token = response.take(Tag::Sequence)?.bytes;
                response.end()?;
                return Ok(Self { token });
            }
            2 => Status::Rejected,
            3 => Status::Waiting,
            4 => Status::RevocationWarning,
            5 => Status::Revoked,
            _ => return Err(response.fault().into()),
        };
        response.end()?;
        Err(Refusal::Refused { status, text, bits })
    }

    /// The DER of the token, for [`crate::verify()`].
    #[must_use]
    pub const fn token(&self) -> &'a [u8] {
        self.token
    }
}

/// PKIFreeText (RFC 4210 §5.1.1): its lines, without control characters, up to the limit.
fn free_text(mut texts: Walk<'_>) -> Result<String, Fault> {
    let mut words = String::new();
    while !texts.is_at_end() {
        let line: String = texts.decode()?;
        let separator = if words.is_empty() { "" } else { "; " };
        let shown = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
        for letter in separator.chars().chain(shown) {
            if words.len() + letter.len_utf8() > TEXT_BYTES_MAX {
                return Ok(words);
            }
            words.push(letter);
        }
    }
    Ok(words)
}

/// Numbers of the bits that are set; the first byte says how many at the end do not count.
fn set_bits(content: &[u8]) -> Vec<usize> {
    let bits = content.get(1..).unwrap_or_default();
    let is_set = |at: &usize| bits[at / 8] & 0x80 >> (at % 8) != 0;
    (0..bits.len().min(8) * 8).filter(is_set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_an_unsigned_number_in_its_shortest_form() {
        let numbers: [(&[u8], &[u8]); 5] = [
            (&[], &[2, 1, 0]),
            (&[0, 0], &[2, 1, 0]),
            (&[0, 0x7f], &[2, 1, 0x7f]),
            (&[0x80], &[2, 2, 0, 0x80]),
            (&[0, 1, 0], &[2, 2, 1, 0]),
        ];
        for (nonce, encoded) in numbers {
            let tail = [encoded, &TRUE].concat();
            assert!(request(&[7; 32], nonce).ends_with(&tail), "{nonce:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_with_its_words_and_bits() {
        // rejection, "no\nidea", "sorry", badRequest and systemFailure (bits 2 and 25).
        let words = item(SEQUENCE, &[&item(0x0c, &[b"no\nidea"]), &item(0x0c, &[b"sorry"])]);
        let bits = item(0x03, &[&[6, 0x20, 0, 0, 0x40]]);
        let answer = item(SEQUENCE, &[&item(SEQUENCE, &[&[2, 1, 2], &words, &bits])]);
        let refusal = Refusal::Refused {
            status: Status::Rejected,
            text: "no idea; sorry".to_owned(),
            bits: vec![2, 25],
        };
        assert_eq!(Response::parse(&answer), Err(refusal));
    }

    #[test]
    fn an_answer_that_grants_nothing_or_is_too_large_is_unreadable() {
        let granted = item(SEQUENCE, &[&item(SEQUENCE, &[&[2, 1, 0]])]);
        let unreadable = Fault::Structure { part: Part::Response };
        assert_eq!(Response::parse(&granted), Err(unreadable.into()));
        let large = vec![0x30; TOKEN_BYTES_MAX + 1];
        let fault = Fault::TooLarge { found: large.len(), limit: TOKEN_BYTES_MAX };
        assert_eq!(Response::parse(&large), Err(fault.into()));
    }
}
