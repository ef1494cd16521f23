//! One statement in the report.

use attestry_proof::cose::receipt::Position;
use attestry_proof::payload::withdrawal::Scope;
use serde::Serialize;

use super::time;
use crate::verdict::{IssuerFact, PayloadFact, StatementVerdict, Verdict, Withdrawn};

/// One statement.
#[derive(Clone, Debug, Serialize)]
pub struct StatementReport {
    /// Where it was read from.
    pub file: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The finding behind it.
    pub code: &'static str,
    /// Entry in the log, where proven.
    pub index: Option<u64>,
    /// Size of the tree in which it is there.
    pub size: Option<u64>,
    /// Thumbprint URI of the issuer.
    pub issuer: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// Origin of the log it is addressed to.
    pub audience: Option<String>,
    /// Content type of its payload.
    pub content_type: Option<&'static str>,
    /// When the signer says to have signed; RFC 3339, or Unix seconds beyond the year 9999.
    pub issued_at: Option<String>,
    /// What the payload is.
    pub kind: Option<&'static str>,
    /// Sentences, the first about the verdict.
    pub reasons: Vec<String>,
    /// What was found beside the verdict.
    pub facts: Facts,
}

/// Facts beside a verdict, each with its own.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// `matches`, `missing` or `not-checked`.
    pub payload: &'static str,
    /// SHA-256 that the statement commits to.
    pub payload_sha256: Option<String>,
    /// What the payload says, label and value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payload_lines: Vec<(&'static str, String)>,
    /// `enrolled`, `service`, `vouched` or `not-proven`.
    pub issuer_key: &'static str,
    /// Entry of the enrolment.
    pub enrolled_at: Option<u64>,
    /// Whether that entry is verified, not merely logged.
    pub enrolment_proven: Option<bool>,
    /// Roles that the issuer's key was enrolled with, where its enrolment was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issuer_roles: Vec<&'static str>,
    /// `proven` if what is stated is the service's to say and the service says it, or takes a role
    /// that the issuer's key is proven to have; else `not-proven`. What is shown to be wrong fails.
    pub entitlement: &'static str,
    /// Always `not-proven`: only an index proof could show that the key was not revoked.
    pub key_not_revoked: &'static str,
    /// Entry at which the key ends later in the log, if a statement that says so was given.
    pub key_ended_at: Option<u64>,
    /// Always `not-proven`: only an index proof could show that consent was not withdrawn.
    pub not_withdrawn: &'static str,
    /// Entry at which the key is said to end later by somebody whom nothing shows to be the service.
    pub key_end_claimed_at: Option<u64>,
    /// Entry at which consent is taken back, if a statement that says so was given: the first that
    /// takes back everything, else the first at all.
    pub withdrawn_at: Option<u64>,
    /// What that entry takes back: `everything` or `purposes`.
    pub withdrawn_scope: Option<&'static str>,
    /// Every entry that takes consent back, in the order of the log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withdrawals: Vec<WithdrawalReport>,
    /// The latest public word on the submission among the inputs.
    pub status: Option<&'static str>,
    /// Entry of that word.
    pub status_at: Option<u64>,
    /// Receipts that verify under the log's key.
    pub receipts_verified: usize,
    /// Receipts whose key nothing vouches for.
    pub receipts_unchecked: usize,
    /// Not in the log before this time, by witnesses.
    pub logged_after: Option<String>,
    /// In the log by this time, by witnesses.
    pub logged_by: Option<String>,
}

/// Consent taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WithdrawalReport {
    /// The entry.
    pub at: u64,
    /// `everything` or `purposes`.
    pub scope: &'static str,
    /// The purposes, where it is not everything.
    pub purposes: Vec<&'static str>,
}

impl StatementReport {
    pub(crate) fn new(file: &str, verdict: &StatementVerdict) -> Self {
        let header = verdict.described.as_ref().map(|described| &described.header);
        let position = verdict.finding.position();
        let kind = match verdict.payload {
            PayloadFact::Matches { kind, .. } => kind.map(|kind| kind.as_str()),
            PayloadFact::NotChecked | PayloadFact::Missing => None,
        };
        Self {
            file: file.to_owned(),
            verdict: verdict.verdict(),
            code: verdict.finding.code(),
            index: position.map(|Position { index, .. }| index.0),
            size: position.map(|Position { size, .. }| size.0),
            issuer: header.map(|header| header.issuer.uri()),
            subject: header.map(|header| header.subject.uri()),
            audience: header.map(|header| header.audience.clone()),
            content_type: header.map(|header| header.content_type.as_str()),
            issued_at: header.map(|header| time(header.issued_at)),
            kind,
            reasons: reasons(verdict),
            facts: Facts::new(verdict),
        }
    }
}

