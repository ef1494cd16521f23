//! The envelope of a time stamp: CMS signed data with one signer (RFC 5652 §5).
//!
//! Read by hand rather than by the `cms` crate, which sorts the sets that it reads: attributes are
//! hashed as they came, and lists of certificates are seldom in the order of a DER set.

use der::Tag;
use der::oid::ObjectIdentifier;

use crate::certificate::Certificate;
use crate::fault::{Fault, Part};
use crate::signer::Signer;
use crate::walk::{Item, Walk, inside};
use crate::{CERTIFICATES_MAX, TOKEN_BYTES_MAX};

const PART: Part = Part::Token;
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-ct-TSTInfo (RFC 3161 §2.4.2).
pub(crate) const TIME_STAMP: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

pub(crate) struct Token<'a> {
    /// The DER of the TSTInfo, which the signature is about.
    pub content: &'a [u8],
    pub certificates: Vec<Certificate>,
    pub signer: Signer<'a>,
}

impl<'a> Token<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        if bytes.len() > TOKEN_BYTES_MAX {
            return Err(Fault::TooLarge { found: bytes.len(), limit: TOKEN_BYTES_MAX });
        }
        let mut data = signed_data(bytes)?;
        // Version 3, since the content is not plain data (RFC 5652 §5.1).
        data.version(3)?;
        let digests = data.take(Tag::Set)?;
        let content = content(data.take(Tag::Sequence)?)?;
        let certificates = match data.optional(inside(0))? {
            Some(brought) => certificates(brought)?,
            None => Vec::new(),
        };
        // Revocation lists, which are not judged here.
        data.optional(inside(1))?;
        let signers = data.take(Tag::Set)?;
        data.end()?;
        let signer = Signer::parse(only(signers)?)?;
        if !contains(digests, signer.digest_algorithm)? {
            return Err(Fault::Structure { part: PART });
        }
        Ok(Self { content, certificates, signer })
    }
}

/// The fields of the SignedData in a ContentInfo (RFC 5652 §3).
fn signed_data(bytes: &[u8]) -> Result<Walk<'_>, Fault> {
    let mut outer = Walk::sequence(bytes, PART)?;
    let found: ObjectIdentifier = outer.decode()?;
    if found != SIGNED_DATA {
        return Err(Fault::ContentType { found });
    }
    let mut wrapper = outer.take(inside(0))?.walk(PART)?;
    outer.end()?;
    let data = wrapper.take(Tag::Sequence)?.walk(PART)?;
    wrapper.end()?;
    Ok(data)
}

/// The octets of an EncapsulatedContentInfo (RFC 5652 §5.2).
fn content(item: Item<'_>) -> Result<&[u8], Fault> {
    let mut walk = item.walk(PART)?;
    let found: ObjectIdentifier = walk.decode()?;
    if found != TIME_STAMP {
        return Err(Fault::ContentType { found });
    }
    let mut wrapper = walk.take(inside(0))?.walk(PART)?;
    walk.end()?;
    let octets = wrapper.take(Tag::OctetString)?.content;
    wrapper.end()?;
    Ok(octets)
}

fn certificates(brought: Item<'_>) -> Result<Vec<Certificate>, Fault> {
    let mut walk = brought.walk(PART)?;
    let mut certificates = Vec::new();
    while !walk.is_at_end() {
        if certificates.len() == CERTIFICATES_MAX {
            return Err(Fault::TooManyCertificates { limit: CERTIFICATES_MAX });
        }
        certificates.push(Certificate::parse_der(walk.take(Tag::Sequence)?.bytes)?);
    }
    Ok(certificates)
}

fn only(signers: Item<'_>) -> Result<Item<'_>, Fault> {
    let mut walk = signers.walk(PART)?;
    let mut found = Vec::new();
    while !walk.is_at_end() {
        found.push(walk.take(Tag::Sequence)?);
    }
    match found[..] {
        [signer] => Ok(signer),
        _ => Err(Fault::Signers { found: found.len() }),
    }
}

fn contains(set: Item<'_>, wanted: Item<'_>) -> Result<bool, Fault> {
    let mut walk = set.walk(PART)?;
    let mut is_there = false;
    while !walk.is_at_end() {
        is_there |= walk.take(Tag::Sequence)?.bytes == wanted.bytes;
    }
    Ok(is_there)
}
