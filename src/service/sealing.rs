//! Under whose key a payload is sealed: what goes with the content when it is erased, and what stays
//! as the record of it.

use attestry_proof::{cose::Subject, hash::Hash, payload::Payload};
use uuid::Uuid;

use super::own_ids::own_id;

const RECORD_LABEL: &[u8] = b"attestry/record/v1";

/// Id under whose key payloads about a subject are sealed, and wait for their statement. About a key
/// it is the first half of its thumbprint, so that it can be found again and erased by itself.
#[must_use]
pub fn sealed_under(subject: Subject) -> Uuid {
    match subject {
        Subject::Submission(id) => id,
        Subject::Key(thumbprint) => {
            let mut id = [0; 16];
            id.copy_from_slice(&thumbprint.0.0[..16]);
            own_id(id)
        }
    }
}

/// Id under whose key this payload is sealed. What the contractor says goes with the content; what
/// others decided about it is the record, which outlives the content under a key of its own; an
/// erasure is recorded with its case.
#[must_use]
pub fn sealing_id(subject: Subject, payload: &Payload) -> Uuid {
    match (payload, subject) {
        (
            Payload::Review(_) | Payload::Clearance(_) | Payload::Access(_),
            Subject::Submission(id),
        ) => record_id(id),
        (Payload::ErasureOrdered(said), _) => said.body().case.0,
        (Payload::Erased(said), _) => said.body().case.0,
        _ => sealed_under(subject),
    }
}

/// Id of the record about a submission.
#[must_use]
pub fn record_id(submission: Uuid) -> Uuid {
    let digest = Hash::of_parts(&[RECORD_LABEL, submission.as_bytes()]);
    let mut id = [0; 16];
    id.copy_from_slice(&digest.0[..16]);
    own_id(id)
}

#[cfg(test)]
mod tests {
    use attestry_proof::payload::StatementKind;

    use super::*;

    fn example(kind: &str) -> Payload {
        let kind = StatementKind::parse(kind).unwrap();
        let name = format!("tests/fuzz/corpus/payload/{kind}.json");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        Payload::parse(&std::fs::read(path).unwrap(), kind.is_sealed()).unwrap()
    }

    #[test]
    fn the_record_of_a_submission_is_not_under_its_own_key() {
        for kind in ["review", "clearance", "access"] {
            let payload = example(kind);
            let subject = payload.subject().unwrap();
            let Subject::Submission(id) = subject else { panic!("{kind}") };
            assert_eq!(sealing_id(subject, &payload), record_id(id), "{kind}");
            assert_ne!(record_id(id), id);
        }
        for kind in ["effort", "manifest", "scan", "withdrawal", "hold", "case-step"] {
            let payload = example(kind);
            let subject = payload.subject().unwrap();
            assert_eq!(sealing_id(subject, &payload), sealed_under(subject), "{kind}");
        }
    }

    #[test]
    fn an_erasure_is_recorded_with_its_case() {
        for kind in ["erasure-ordered", "erased"] {
            let payload = example(kind);
            let subject = payload.subject().unwrap();
            let Payload::CaseOpened(case) = example("case-opened") else { panic!() };
            assert_eq!(sealing_id(subject, &payload), case.body().case.0);
        }
    }
}
