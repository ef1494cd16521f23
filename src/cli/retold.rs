//! Who signed and under which law, as the service retells it: for a key that took the place of a
//! lost one. It may take back what the lost one said, and not open it.

use attestry_policy::clauses::ClauseCatalogue;
use attestry_proof::{
    hash::Hash,
    manifest::Role as Side,
    payload::{
        envelope::{
            Capacity, ClauseReference, DutyToUpdate, Envelope, Knowledge, ManifestCommitment,
            Signer,
        },
        fields::{Digest, SubmissionId, Timestamp},
        text::Jurisdiction,
    },
};

use super::{office, output::Failure, submit};
use crate::{
    clock::{Clock as _, SystemClock},
    http::routes::submissions::{CustodyInfo, ManifestInfo, SubmissionInfo},
};

/// The envelope of an attestation that is read no further than its summary. Whoever signs sees it
/// before.
///
/// # Errors
/// A [`Failure`] that names what the summary lacks.
pub fn envelope(
    event: &CustodyInfo,
    submission: &SubmissionInfo,
    catalogue: &ClauseCatalogue,
) -> Result<Envelope, Failure> {
    let told = |label: &str| {
        let mut lines = event.summary.iter().flatten();
        lines.find(|(known, _)| known == label).map(|(_, value)| value.as_str())
    };
    let missing = |label: &str| {
        Failure::service(format!("entry {}: the service does not tell: {label}", event.index))
    };
    let law = |label: &str| {
        told(label).and_then(|text| Jurisdiction::new(text).ok()).ok_or_else(|| missing(label))
    };
    let capacity = told("Signer's capacity").and_then(Capacity::parse);
    let knowledge = told("Knowledge").and_then(Knowledge::parse);
    let shown = told("Clauses shown").unwrap_or_default();
    let text = catalogue.texts().iter().find(|text| {
        shown.starts_with(&format!("{} {} ({})", text.set(), text.version(), text.locale()))
    });
    let text = text.ok_or_else(|| missing("Clauses shown"))?;
    let clauses: ClauseReference = office::reference(text)?;
    Ok(Envelope {
        subject: SubmissionId(submission.id),
        stated_at: Timestamp::new(SystemClock.now())
            .ok_or_else(|| Failure::usage("the clock is outside the years 1 to 9999"))?,
        clauses,
        answers: Vec::new(),
        manifests: submission.manifests.iter().map(manifest).collect::<Result<_, _>>()?,
        signer: Signer {
            capacity: capacity.ok_or_else(|| missing("Signer's capacity"))?,
            jurisdiction: law("Signer's jurisdiction")?,
            governing_law: law("Governing law")?,
        },
        work_period: None,
        knowledge: knowledge.ok_or_else(|| missing("Knowledge"))?,
        duty_to_update: DutyToUpdate::Agreed,
        electronic_signature: office::electronic_signature(catalogue, text.locale())?,
        supersedes: None,
        tool: submit::tool()?,
    })
}

fn manifest(info: &ManifestInfo) -> Result<ManifestCommitment, Failure> {
    let unusable = || Failure::service("the service answered with a malformed manifest");
    let commitment = Digest(Hash::from_hex(&info.commitment).ok_or_else(unusable)?);
    let role = match info.role.as_str() {
        "request" => Side::Request,
        "deliverable" => Side::Deliverable,
        _ => return Err(unusable()),
    };
    Ok(ManifestCommitment { role, commitment, count: info.files })
}

#[cfg(test)]
mod tests {
    use attestry_proof::custody::CustodyEvent;

    use super::*;
    use crate::assets;

    fn catalogue() -> ClauseCatalogue {
        let files = assets::policies();
        let named: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        ClauseCatalogue::parse(&named).unwrap()
    }

    fn submission(role: &str) -> SubmissionInfo {
        let manifest = ManifestInfo {
            commitment: "1".repeat(64),
            role: role.to_owned(),
            files: 3,
            bytes: 9,
            openings: "2".repeat(64),
        };
        SubmissionInfo {
            id: uuid::Uuid::from_u128(7),
            owner: String::new(),
            opened_index: 3,
            program: "main".into(),
            state: "attested".into(),
            cleared_for: Vec::new(),
            missing: Vec::new(),
            withdrawn: false,
            manifests: vec![manifest],
        }
    }

    const SUMMARY: [(&str, &str); 5] = [
        ("Signer's capacity", "contractor"),
        ("Signer's jurisdiction", "US-CA"),
        ("Governing law", "DE"),
        ("Knowledge", "reasonable-inquiry"),
        ("Clauses shown", "effort 1.0 (en), SHA-256 00"),
    ];

    fn event(summary: &[(&str, &str)]) -> CustodyInfo {
        let lines = summary.iter().map(|(label, value)| ((*label).into(), (*value).into()));
        CustodyInfo {
            index: 9,
            leaf_hash: String::new(),
            previous: None,
            issuer: String::new(),
            issued_at: String::new(),
            logged_at: String::new(),
            payload_sha256: String::new(),
            kind: Some("effort".into()),
            summary: Some(lines.collect()),
            record: record(),
        }
    }

    fn record() -> CustodyEvent {
        let digest = "0".repeat(64);
        let record = serde_json::json!({
            "index": 9, "leaf": digest, "subject": "", "event": "effort", "payload": "readable",
            "payload_sha256": digest, "signed_by": { "key": "", "authentication": "signature" },
            "before": [], "after": [], "location": "", "holds": [],
            "signed_at": "2026-01-02T03:04:05Z", "logged_at": "2026-01-02T03:04:05Z",
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn who_signed_under_which_law_is_retold() {
        let said = envelope(&event(&SUMMARY), &submission("request"), &catalogue()).unwrap();
        assert_eq!(said.signer.capacity, Capacity::Contractor);
        assert_eq!(said.signer.jurisdiction.as_str(), "US-CA");
        assert_eq!(said.signer.governing_law.as_str(), "DE");
        assert_eq!(said.knowledge, Knowledge::ReasonableInquiry);
        assert_eq!(said.clauses.locale.as_str(), "en");
        assert_eq!((said.manifests[0].role, said.manifests[0].count), (Side::Request, 3));
    }

    #[test]
    fn what_is_not_told_is_not_made_up() {
        for left_out in 0..SUMMARY.len() {
            let mut told = SUMMARY.to_vec();
            let (label, _) = told.remove(left_out);
            let refused = envelope(&event(&told), &submission("request"), &catalogue());
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains(label), "{label}: {refused}");
        }
        assert!(envelope(&event(&SUMMARY), &submission("middle"), &catalogue()).is_err());
    }
}
