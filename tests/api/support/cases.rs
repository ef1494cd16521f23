//! What legal officers say in takedown cases, and what they are shown.

use attestry_proof::{
    hash::Hash,
    payload::{
        case::{CaseApproval, CaseStep, Concerned},
        fields::{Digest, KeyId, SubmissionId},
        hold::{Hold, HoldRelease, HoldScope},
        key_event::MemberRole,
    },
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Answer, Draft, Member, Server,
    office::{official, read},
};

/// A step that an officer takes; what is left out is not said.
#[derive(Clone, Debug, Default)]
pub struct Step<'a> {
    pub to: &'a str,
    pub reason: &'a str,
    pub concerned: Option<(u64, Hash)>,
    pub evidence: Vec<Hash>,
    pub statement: Option<&'a str>,
}

impl<'a> Step<'a> {
    pub fn new(to: &'a str, reason: &'a str) -> Self {
        Self { to, reason, ..Self::default() }
    }

    pub fn because(mut self, statement: &'a str) -> Self {
        self.statement = Some(statement);
        self
    }

    pub fn concerns(mut self, list: (u64, Hash)) -> Self {
        self.concerned = Some(list);
        self
    }
}

fn hash(value: &Value) -> Hash {
    Hash::from_hex(value.as_str().unwrap()).unwrap()
}

fn named((count, sha256): (u64, Hash)) -> Concerned {
    Concerned { count, sha256: Digest(sha256) }
}

/// A step from where the case is in what the officer was shown.
pub fn case_step(server: &Server, officer: &Member, shown: &Value, step: &Step<'_>) -> Draft {
    let case = &shown["case"];
    let id: Uuid = case["id"].as_str().unwrap().parse().unwrap();
    let word = |text: &str| serde_json::from_value(Value::from(text)).unwrap();
    let body = CaseStep {
        case: SubmissionId(id),
        after: Digest(hash(&case["after"])),
        from: serde_json::from_value(case["state"].clone()).unwrap(),
        to: word(step.to),
        ground: read(case["ground"].as_str().unwrap()),
        reason: read(step.reason),
        concerned: step.concerned.map(named),
        evidence: step.evidence.iter().copied().map(Digest).collect(),
        statement: step.statement.map(read),
    };
    let payload = official(server, MemberRole::Legal, body);
    Draft::new(officer, id, payload.to_bytes(), server.now())
}

/// An officer's agreement to the decision in what they were shown.
pub fn case_approval(server: &Server, officer: &Member, shown: &Value) -> Draft {
    let id: Uuid = shown["case"]["id"].as_str().unwrap().parse().unwrap();
    let list = (shown["list"]["count"].as_u64().unwrap(), hash(&shown["list"]["sha256"]));
    let body = CaseApproval {
        case: SubmissionId(id),
        approves: Digest(hash(&shown["case"]["after"])),
        concerned: named(list),
        note: None,
        officer_is_another_person: true,
    };
    let payload = official(server, MemberRole::Legal, body);
    Draft::new(officer, id, payload.to_bytes(), server.now())
}

/// A hold in "pilot".
pub fn hold(server: &Server, officer: &Member, id: Uuid, scope: HoldScope) -> Draft {
    let body = Hold {
        hold: SubmissionId(id),
        program: read("pilot"),
        scope,
        matter: read("Example v. Example, 26-cv-1"),
        authority: read("A letter of 2 February asks us to keep it."),
        custodians: vec![KeyId(officer.thumbprint())],
    };
    let payload = official(server, MemberRole::Legal, body);
    Draft::new(officer, id, payload.to_bytes(), server.now())
}

pub fn hold_on(ids: &[Uuid]) -> HoldScope {
    HoldScope::Submissions(ids.iter().copied().map(SubmissionId).collect())
}

pub fn hold_release(server: &Server, officer: &Member, id: Uuid) -> Draft {
    let body = HoldRelease { hold: SubmissionId(id), reason: read("The matter is settled.") };
    let payload = official(server, MemberRole::Legal, body);
    Draft::new(officer, id, payload.to_bytes(), server.now())
}

impl Server {
    /// A case as an officer is shown it.
    pub async fn case(&self, officer: &Member, id: Uuid) -> Value {
        self.get(format!("/api/v1/cases/{id}")).by(officer).send().await.status(200).json()
    }

    /// Takes a step from where the case is.
    pub async fn try_step(&self, officer: &Member, id: Uuid, step: &Step<'_>) -> Answer {
        let shown = self.case(officer, id).await;
        self.send(&case_step(self, officer, &shown, step), officer).await
    }

    /// Takes a step that must be accepted.
    pub async fn step(&self, officer: &Member, id: Uuid, step: &Step<'_>) {
        self.try_step(officer, id, step).await.status(201);
    }

    /// Keeps a list for a step to come.
    pub async fn case_list(&self, officer: &Member, id: Uuid, lines: &[String]) -> (u64, Hash) {
        let mut lines = lines.to_vec();
        lines.sort_unstable();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let path = format!("/api/v1/cases/{id}/list");
        let call = self.put(path).header("content-type", "text/plain").body(text).by(officer);
        let told = call.send().await.status(201).json();
        (told["count"].as_u64().unwrap(), hash(&told["sha256"]))
    }
}
