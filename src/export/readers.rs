//! Which payloads which reader of a pack is shown. What is left out stays proven by its digest.

use attestry_proof::{pack::Reader, payload::StatementKind};

/// Whether a pack for this reader has the payloads of statements of this kind.
#[must_use]
pub const fn shows(reader: Reader, kind: StatementKind) -> bool {
    use StatementKind as Kind;
    if !kind.is_sealed() {
        return true;
    }
    match reader {
        Reader::Legal | Reader::Auditor => true,
        // Who looked, what somebody else claims, and decisions, whose facts tell of holds and cases,
        // are not for whoever they are about.
        Reader::Contractor | Reader::Reviewer => {
            kind.is_contractor() || matches!(kind, Kind::Review | Kind::Scan)
        }
        // Agreements with employers and what was redacted stay with the program.
        Reader::Consumer => {
            matches!(kind, Kind::Manifest | Kind::OwnWork | Kind::Effort | Kind::Withdrawal)
        }
        Reader::Public => false,
    }
}

/// Whether a pack for this reader has the lists of files.
#[must_use]
pub const fn shows_file_lists(reader: Reader) -> bool {
    !matches!(reader, Reader::Public)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_officers_and_auditors_sees_cases_decisions_and_accesses() {
        for kind in [
            StatementKind::Access,
            StatementKind::Hold,
            StatementKind::CaseStep,
            StatementKind::Clearance,
            StatementKind::Erased,
        ] {
            let seen: Vec<&str> = Reader::ALL
                .iter()
                .filter(|reader| shows(**reader, kind))
                .map(|reader| reader.as_str())
                .collect();
            assert_eq!(seen, ["legal", "auditor"], "{kind}");
        }
    }

    #[test]
    fn what_is_public_is_shown_to_everybody_and_nothing_else_to_anybody() {
        for kind in StatementKind::ALL {
            assert_eq!(shows(Reader::Public, *kind), !kind.is_sealed(), "{kind}");
            assert!(shows(Reader::Legal, *kind));
        }
        assert!(!shows(Reader::Consumer, StatementKind::NdaCheck));
        assert!(shows(Reader::Reviewer, StatementKind::NdaCheck));
        assert!(shows(Reader::Contractor, StatementKind::Review));
    }
}