fn reasons(verdict: &StatementVerdict) -> Vec<String> {
    let mut reasons = vec![verdict.finding.to_string()];
    if verdict.receipts_unchecked > 0 && verdict.is_logged() {
        reasons.push("a receipt was not checked: nothing vouches for its key".to_owned());
    }
    if let Some(at) = verdict.standing.key_ended {
        reasons.push(format!("the issuer's key ended later, at entry {at}"));
    }
    if let Some(at) = verdict.standing.key_end_claimed {
        reasons.push(format!(
            "entry {at} says that the issuer's key ended there, but nothing among the inputs shows \
             that the log's service signed that"
        ));
    }
    reasons.extend(verdict.standing.withdrawn.iter().map(withdrawal));
    reasons
}

/// A sentence about consent taken back.
fn withdrawal(withdrawn: &Withdrawn) -> String {
    let Withdrawn { at, scope } = withdrawn;
    match scope {
        Scope::Everything => format!("every consent for the submission is withdrawn at entry {at}"),
        Scope::Purposes(purposes) => {
            let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.as_str()).collect();
            let purposes = purposes.join(" and ");
            format!("consent for the submission is withdrawn at entry {at}, for {purposes} only")
        }
    }
}

impl WithdrawalReport {
    fn new(withdrawn: &Withdrawn) -> Self {
        let (scope, purposes) = match &withdrawn.scope {
            Scope::Everything => ("everything", Vec::new()),
            Scope::Purposes(purposes) => {
                ("purposes", purposes.iter().map(|purpose| purpose.as_str()).collect())
            }
        };
        Self { at: withdrawn.at.0, scope, purposes }
    }
}

impl Facts {
    fn new(verdict: &StatementVerdict) -> Self {
        let standing = &verdict.standing;
        let (payload, payload_lines) = match &verdict.payload {
            PayloadFact::NotChecked => ("not-checked", Vec::new()),
            PayloadFact::Missing => ("missing", Vec::new()),
            PayloadFact::Matches { lines, .. } => ("matches", lines.clone()),
        };
        let (issuer_key, enrolled) = match standing.issuer {
            IssuerFact::NotProven => ("not-proven", None),
            IssuerFact::Service => ("service", None),
            IssuerFact::Vouched => ("vouched", None),
            IssuerFact::Enrolled { at, proven } => ("enrolled", Some((at, proven))),
        };
        let withdrawals: Vec<_> = standing.withdrawn.iter().map(WithdrawalReport::new).collect();
        let widest = withdrawals.iter().find(|withdrawal| withdrawal.scope == "everything");
        let widest = widest.or_else(|| withdrawals.first());
        let seconds = |seconds: u64| time(i64::try_from(seconds).unwrap_or(i64::MAX));
        let digest = verdict.described.as_ref().map(|described| described.payload_digest);
        Self {
            payload,
            payload_sha256: digest.map(|digest| digest.to_hex()),
            payload_lines,
            issuer_key,
            enrolled_at: enrolled.map(|(at, _)| at.0),
            enrolment_proven: enrolled.map(|(_, proven)| proven),
            issuer_roles: standing.roles.iter().map(|role| role.as_str()).collect(),
            entitlement: if standing.entitled { "proven" } else { "not-proven" },
            key_not_revoked: "not-proven",
            key_ended_at: standing.key_ended.map(|at| at.0),
            not_withdrawn: "not-proven",
            key_end_claimed_at: standing.key_end_claimed.map(|at| at.0),
            withdrawn_at: widest.map(|withdrawal| withdrawal.at),
            withdrawn_scope: widest.map(|withdrawal| withdrawal.scope),
            withdrawals,
            status: standing.status.map(|(status, _)| status.as_str()),
            status_at: standing.status.map(|(_, at)| at.0),
            receipts_verified: verdict.receipts_verified,
            receipts_unchecked: verdict.receipts_unchecked,
            logged_after: standing.logged_after.map(seconds),
            logged_by: standing.logged_by.map(seconds),
        }
    }
}
