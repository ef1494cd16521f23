//! What a statement says, in the fields of an event.

use super::{Content, CustodyEvent, Disposal, Party, PayloadState, UNREADABLE};
use crate::{
    cose::{Header, SignedStatement},
    hash::Hash,
    payload::{
        Payload,
        access::AccessObject,
        envelope::ManifestCommitment,
        erasure::ErasureScope,
        fields::{Digest, Timestamp},
        redaction_check::Scan,
        withdrawal::Scope,
    },
    size::LeafIndex,
};

/// How a statement shows who acted.
const BY_SIGNATURE: &str = "signature";
/// How content is destroyed.
const BY_KEY: &str = "destruction of the key, then deletion";

impl CustodyEvent {
    /// The event that a statement is. `payload` is what it commits to, or why that is not there.
    #[must_use]
    pub fn of(
        statement: &SignedStatement,
        index: LeafIndex,
        previous: Option<Hash>,
        logged_at: Timestamp,
        payload: Result<&Payload, PayloadState>,
    ) -> Self {
        let header = statement.header();
        let mut event = Self::of_header(header, index, logged_at);
        event.leaf = Digest(statement.leaf_hash());
        event.previous = previous.map(Digest);
        event.payload_sha256 = Digest(statement.payload_digest());
        match payload {
            Ok(payload) => event.add(payload),
            Err(state) => event.payload = state,
        }
        event
    }

    fn of_header(header: &Header, index: LeafIndex, logged_at: Timestamp) -> Self {
        // Times beyond the calendar are refused on admission; a header may still claim one.
        let signed_at = Timestamp::from_unix_seconds(header.issued_at).unwrap_or(logged_at);
        let signed_by = Party {
            key: header.issuer.to_string(),
            role: None,
            authentication: BY_SIGNATURE.to_owned(),
        };
        Self {
            index: index.0,
            leaf: Digest(Hash::of(b"")),
            subject: header.subject.uri(),
            previous: None,
            event: UNREADABLE.to_owned(),
            payload: PayloadState::Readable,
            payload_sha256: Digest(Hash::of(b"")),
            signed_by,
            received_by: None,
            purpose: None,
            authority: None,
            before: Vec::new(),
            after: Vec::new(),
            location: header.audience.clone(),
            tool: None,
            configuration: None,
            signed_at,
            logged_at,
            holds: Vec::new(),
            note: None,
            disposal: None,
        }
    }

    fn add(&mut self, payload: &Payload) {
        self.event = payload.kind().as_str().to_owned();
        if let Some(envelope) = payload.envelope() {
            self.signed_by.role = Some(envelope.signer.capacity.to_string());
            self.tool = Some(envelope.tool.to_string());
            self.after = envelope.manifests.iter().map(commitment).collect();
        } else if let Some(envelope) = payload.official_envelope() {
            self.signed_by.role = Some(envelope.capacity.to_string());
            self.tool = Some(envelope.tool.to_string());
        } else {
            self.signed_by.role = Some("service".to_owned());
        }
        self.add_attested(payload);
        self.add_decided(payload);
        self.add_legal(payload);
    }

    /// What contractors and reviewers say.
    fn add_attested(&mut self, payload: &Payload) {
        match payload {
            Payload::Manifest(said) => {
                let said = said.body();
                let (role, files, bytes) = (said.role, said.count, said.total_size);
                let noun = if files == 1 { "file" } else { "files" };
                self.note = Some(format!("{}: {files} {noun}, {bytes} bytes", role.as_str()));
            }
            Payload::RedactionCheck(said) => {
                let said = said.body();
                if let Scan::Tool { rules_sha256, report_sha256, .. } = &said.scan {
                    self.configuration = Some(*rules_sha256);
                    self.before = vec![content("scan report", *report_sha256)];
                }
                self.note = Some(format!("residual risk: {}", said.residual_risk));
            }
            Payload::Withdrawal(said) => {
                let said = said.body();
                self.purpose = Some(match &said.scope {
                    Scope::Everything => "every purpose".to_owned(),
                    Scope::Purposes(purposes) => joined(purposes),
                });
                self.note = Some(format!("withdrawn: {}", said.reason));
            }
            Payload::Review(said) => self.note = Some(said.body().verdict.to_string()),
            _ => {}
        }
    }

