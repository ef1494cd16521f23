//! From the signer's certificate to a pinned one (RFC 5280 §6.1, as far as it concerns a chain whose
//! end is trusted as a whole).

use chrono::{DateTime, Utc};

use crate::DEPTH_MAX;
use crate::certificate::Certificate;
use crate::fault::Fault;

/// Most signatures of certificates that are verified for one token.
const SIGNATURES_MAX: usize = 4 * DEPTH_MAX;

/// What a chain may be made of.
pub(crate) struct Search<'a> {
    /// The certificates that the token brings.
    pub brought: &'a [Certificate],
    /// The certificates that are trusted.
    pub pins: &'a [Certificate],
    /// When all of them must be valid.
    pub time: DateTime<Utc>,
}

impl Search<'_> {
    /// Checks that `signer` is valid and is pinned, or that issuers lead from it to a pin.
    pub fn check(&self, signer: &Certificate) -> Result<(), Fault> {
        signer.check_valid(self.time)?;
        let mut signatures_left = SIGNATURES_MAX;
        self.climb(signer, 0, &mut signatures_left)
    }

    /// `below` issuers were passed already. Of several ways, one that holds is enough; if none does,
    /// the first that failed says why.
    fn climb(
        &self,
        certificate: &Certificate,
        below: usize,
        signatures_left: &mut usize,
    ) -> Result<(), Fault> {
        if self.pins.contains(certificate) {
            return Ok(());
        }
        let mut reason = Fault::NotPinned;
        if below == DEPTH_MAX {
            return Err(reason);
        }
        let candidates = self.pins.iter().chain(self.brought);
        for issuer in candidates.filter(|issuer| issuer.is_named_as_issuer_of(certificate)) {
            if issuer == certificate || *signatures_left == 0 {
                continue;
            }
            *signatures_left -= 1;
            let verdict = self
                .check_issuer(issuer, certificate, below)
                .and_then(|()| self.climb(issuer, below + 1, signatures_left));
            match verdict {
                Ok(()) => return Ok(()),
                Err(fault) if reason == Fault::NotPinned => reason = fault,
                Err(_) => {}
            }
        }
        Err(reason)
    }

    fn check_issuer(
        &self,
        issuer: &Certificate,
        certificate: &Certificate,
        below: usize,
    ) -> Result<(), Fault> {
        certificate.check_signed_by(issuer)?;
        issuer.check_issues(below)?;
        issuer.check_valid(self.time)
    }
}
