//! Who signed a token, and what the signature covers (SignerInfo, RFC 5652 §5.3 and §5.4).

use der::oid::ObjectIdentifier;
use der::{Decode, Tag};
use sha1::{Digest as _, Sha1};

use crate::algorithm::{Digest, Scheme};
use crate::certificate::Certificate;
use crate::fault::{Attribute, Fault, Part, Problem};
use crate::token::TIME_STAMP;
use crate::walk::{Item, Walk, inside, item, plain};

const PART: Part = Part::Signer;
const SET: u8 = 0x31;
const SEQUENCE: u8 = 0x30;
/// directoryName, the choice of a GeneralName that is a Name (RFC 5280 §4.2.1.6).
const DIRECTORY_NAME: u8 = 0xa4;

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// How a signature names its certificate.
enum Named<'a> {
    Numbered { issuer: &'a [u8], serial: &'a [u8] },
    KeyIdentifier(&'a [u8]),
}

pub(crate) struct Signer<'a> {
    named: Named<'a>,
    digest: Digest,
    /// As it is in the token, to be found in the token's list.
    pub digest_algorithm: Item<'a>,
    attributes: Item<'a>,
    scheme: Scheme,
    signature: &'a [u8],
}

impl<'a> Signer<'a> {
    pub fn parse(record: Item<'a>) -> Result<Self, Fault> {
        let mut walk = record.walk(PART)?;
        let version = walk.take(Tag::Integer)?.content;
        let named = match version {
            [1] => numbered(walk.take(Tag::Sequence)?)?,
            [3] => Named::KeyIdentifier(walk.take(plain(0))?.content),
            _ => return Err(walk.fault()),
        };
        let digest_algorithm = walk.take(Tag::Sequence)?;
        let digest = Digest::parse(digest_algorithm)?;
        // Signed attributes must be there, since the content is not plain data.
        let attributes = walk.take(inside(0))?;
        let scheme = Scheme::parse(walk.take(Tag::Sequence)?)?;
        let signature = walk.take(Tag::OctetString)?.content;
        // Unsigned attributes prove nothing.
        walk.optional(inside(1))?;
        // Two digests would leave open which of them the attributes were hashed with.
        if scheme.digest().is_some_and(|named| named != digest) {
            return Err(walk.fault());
        }
        walk.end()?;
        Ok(Self { named, digest, digest_algorithm, attributes, scheme, signature })
    }

