//! Whether one catalogue continues another: what was signed under the earlier one can still be read.

use super::{ClauseCatalogue, ClauseText};
use crate::Digest;

/// Why a catalogue does not continue an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A text was edited in place.
    #[error(
        "the text {set} {version} {locale} is another than before; restore it, and put the change \
         into a file with a new version"
    )]
    Changed {
        /// Clause set.
        set: Box<str>,
        /// Version.
        version: Box<str>,
        /// Language.
        locale: Box<str>,
        /// SHA-256 of the text now.
        found: Digest,
        /// SHA-256 of the text before.
        required: Digest,
    },
    /// A text was taken out.
    #[error(
        "the text {set} {version} {locale} is gone; what was signed under it must stay readable"
    )]
    Gone {
        /// Clause set.
        set: Box<str>,
        /// Version.
        version: Box<str>,
        /// Language.
        locale: Box<str>,
        /// SHA-256 of the text before.
        required: Digest,
    },
}

impl ClauseCatalogue {
    /// Requires that every text of an earlier catalogue is still there, byte for byte.
    ///
    /// # Errors
    /// See [`HistoryError`]; the first in the order of the earlier catalogue.
    pub fn continues(&self, earlier: &Self) -> Result<(), HistoryError> {
        earlier.texts().iter().try_for_each(|text| self.keeps(text))
    }

    fn keeps(&self, before: &ClauseText) -> Result<(), HistoryError> {
        let (set, version, locale) = (before.set(), before.version(), before.locale());
        let required = *before.sha256();
        match self.get(set, version, locale).map(|text| *text.sha256()) {
            Some(found) if found == required => Ok(()),
            Some(found) => Err(HistoryError::Changed {
                set: set.into(),
                version: version.into(),
                locale: locale.into(),
                found,
                required,
            }),
            None => Err(HistoryError::Gone {
                set: set.into(),
                version: version.into(),
                locale: locale.into(),
                required,
            }),
        }
    }
}
