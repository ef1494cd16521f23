//! X.509 certificates (RFC 5280 §4.1), with the bytes that names and signatures are compared by.

use std::fmt;

use chrono::{DateTime, Utc};
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Tag, pem};
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::time::Time;

use crate::algorithm::{Scheme, is_signed};
use crate::fault::{Fault, Part, PurposeProblem};
use crate::walk::{Walk, inside};
use crate::{CERTIFICATES_MAX, PINS_BYTES_MAX, TOKEN_BYTES_MAX};

/// id-kp-timeStamping (RFC 3161 §2.3).
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

/// The extensions that may be critical, since they are judged here.
const UNDERSTOOD: [ObjectIdentifier; 4] =
    [BasicConstraints::OID, KeyUsage::OID, ExtendedKeyUsage::OID, SubjectKeyIdentifier::OID];

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// A certificate that was read; whether anything vouches for it is another question.
///
/// Two are equal if their DER is.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    algorithm: Vec<u8>,
    parsed: x509_cert::Certificate,
}

impl Certificate {
    /// Reads one certificate in DER.
    ///
    /// # Errors
    /// [`Fault::TooLarge`] or [`Fault::Structure`].
    pub fn parse_der(bytes: &[u8]) -> Result<Self, Fault> {
        const PART: Part = Part::Certificate;
        if bytes.len() > TOKEN_BYTES_MAX {
            return Err(Fault::TooLarge { found: bytes.len(), limit: TOKEN_BYTES_MAX });
        }
        let malformed = Fault::Structure { part: PART };
        let parsed = x509_cert::Certificate::from_der(bytes).map_err(|_| malformed.clone())?;
        let mut whole = Walk::sequence(bytes, PART)?;
        let signed = whole.take(Tag::Sequence)?;
        let algorithm = whole.take(Tag::Sequence)?.bytes;
        let mut fields = signed.walk(PART)?;
        fields.optional(inside(0))?;
        let serial = fields.take(Tag::Integer)?.content;
        // Both say how the signature is made, and only one of them is signed (RFC 5280 §4.1.1.2).
        if fields.take(Tag::Sequence)?.bytes != algorithm {
            return Err(malformed);
        }
        let issuer = fields.take(Tag::Sequence)?.bytes;
        let _validity = fields.take(Tag::Sequence)?;
        let subject = fields.take(Tag::Sequence)?.bytes;
        Ok(Self {
            der: bytes.to_vec(),
            signed: signed.bytes.to_vec(),
            serial: serial.to_vec(),
            issuer: issuer.to_vec(),
            subject: subject.to_vec(),
            algorithm: algorithm.to_vec(),
            parsed,
        })
    }

    /// Reads the certificates of a PEM text, in their order; text between them is skipped.
    ///
    /// # Errors
    /// [`Fault::TooLarge`], [`Fault::TooManyCertificates`] or [`Fault::Structure`], also where there
    /// is none.
    pub fn parse_pem(text: &str) -> Result<Vec<Self>, Fault> {
        if text.len() > PINS_BYTES_MAX {
            return Err(Fault::TooLarge { found: text.len(), limit: PINS_BYTES_MAX });
        }
        let malformed = || Fault::Structure { part: Part::Pem };
        let mut certificates = Vec::new();
        let mut rest = text;
        while let Some(begin) = rest.find(PEM_BEGIN) {
            if certificates.len() == CERTIFICATES_MAX {
                return Err(Fault::TooManyCertificates { limit: CERTIFICATES_MAX });
            }
            let from_begin = &rest[begin..];
            let end = from_begin.find(PEM_END).ok_or_else(malformed)? + PEM_END.len();
            let (_, der) =
                pem::decode_vec(&from_begin.as_bytes()[..end]).map_err(|_| malformed())?;
            certificates.push(Self::parse_der(&der)?);
            rest = &from_begin[end..];
        }
        if certificates.is_empty() { Err(malformed()) } else { Ok(certificates) }
    }

    /// The DER that was read.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject as a distinguished name (RFC 4514).
    #[must_use]
    pub fn subject(&self) -> String {
        self.parsed.tbs_certificate().subject().to_string()
    }

    /// When it becomes valid, and the last second in which it is.
    #[must_use]
    pub fn validity(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let validity = self.parsed.tbs_certificate().validity();
        (moment(validity.not_before), moment(validity.not_after))
    }

    /// Whether an issuer and a serial number, in DER and as content of one, are its own.
    pub(crate) fn is_numbered(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.issuer == issuer && self.serial == serial
    }