    /// What the service decides and records.
    fn add_decided(&mut self, payload: &Payload) {
        match payload {
            Payload::Scan(said) => {
                let said = said.body();
                self.tool = Some(said.tool.to_string());
                self.configuration = Some(said.rules_sha256);
                self.before = said.manifests.iter().map(commitment).collect();
                self.after = vec![content("scan report", said.report_sha256)];
                self.note = Some(format!("{}; residual risk: {}", said.found, said.residual_risk));
            }
            Payload::Clearance(said) => {
                let said = said.body();
                self.purpose = Some(said.purpose.to_string());
                self.tool = Some(said.engine.to_string());
                self.configuration = Some(said.policy_sha256);
                self.authority = Some(joined(&said.deciding));
                let missing = joined(&said.missing);
                self.note = Some(match said.granted {
                    true => "cleared".to_owned(),
                    false => format!("not cleared: {missing}"),
                });
            }
            Payload::Access(said) => {
                let said = said.body();
                self.received_by = Some(Party {
                    key: said.by.to_string(),
                    role: None,
                    authentication: said.session.to_string(),
                });
                self.purpose = Some(said.purpose.to_string());
                if let AccessObject::File(sha256) = said.object {
                    self.after = vec![content("file", sha256)];
                }
                let more = said.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
                self.note = Some(format!("{}: {}{more}", said.act, said.object));
            }
            Payload::Status(said) => {
                let said = said.body();
                self.purpose = Some(joined(&said.purposes)).filter(|purposes| !purposes.is_empty());
                self.note = Some(said.status.to_string());
            }
            _ => {}
        }
    }

    /// Holds, cases, destruction.
    fn add_legal(&mut self, payload: &Payload) {
        match payload {
            Payload::Hold(said) => {
                let said = said.body();
                self.holds = vec![said.hold.to_string()];
                self.authority = Some(said.matter.to_string());
                self.note = Some(format!("held: {}", said.scope));
            }
            Payload::HoldRelease(said) => {
                self.holds = vec![said.body().hold.to_string()];
                self.note = Some("released".to_owned());
            }
            Payload::CaseOpened(said) => {
                let said = said.body();
                self.authority = Some(said.ground.to_string());
                self.after =
                    said.notice_sha256.map(|it| content("notice", it)).into_iter().collect();
                self.note = Some(format!("opened by {}", said.channel));
            }
            Payload::CaseStep(said) => {
                let said = said.body();
                self.authority = Some(said.ground.to_string());
                self.before = said.evidence.iter().map(|it| content("evidence", *it)).collect();
                self.note = Some(format!("{} to {}: {}", said.from, said.to, said.reason));
            }
            Payload::CaseMoved(said) => {
                let said = said.body();
                self.note = Some(format!("{} to {}: {}", said.from, said.to, said.because));
            }
            Payload::CaseApproval(said) => {
                let said = said.body();
                self.disposal = Some(Disposal {
                    method: "agreed to by another officer".to_owned(),
                    authorised_by: vec![said.approves],
                });
            }
            Payload::ErasureOrdered(said) => {
                let said = said.body();
                self.authority = Some(format!("case {}", said.case));
                self.disposal = Some(Disposal {
                    method: BY_KEY.to_owned(),
                    authorised_by: vec![said.decision, said.approval],
                });
                if let ErasureScope::Files(files) = &said.scope {
                    self.before = files.iter().map(|it| content("file", *it)).collect();
                }
                self.note = Some(format!("to be erased: {}", said.scope));
            }
            Payload::Erased(said) => {
                let said = said.body();
                self.authority = Some(format!("case {}", said.case));
                let (method, authorised_by) = (BY_KEY.to_owned(), vec![said.order]);
                self.disposal = Some(Disposal { method, authorised_by });
                self.note = Some(format!(
                    "{} keys, {} objects, {} payloads; in no backup from {}",
                    said.keys_destroyed,
                    said.objects_deleted,
                    said.payloads_deleted,
                    said.beyond_backups_from
                ));
            }
            _ => {}
        }
    }
}

fn content(what: &str, sha256: Digest) -> Content {
    Content { what: what.to_owned(), sha256 }
}

fn commitment(manifest: &ManifestCommitment) -> Content {
    content(&format!("{} manifest", manifest.role.as_str()), manifest.commitment)
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
