//! Digests and signatures: SHA-2, RSA (RFC 8017) and ECDSA on P-256 and P-384 (FIPS 186-5).
//!
//! Only public keys are used, so timing tells nobody anything.

use der::Tag;
use der::asn1::AnyRef;
use der::oid::ObjectIdentifier;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, PublicKey};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_cert::SubjectPublicKeyInfo;

use crate::fault::{Fault, Part};
use crate::walk::{Item, Walk, inside, magnitude};

/// Sizes of RSA moduli that are accepted, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Longest salt of RSASSA-PSS: that of the longest digest.
const SALT_BYTES_MAX: u8 = 64;

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

const SHA_256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");

const RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
const MGF_1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");
const RSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
const RSA_SHA_256: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
const RSA_SHA_384: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
const RSA_SHA_512: ObjectIdentifier = oid("1.2.840.113549.1.1.13");

const ELLIPTIC_CURVE: ObjectIdentifier = oid("1.2.840.10045.2.1");
const P_256: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
const P_384: ObjectIdentifier = oid("1.3.132.0.34");
const ECDSA_SHA_256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
const ECDSA_SHA_384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");
const ECDSA_SHA_512: ObjectIdentifier = oid("1.2.840.10045.4.3.4");

/// An accepted digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    /// Reads an AlgorithmIdentifier whose parameters are absent or NULL (RFC 5754 §2).
    pub fn parse(identifier: Item<'_>) -> Result<Self, Fault> {
        let named = Named::parse(identifier)?;
        let digest = match named.algorithm {
            SHA_256 => Self::Sha256,
            SHA_384 => Self::Sha384,
            SHA_512 => Self::Sha512,
            found => return Err(Fault::Algorithm { found }),
        };
        named.plain()?;
        Ok(digest)
    }

    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

/// An AlgorithmIdentifier: what it names, and its parameters.
struct Named<'a> {
    algorithm: ObjectIdentifier,
    parameters: Option<Item<'a>>,
}

impl<'a> Named<'a> {
    fn parse(identifier: Item<'a>) -> Result<Self, Fault> {
        let mut walk = Walk::sequence(identifier.bytes, Part::Algorithm)?;
        let algorithm = walk.decode()?;
        let parameters = if walk.is_at_end() { None } else { Some(walk.any()?) };
        walk.end()?;
        Ok(Self { algorithm, parameters })
    }

    /// No parameters, or NULL.
    fn plain(&self) -> Result<(), Fault> {
        match self.parameters {
            None => Ok(()),
            Some(Item { tag: Tag::Null, content: [], .. }) => Ok(()),
            Some(_) => Err(Fault::Structure { part: Part::Algorithm }),
        }
    }
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RSASSA-PKCS1-v1_5; `None` where the digest is named elsewhere (RFC 5652 §5.3).
    Rsa(Option<Digest>),
    /// RSASSA-PSS with MGF1 over the same digest, and the length of the salt (RFC 4055 §3.1).
    Pss(Digest, u8),
    /// ECDSA.
    Ecdsa(Digest),
}

impl Scheme {
    /// Reads the AlgorithmIdentifier of a signature.
    pub fn parse(identifier: Item<'_>) -> Result<Self, Fault> {
        let named = Named::parse(identifier)?;
        let scheme = match named.algorithm {
            RSA => Self::Rsa(None),
            RSA_SHA_256 => Self::Rsa(Some(Digest::Sha256)),
            RSA_SHA_384 => Self::Rsa(Some(Digest::Sha384)),
            RSA_SHA_512 => Self::Rsa(Some(Digest::Sha512)),
            RSA_PSS => return pss(&named),
            ECDSA_SHA_256 => Self::Ecdsa(Digest::Sha256),
            ECDSA_SHA_384 => Self::Ecdsa(Digest::Sha384),
            ECDSA_SHA_512 => Self::Ecdsa(Digest::Sha512),
            found => return Err(Fault::Algorithm { found }),
        };
        named.plain()?;
        Ok(scheme)
    }

    /// The digest it names, if it does.
    pub const fn digest(self) -> Option<Digest> {
        match self {
            Self::Rsa(digest) => digest,
            Self::Pss(digest, _) | Self::Ecdsa(digest) => Some(digest),
        }
    }
}

