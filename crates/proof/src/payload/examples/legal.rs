//! What legal officers say, and the service in cases.

use super::{digest, envelope, key, read};
use crate::payload::{
    case::{
        CaseApproval, CaseChannel, CaseMoved, CaseOpened, CaseState, CaseStep, Concerned,
        MovedBecause,
    },
    erasure::{Erased, ErasureOrdered, ErasureScope},
    fields::{KeyId, MatterId},
    hold::{HeldByQuery, Hold, HoldRelease, HoldScope},
};

fn matter() -> MatterId {
    read("5f0d7e9a-33c1-8a44-9b12-77a0c4f0e1d2")
}

const fn concerned(count: u64, byte: u8) -> Concerned {
    Concerned { count, sha256: crate::payload::fields::Digest(crate::hash::Hash([byte; 32])) }
}

pub fn hold() -> Hold {
    Hold {
        hold: matter(),
        program: read("pilot"),
        scope: HoldScope::Query(HeldByQuery {
            query: read("Anything that names Kestrel Freight."),
            submissions: vec![envelope().subject],
        }),
        matter: read("Kestrel Freight v. Doe, 26-cv-0117"),
        authority: read("Preservation letter of 2026-04-06 from counsel."),
        custodians: vec![KeyId(key(7).thumbprint())],
    }
}

pub fn hold_release() -> HoldRelease {
    HoldRelease { hold: matter(), reason: read("The parties settled; counsel agrees in writing.") }
}

pub fn case_step() -> CaseStep {
    CaseStep {
        case: matter(),
        after: digest(0x40),
        from: CaseState::Reviewing,
        to: CaseState::PartlyUpheld,
        ground: read("trade-secret"),
        reason: read("secret-shown"),
        concerned: Some(concerned(12, 0x41)),
        evidence: vec![digest(0x42), digest(0x43)],
        statement: Some(read("Two of the files show unpublished rates.")),
    }
}

pub fn case_approval() -> CaseApproval {
    CaseApproval {
        case: matter(),
        approves: digest(0x44),
        concerned: concerned(13, 0x45),
        note: Some(read("I read both files.")),
        officer_is_another_person: true,
    }
}

pub fn case_opened() -> CaseOpened {
    CaseOpened {
        case: matter(),
        program: read("pilot"),
        ground: read("trade-secret"),
        channel: CaseChannel::Notice,
        notice_sha256: Some(digest(0x46)),
        concerned: Some(concerned(14, 0x47)),
        received_at: read("2026-04-05T09:00:00Z"),
    }
}

pub fn case_moved() -> CaseMoved {
    CaseMoved {
        case: matter(),
        after: digest(0x48),
        from: CaseState::Received,
        to: CaseState::Acknowledged,
        because: MovedBecause::AcknowledgementSent,
        moved_at: read("2026-04-05T09:00:01Z"),
    }
}

pub fn erasure_ordered() -> ErasureOrdered {
    ErasureOrdered {
        subject: envelope().subject,
        case: matter(),
        scope: ErasureScope::Files(vec![digest(0x50), digest(0x51)]),
        decision: digest(0x52),
        approval: digest(0x53),
        ordered_at: read("2026-04-20T10:00:00Z"),
    }
}

pub fn erased() -> Erased {
    Erased {
        subject: envelope().subject,
        case: matter(),
        order: digest(0x54),
        keys_destroyed: 91,
        objects_deleted: 92,
        payloads_deleted: 93,
        key_epoch: 94,
        erased_at: read("2026-04-20T10:00:05Z"),
        beyond_backups_from: read("2026-05-25T10:00:05Z"),
    }
}
