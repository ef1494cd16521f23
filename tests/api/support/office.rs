//! What reviewers and officers sign.

use std::{fmt::Debug, str::FromStr};

use attestry_proof::{
    hash::Hash,
    payload::{
        Official, OfficialBody, Payload,
        envelope::{
            Answer, ClauseAnswer, ClauseReference, DutyToUpdate, EidasLevel, ElectronicSignature,
            EsignDisclosures, Tool,
        },
        fields::{Digest, KeyId, Salt, SubmissionId, Timestamp},
        key_approval::{IdentityMethod, IdentityProof, KeyApproval},
        key_event::MemberRole,
        office::OfficialEnvelope,
        review::{Review, ReviewTopic, ReviewVerdict, SendBackCode, SendBackReason},
    },
};
use chrono::Utc;
use uuid::Uuid;

use super::{Answer as HttpAnswer, Draft, Member, Server, random};

pub fn read<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub fn official<B: OfficialBody>(server: &Server, capacity: MemberRole, body: B) -> Payload
where
    Payload: From<Official<B>>,
{
    let policies = server.service.policies();
    let text = policies.clauses().current(B::KIND.as_str(), "en").unwrap();
    let answer =
        |clause: &String| ClauseAnswer { clause: read(clause), answer: Answer::Yes, text: None };
    let envelope = OfficialEnvelope {
        stated_at: Timestamp::new(Utc::now()).unwrap(),
        capacity,
        clauses: ClauseReference {
            set: read(text.set()),
            version: read(text.version()),
            locale: read(text.locale()),
            text_sha256: Digest(Hash(*text.sha256())),
        },
        answers: text.clauses().iter().map(answer).collect(),
        electronic_signature: ElectronicSignature {
            esign: EsignDisclosures::NotApplicable,
            ueta_intent: DutyToUpdate::Agreed,
            eidas_level: EidasLevel::Simple,
        },
        tool: Tool { name: read("test"), version: read("1") },
    };
    Official::new(Salt(random()), envelope, body).unwrap().into()
}

/// A review that rests on these statements; sent back for a reason unless it accepts.
pub fn review(
    server: &Server,
    reviewer: &Member,
    id: Uuid,
    rests_on: &[Hash],
    accepts: bool,
) -> Draft {
    let reason = || SendBackReason {
        about: ReviewTopic::Effort,
        code: SendBackCode::Unclear,
        text: read("The hours are not those of the calendar."),
    };
    let body = Review {
        subject: SubmissionId(id),
        verdict: if accepts { ReviewVerdict::Accepted } else { ReviewVerdict::SentBack },
        rests_on: rests_on.iter().map(|leaf| Digest(*leaf)).collect(),
        redaction_countersigned: accepts,
        accepted_findings: vec![],
        reasons: if accepts { vec![] } else { vec![reason()] },
    };
    let payload = official(server, MemberRole::Reviewer, body);
    Draft::new(reviewer, id, payload.to_bytes(), server.now())
}

/// An officer's word, in this capacity, that one key may take the place of another in "pilot".
pub fn approval(
    server: &Server,
    (officer, capacity): (&Member, MemberRole),
    lost: &Member,
    replacement: &Member,
) -> Draft {
    let body = KeyApproval {
        lost: KeyId(lost.thumbprint()),
        replacement: KeyId(replacement.thumbprint()),
        program: read("pilot"),
        identity_proof: IdentityProof {
            method: IdentityMethod::Video,
            documents_seen: vec![read("Passport")],
            date: read("2026-02-03"),
        },
        officer_is_another_person: true,
    };
    let payload = official(server, capacity, body);
    let draft = Draft::new(officer, Uuid::nil(), payload.to_bytes(), server.now());
    draft.claim(2, lost.thumbprint().uri())
}

impl Server {
    /// Sends a statement.
    pub async fn send(&self, draft: &Draft, signer: &Member) -> HttpAnswer {
        self.post("/api/v1/statements").cose(&draft.signed(signer).encode()).send().await
    }
}