    /// Whether it has this subject key identifier.
    pub(crate) fn has_key_identifier(&self, identifier: &[u8]) -> bool {
        let found: Result<Option<SubjectKeyIdentifier>, Fault> = self.extension();
        matches!(found, Ok(Some(SubjectKeyIdentifier(own))) if own.as_bytes() == identifier)
    }

    /// The name of the issuer, in DER.
    pub(crate) fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    pub(crate) fn is_named_as_issuer_of(&self, other: &Self) -> bool {
        self.subject == other.issuer
    }

    /// Checks a signature over `hashed` by this certificate's key.
    pub(crate) fn has_signed(
        &self,
        scheme: Scheme,
        digest: crate::algorithm::Digest,
        hashed: &[u8],
        signature: &[u8],
    ) -> Result<bool, Fault> {
        let key = self.parsed.tbs_certificate().subject_public_key_info();
        is_signed(key, scheme, digest, hashed, signature)
    }

    /// Checks that the key of `issuer` has signed this certificate.
    pub(crate) fn check_signed_by(&self, issuer: &Self) -> Result<(), Fault> {
        let mut algorithm = Walk::over(&self.algorithm, Part::Certificate)?;
        let scheme = Scheme::parse(algorithm.any()?)?;
        let digest = scheme.digest().ok_or(Fault::Structure { part: Part::Certificate })?;
        let signature = self.parsed.signature().as_bytes().ok_or(Fault::CertificateSignature)?;
        if issuer.has_signed(scheme, digest, &digest.of(&self.signed), signature)? {
            Ok(())
        } else {
            Err(Fault::CertificateSignature)
        }
    }

    /// Checks that it is valid at `time` and says nothing critical that is not understood.
    pub(crate) fn check_valid(&self, time: DateTime<Utc>) -> Result<(), Fault> {
        let (not_before, not_after) = self.validity();
        if time < not_before {
            return Err(Fault::NotYetValid { not_before, time });
        }
        if time > not_after {
            return Err(Fault::Expired { not_after, time });
        }
        let extensions = self.parsed.tbs_certificate().extensions().into_iter().flatten();
        let mut critical = extensions.filter(|extension| extension.critical);
        match critical.find(|extension| !UNDERSTOOD.contains(&extension.extn_id)) {
            Some(extension) => Err(Fault::CriticalExtension { found: extension.extn_id }),
            None => Ok(()),
        }
    }

    /// Checks that it is for time stamping, critically and for nothing else (RFC 3161 §2.3), and that
    /// its key may sign.
    pub(crate) fn check_stamps(&self) -> Result<(), Fault> {
        let eku = |problem| Err(Fault::Eku { problem });
        let found: Option<(bool, ExtendedKeyUsage)> = self.marked_extension()?;
        match found {
            None => return eku(PurposeProblem::Missing),
            Some((_, usage)) if usage.0 != [TIME_STAMPING] => return eku(PurposeProblem::Other),
            Some((false, _)) => return eku(PurposeProblem::NotCritical),
            Some((true, _)) => {}
        }
        let usage: Option<KeyUsage> = self.extension()?;
        match usage {
            Some(usage) if !usage.digital_signature() && !usage.non_repudiation() => {
                Err(Fault::KeyUsage)
            }
            _ => Ok(()),
        }
    }

    /// Checks that it may issue certificates with `below` intermediate ones under it
    /// (RFC 5280 §6.1.4, steps k to n).
    pub(crate) fn check_issues(&self, below: usize) -> Result<(), Fault> {
        let constraints: Option<BasicConstraints> = self.extension()?;
        let constraints = constraints.filter(|found| found.ca).ok_or(Fault::NotAuthority)?;
        if let Some(limit) = constraints.path_len_constraint.map(usize::from)
            && below > limit
        {
            return Err(Fault::PathLength { found: below, limit });
        }
        let usage: Option<KeyUsage> = self.extension()?;
        match usage {
            Some(usage) if !usage.0.contains(KeyUsages::KeyCertSign) => Err(Fault::KeyUsage),
            _ => Ok(()),
        }
    }

    fn extension<'a, T>(&'a self) -> Result<Option<T>, Fault>
    where
        T: Decode<'a> + AssociatedOid,
    {
        Ok(self.marked_extension()?.map(|(_, extension)| extension))
    }

    /// An extension, which is there once at most, and whether it is critical.
    fn marked_extension<'a, T>(&'a self) -> Result<Option<(bool, T)>, Fault>
    where
        T: Decode<'a> + AssociatedOid,
    {
        let found = self.parsed.tbs_certificate().get_extension::<T>();
        found.map_err(|_| Fault::Structure { part: Part::Certificate })
    }
}

fn moment(time: Time) -> DateTime<Utc> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.subject())
    }
}
