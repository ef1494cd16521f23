//! The media types that label 259 of a statement may name: all the log says about a payload.

/// Content type of a statement's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentType {
    /// Anything people say; the real type is inside the sealed payload.
    Sealed,
    /// The first entry of a log.
    Genesis,
    /// A version of the policy bundle.
    Policy,
    /// A commitment to the map of subjects.
    Index,
    /// A key was enrolled.
    KeyEnrolled,
    /// A key was replaced by another.
    KeyRotated,
    /// A key was revoked.
    KeyRevoked,
    /// A release of cleared submissions.
    Release,
    /// The public word on a submission.
    Status,
    /// The index of an audit pack, which travels with it and is no entry of any log.
    Pack,
}

impl ContentType {
    /// Every content type.
    pub const ALL: [Self; 10] = [
        Self::Sealed,
        Self::Genesis,
        Self::Policy,
        Self::Index,
        Self::KeyEnrolled,
        Self::KeyRotated,
        Self::KeyRevoked,
        Self::Release,
        Self::Status,
        Self::Pack,
    ];

    /// The media type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "application/vnd.attestry.statement+json",
            Self::Genesis => "application/vnd.attestry.genesis+json",
            Self::Policy => "application/vnd.attestry.policy+json",
            Self::Index => "application/vnd.attestry.index+json",
            Self::KeyEnrolled => "application/vnd.attestry.key-enrolled+json",
            Self::KeyRotated => "application/vnd.attestry.key-rotated+json",
            Self::KeyRevoked => "application/vnd.attestry.key-revoked+json",
            Self::Release => "application/vnd.attestry.release+json",
            Self::Status => "application/vnd.attestry.status+json",
            Self::Pack => "application/vnd.attestry.pack+json",
        }
    }

    /// Reads exactly what [`ContentType::as_str`] writes; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|content_type| content_type.as_str() == text)
    }

    /// Whether the payload is sealed: not public, and erasable.
    #[must_use]
    pub const fn is_sealed(self) -> bool {
        matches!(self, Self::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_as_it_is_written() {
        for content_type in ContentType::ALL {
            assert_eq!(ContentType::parse(content_type.as_str()), Some(content_type));
            assert_eq!(ContentType::parse(&content_type.as_str().to_uppercase()), None);
            assert_eq!(content_type.is_sealed(), content_type == ContentType::Sealed);
        }
        for unknown in ["", "application/json", "application/vnd.attestry.own-work+json"] {
            assert_eq!(ContentType::parse(unknown), None, "{unknown}");
        }
    }
}