/// RSASSA-PSS-params (RFC 4055 §3.1). Its defaults are SHA-1, so both digests must be there.
fn pss(named: &Named<'_>) -> Result<Scheme, Fault> {
    let malformed = Fault::Structure { part: Part::Algorithm };
    let parameters = named.parameters.ok_or_else(|| malformed.clone())?;
    let mut walk = Walk::sequence(parameters.bytes, Part::Algorithm)?;
    let digest = Digest::parse(walk.take(inside(0))?.walk(Part::Algorithm)?.any()?)?;
    let mask = Named::parse(walk.take(inside(1))?.walk(Part::Algorithm)?.any()?)?;
    let mask_digest = mask.parameters.filter(|_| mask.algorithm == MGF_1);
    if Digest::parse(mask_digest.ok_or_else(|| malformed.clone())?)? != digest {
        return Err(malformed);
    }
    const SALT_BYTES: u8 = 20;
    let salt = match walk.optional(inside(2))? {
        Some(salt) => salt.walk(Part::Algorithm)?.decode()?,
        None => SALT_BYTES,
    };
    walk.end()?;
    if salt > SALT_BYTES_MAX { Err(malformed) } else { Ok(Scheme::Pss(digest, salt)) }
}

/// Whether `signature` is one over `hashed`, the value of `digest`, by the holder of `key`: an error
/// says that the key or the algorithm is not accepted.
pub(crate) fn is_signed(
    key: &SubjectPublicKeyInfo,
    scheme: Scheme,
    digest: Digest,
    hashed: &[u8],
    signature: &[u8],
) -> Result<bool, Fault> {
    let bits = key.subject_public_key.as_bytes().ok_or(Fault::Key)?;
    match (key.algorithm.oid, scheme) {
        (RSA, Scheme::Rsa(_)) => {
            let padding = match digest {
                Digest::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                Digest::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                Digest::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
            };
            Ok(rsa_key(bits)?.verify(padding, hashed, signature).is_ok())
        }
        (RSA, Scheme::Pss(_, salt)) => {
            let (key, salt) = (rsa_key(bits)?, usize::from(salt));
            let verdict = match digest {
                Digest::Sha256 => key.verify(Pss::<Sha256>::new_with_salt(salt), hashed, signature),
                Digest::Sha384 => key.verify(Pss::<Sha384>::new_with_salt(salt), hashed, signature),
                Digest::Sha512 => key.verify(Pss::<Sha512>::new_with_salt(salt), hashed, signature),
            };
            Ok(verdict.is_ok())
        }
        (ELLIPTIC_CURVE, Scheme::Ecdsa(_)) => is_signed_on_curve(key, bits, hashed, signature),
        (RSA | ELLIPTIC_CURVE, _) => Err(Fault::Key),
        (found, _) => Err(Fault::Algorithm { found }),
    }
}

/// RSAPublicKey (RFC 8017 §A.1.1).
fn rsa_key(bits: &[u8]) -> Result<PublicKey, Fault> {
    let key = || {
        let mut walk = Walk::sequence(bits, Part::Certificate).ok()?;
        let modulus = magnitude(walk.take(Tag::Integer).ok()?.content)?;
        let exponent = magnitude(walk.take(Tag::Integer).ok()?.content)?;
        walk.end().ok()?;
        if modulus.len() * 8 > *RSA_BITS.end() || exponent.len() > modulus.len() {
            return None;
        }
        let number = BoxedUint::from_be_slice_vartime;
        PublicKey::new_with_size_limits(number(modulus), number(exponent), RSA_BITS).ok()
    };
    key().ok_or(Fault::Key)
}

/// ECDSA, on the named curve of the key (RFC 5480 §2.1.1).
fn is_signed_on_curve(
    key: &SubjectPublicKeyInfo,
    bits: &[u8],
    hashed: &[u8],
    signature: &[u8],
) -> Result<bool, Fault> {
    let parameters = key.algorithm.parameters.as_ref().ok_or(Fault::Key)?;
    let curve = AnyRef::from(parameters).decode_as::<ObjectIdentifier>().map_err(|_| Fault::Key)?;
    match curve {
        P_256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(bits).map_err(|_| Fault::Key)?;
            let Ok(signature) = p256::ecdsa::Signature::from_der(signature) else {
                return Ok(false);
            };
            Ok(key.verify_prehash(hashed, &signature).is_ok())
        }
        P_384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(bits).map_err(|_| Fault::Key)?;
            let Ok(signature) = p384::ecdsa::Signature::from_der(signature) else {
                return Ok(false);
            };
            Ok(key.verify_prehash(hashed, &signature).is_ok())
        }
        found => Err(Fault::Algorithm { found }),
    }
}