    /// The certificate that the signature names, among `candidates`; the signed attribute decides
    /// where several have the name.
    pub fn certificate<'c>(
        &self,
        candidates: impl Iterator<Item = &'c Certificate>,
    ) -> Result<&'c Certificate, Fault> {
        let mut fault = Fault::SignerUnknown;
        for candidate in candidates.filter(|candidate| self.names(candidate)) {
            match self.check_certificate(candidate) {
                Ok(()) => return Ok(candidate),
                Err(reason) => fault = reason,
            }
        }
        Err(fault)
    }

    fn names(&self, certificate: &Certificate) -> bool {
        match self.named {
            Named::Numbered { issuer, serial } => certificate.is_numbered(issuer, serial),
            Named::KeyIdentifier(identifier) => certificate.has_key_identifier(identifier),
        }
    }

    /// Checks that content-type and message-digest are those of `content`.
    pub fn check_content(&self, content: &[u8]) -> Result<(), Fault> {
        let value = self.required(CONTENT_TYPE, Attribute::ContentType)?;
        let found = ObjectIdentifier::from_der(value.bytes)
            .map_err(|_| fault(Attribute::ContentType, Problem::Malformed))?;
        if found != TIME_STAMP {
            return Err(fault(Attribute::ContentType, Problem::Mismatch));
        }
        let value = self.required(MESSAGE_DIGEST, Attribute::MessageDigest)?;
        if value.tag != Tag::OctetString {
            return Err(fault(Attribute::MessageDigest, Problem::Malformed));
        }
        if value.content != self.digest.of(content) {
            return Err(fault(Attribute::MessageDigest, Problem::Mismatch));
        }
        Ok(())
    }

    /// Checks that signing-certificate, in either version or in both, is about `certificate`.
    fn check_certificate(&self, certificate: &Certificate) -> Result<(), Fault> {
        const ATTRIBUTE: Attribute = Attribute::SigningCertificate;
        let first = self.attribute(SIGNING_CERTIFICATE, ATTRIBUTE)?;
        let second = self.attribute(SIGNING_CERTIFICATE_V2, ATTRIBUTE)?;
        if first.is_none() && second.is_none() {
            return Err(fault(ATTRIBUTE, Problem::Missing));
        }
        for (value, is_second) in [(first, false), (second, true)] {
            let Some(value) = value else { continue };
            let is_about = identifies(value, is_second, certificate)
                .map_err(|_| fault(ATTRIBUTE, Problem::Malformed))?;
            if !is_about {
                return Err(fault(ATTRIBUTE, Problem::Mismatch));
            }
        }
        Ok(())
    }

    /// Checks the signature over the attributes, which are hashed as a SET (RFC 5652 §5.4).
    pub fn check_signature(&self, certificate: &Certificate) -> Result<(), Fault> {
        let hashed = self.digest.of(&item(SET, &[self.attributes.content]));
        if certificate.has_signed(self.scheme, self.digest, &hashed, self.signature)? {
            Ok(())
        } else {
            Err(Fault::Signature)
        }
    }

    fn required(&self, wanted: ObjectIdentifier, name: Attribute) -> Result<Item<'a>, Fault> {
        self.attribute(wanted, name)?.ok_or_else(|| fault(name, Problem::Missing))
    }

    /// The one value of a signed attribute that is there once at most.
    fn attribute(
        &self,
        wanted: ObjectIdentifier,
        name: Attribute,
    ) -> Result<Option<Item<'a>>, Fault> {
        let mut attributes = self.attributes.walk(PART)?;
        let mut found = None;
        while !attributes.is_at_end() {
            let mut attribute = attributes.take(Tag::Sequence)?.walk(PART)?;
            let identifier: ObjectIdentifier = attribute.decode()?;
            let mut values = attribute.take(Tag::Set)?.walk(PART)?;
            attribute.end()?;
            if identifier != wanted {
                continue;
            }
            let value = values.any()?;
            if found.replace(value).is_some() || !values.is_at_end() {
                return Err(fault(name, Problem::Repeated));
            }
        }
        Ok(found)
    }
}

const fn fault(attribute: Attribute, problem: Problem) -> Fault {
    Fault::Attribute { attribute, problem }
}

fn numbered(item: Item<'_>) -> Result<Named<'_>, Fault> {
    let mut walk = item.walk(PART)?;
    let issuer = walk.take(Tag::Sequence)?.bytes;
    let serial = walk.take(Tag::Integer)?.content;
    walk.end()?;
    Ok(Named::Numbered { issuer, serial })
}

/// Whether a signing-certificate attribute is about `certificate`: the first of its identifiers is
/// the signer's, the others are left alone (RFC 2634 §5.4, RFC 5035 §3).
fn identifies(value: Item<'_>, is_second: bool, certificate: &Certificate) -> Result<bool, Fault> {
    let mut walk = Walk::sequence(value.bytes, PART)?;
    let mut identifiers = walk.take(Tag::Sequence)?.walk(PART)?;
    // Policies of the authority.
    walk.optional(Tag::Sequence)?;
    walk.end()?;
    let mut identifier = identifiers.take(Tag::Sequence)?.walk(PART)?;
    let hashed = if is_second {
        let algorithm = identifier.optional(Tag::Sequence)?;
        algorithm.map_or(Ok(Digest::Sha256), Digest::parse)?.of(certificate.der())
    } else {
        Sha1::digest(certificate.der()).to_vec()
    };
    let is_hashed = identifier.take(Tag::OctetString)?.content == hashed;
    let is_named = match identifier.optional(Tag::Sequence)? {
        Some(named) => {
            let mut named = named.walk(PART)?;
            let issuer = named.take(Tag::Sequence)?.bytes;
            let serial = named.take(Tag::Integer)?.content;
            named.end()?;
            let name = item(DIRECTORY_NAME, &[certificate.issuer()]);
            issuer == item(SEQUENCE, &[&name])
                && certificate.is_numbered(certificate.issuer(), serial)
        }
        None => true,
    };
    identifier.end()?;
    Ok(is_hashed && is_named)
}
