//! The verdict on a token.

use chrono::{DateTime, Utc};
use der::oid::ObjectIdentifier;

use crate::algorithm::Digest;
use crate::certificate::Certificate;
use crate::chain::Search;
use crate::fault::Fault;
use crate::info::{Accuracy, Info};
use crate::request::significant;
use crate::token::Token;

/// What a verified token proves: that somebody had the stamped bytes at a time, in the word of an
/// authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the token was made.
    pub time: DateTime<Utc>,
    /// How far that can be from the true time; `None` where the authority leaves it to its policy.
    pub accuracy: Option<Accuracy>,
    /// The policy it was made under.
    pub policy: ObjectIdentifier,
    /// The authority's number for it, most significant byte first, without leading zeros.
    pub serial: Vec<u8>,
    /// The certificate whose key signed it.
    pub signer: Certificate,
}

/// Verifies a token in DER: that it is about the SHA-256 value `imprint`, answers the request with
/// `nonce` where one is given, and was signed by an authority that `pins` vouch for.
///
/// # Errors
/// The first [`Fault`] found: of its form, of its signature, of its signer, of what it is about.
pub fn verify(
    token: &[u8],
    imprint: &[u8; 32],
    nonce: Option<&[u8]>,
    pins: &[Certificate],
) -> Result<Stamp, Fault> {
    let token = Token::parse(token)?;
    let info = Info::parse(token.content)?;
    token.signer.check_content(token.content)?;
    let signer = token.signer.certificate(token.certificates.iter().chain(pins))?;
    token.signer.check_signature(signer)?;
    signer.check_stamps()?;
    let search = Search { brought: &token.certificates, pins, time: info.time };
    search.check(signer)?;
    if info.imprint != (Digest::Sha256, &imprint[..]) {
        return Err(Fault::Imprint);
    }
    if nonce.is_some_and(|nonce| info.nonce != Some(significant(nonce))) {
        return Err(Fault::Nonce);
    }
    Ok(Stamp {
        time: info.time,
        accuracy: info.accuracy,
        policy: info.policy,
        serial: info.serial.to_vec(),
        signer: signer.clone(),
    })
}
