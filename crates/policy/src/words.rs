//! Closed sets of words that policies, logged facts and answers share.

/// Defines an enum whose variants are words: `as_str`, `parse`, `ALL`, `Display`, serde as the word.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word back; `None` if there is no such word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|each| each.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What the holder of a key does in the key's program.
    Role {
        /// Submits work.
        Contractor = "contractor",
        /// Countersigns.
        Reviewer = "reviewer",
        /// Runs holds and cases.
        Legal = "legal",
        /// Receives releases.
        Consumer = "consumer",
        /// Administers the program.
        Admin = "admin",
        /// Reads everything of the program.
        Auditor = "auditor",
    }
}

words! {
    /// Where a submission stands, derived from the statements about it.
    State {
        /// Something arrived, not yet everything that clearance asks for.
        Received = "received",
        /// All that the contractor must state is stated.
        Attested = "attested",
        /// A reviewer accepted it.
        Reviewed = "reviewed",
        /// A reviewer sent it back.
        SentBack = "sent-back",
        /// It may be used for some purpose.
        Cleared = "cleared",
        /// It may not be used, or no longer.
        Uncleared = "uncleared",
        /// Every consent was taken back.
        Withdrawn = "withdrawn",
        /// It is locked while something is looked into.
        Quarantined = "quarantined",
        /// Its content and keys are gone.
        Erased = "erased",
    }
}

words! {
    /// What a submission may be used for.
    Purpose {
        /// Training of models.
        Training = "training",
        /// Evaluation of models.
        Evaluation = "evaluation",
        /// Passing the files on to others.
        Redistribution = "redistribution",
    }
}

words! {
    /// What may still be in the files, from nothing to much.
    ResidualRisk {
        /// Nothing known.
        NoneKnown = "none-known",
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }
}

words! {
    /// What a review came to.
    Verdict {
        /// The reviewer agrees.
        Accepted = "accepted",
        /// The contractor must change something.
        SentBack = "sent-back",
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoleSet(u8);

impl RoleSet {
    /// No role.
    pub const EMPTY: Self = Self(0);

    /// Number of different sets.
    pub(crate) const COUNT: usize = 1 << Role::ALL.len();

    /// This set and `role`.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u8)
    }

    /// Whether `role` is in the set.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// The roles, in order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.contains(*role))
    }

    /// Position among all sets, below [`RoleSet::COUNT`].
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Every set.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(Self::COUNT).map(Self)
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_others_do_not() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!(State::parse("sent-back"), Some(State::SentBack));
        assert_eq!(State::parse("SentBack"), None);
        assert!(serde_json::from_str::<Purpose>("\"profit\"").is_err());
    }

    #[test]
    fn a_set_holds_exactly_what_was_put_in() {
        let set: RoleSet = [Role::Legal, Role::Contractor, Role::Legal].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Role::Contractor, Role::Legal]);
        assert!(!set.contains(Role::Admin));
        assert_eq!(RoleSet::EMPTY.iter().count(), 0);
        let all: Vec<RoleSet> = RoleSet::all().collect();
        assert_eq!(all.len(), 64);
        assert!(all.iter().enumerate().all(|(index, set)| set.index() == index));
    }

    #[test]
    fn risk_grows_in_the_order_of_the_words() {
        assert!(ResidualRisk::ALL.is_sorted());
        assert!(ResidualRisk::NoneKnown < ResidualRisk::Low);
    }
}
