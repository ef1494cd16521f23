//! Submissions with everything that clearance asks their owner for.

use attestry::cli::{
    answers::{Answers, Context},
    submit::Searched,
};
use attestry_proof::{
    hash::Hash,
    manifest::{FileRecord, Manifest, Role},
    payload::{Payload, StatementKind, envelope::ManifestCommitment, fields::Timestamp},
};
use chrono::Utc;
use serde_json::json;
use uuid::Uuid;

use super::{Answer, Draft, Member, Server, by_reading, manifest, new_id, random};

/// One piece of work, with stored files.
pub struct Work {
    pub id: Uuid,
    /// What its owner says of their search.
    pub searched: Searched,
    manifests: [Manifest; 2],
}

impl Work {
    /// Stores a request and a deliverable, and states everything about them.
    pub async fn attested(server: &Server, owner: &Member) -> Self {
        let work = Self::stored(server, owner).await;
        for draft in work.statements(server, owner) {
            server.register(&draft.signed(owner).encode()).await;
        }
        work
    }

    /// Stores a request and a deliverable, and states nothing.
    pub async fn stored(server: &Server, owner: &Member) -> Self {
        Self::stored_with(server, owner, "").await
    }

    /// The same with some text in both files.
    pub async fn stored_with(server: &Server, owner: &Member, text: &str) -> Self {
        let id = new_id();
        let contents = [Role::Request, Role::Deliverable]
            .map(|role| (role, format!("{role:?} of {id}\n{text}").into_bytes()));
        let mut manifests = Vec::new();
        for (role, content) in &contents {
            let (manifest, recorded) = Self::offer(server, owner, id, (*role, content)).await;
            recorded.status(200);
            manifests.push(manifest);
        }
        Self { id, searched: by_reading(), manifests: manifests.try_into().unwrap() }
    }

    /// Stores a file and its manifest; answers with what is said to the manifest.
    pub async fn offer(
        server: &Server,
        owner: &Member,
        id: Uuid,
        (role, content): (Role, &[u8]),
    ) -> (Manifest, Answer) {
        let file = FileRecord {
            path: "work.txt".to_owned(),
            size: content.len() as u64,
            media_type: "text/plain".to_owned(),
            sha256: Hash::of(content),
            salt: random(),
        };
        let manifest = Manifest::new(role, vec![file]).unwrap();
        let openings = manifest.to_openings();
        for bytes in [content, &openings] {
            let path = format!("/api/v1/submissions/{id}/files/{}", Hash::of(bytes));
            server.put(path).body(bytes).by(owner).send().await.status(201);
        }
        let path = format!("/api/v1/submissions/{id}/manifests/{}", manifest.commitment());
        let body = json!({ "openings": Hash::of(&openings).to_hex() });
        let recorded = server.put(path).json(&body).by(owner).send().await;
        (manifest, recorded)
    }

    /// SHA-256 of a file of it.
    pub fn file(&self) -> Hash {
        self.manifests[1].files()[0].sha256
    }

    /// Commitment to the deliverable, and SHA-256 of its openings.
    pub fn deliverable(&self) -> (Hash, Hash) {
        let manifest = &self.manifests[1];
        (manifest.commitment(), Hash::of(&manifest.to_openings()))
    }

    /// One statement of each kind that clearance asks for.
    pub fn statements(&self, server: &Server, owner: &Member) -> Vec<Draft> {
        let policies = server.service.policies();
        let catalogue = policies.clauses();
        let answers = include_str!("../../../docs/samples/answers.example.toml");
        let commitments = self.manifests.each_ref().map(ManifestCommitment::of);
        let context = Context {
            subject: self.id,
            manifests: &commitments,
            catalogue,
            searched: &self.searched,
            now: Timestamp::new(Utc::now()).unwrap(),
            tool: &attestry_proof::payload::envelope::Tool {
                name: "test".parse().unwrap(),
                version: "1".parse().unwrap(),
            },
            amends: None,
        };
        let said = Answers::parse(answers).unwrap().attestations(&context, random).unwrap();
        let manifests = self.manifests.iter().map(|files| manifest(catalogue, self.id, files));
        manifests.chain(said).map(|payload| self.draft(server, owner, &payload)).collect()
    }

    /// The statement of one kind, newly worded.
    pub fn statement(&self, server: &Server, owner: &Member, kind: StatementKind) -> Draft {
        let of_kind = |draft: &Draft| Payload::parse(&draft.payload, true).unwrap().kind() == kind;
        self.statements(server, owner).into_iter().find(of_kind).unwrap()
    }

    fn draft(&self, server: &Server, owner: &Member, payload: &Payload) -> Draft {
        Draft::new(owner, self.id, payload.to_bytes(), server.now())
    }

    /// Leaf hashes of the newest statement of each kind, which a review must name.
    pub async fn leaves(&self, server: &Server, owner: &Member) -> Vec<Hash> {
        let mut newest = std::collections::BTreeMap::new();
        for event in self.custody(server, owner).await {
            let kind = event["kind"].as_str().unwrap_or_default().to_owned();
            let manifest_of = if kind == "manifest" { event["summary"].to_string() } else { kind };
            let role = match manifest_of {
                text if text.contains("\"request\"") => "request".to_owned(),
                text if text.contains("\"deliverable\"") => "deliverable".to_owned(),
                text => text,
            };
            newest.insert(role, event["leaf_hash"].as_str().unwrap().to_owned());
        }
        let kinds = [
            "request",
            "deliverable",
            "own-work",
            "nda-check",
            "redaction-check",
            "task-authority",
            "effort",
        ];
        kinds.iter().filter_map(|kind| newest.get(*kind)).map(|leaf| read_hash(leaf)).collect()
    }

    /// Every event, as the owner reads them.
    pub async fn custody(&self, server: &Server, owner: &Member) -> Vec<serde_json::Value> {
        let path = format!("/api/v1/submissions/{}/custody", self.id);
        let events = server.get(path).by(owner).send().await.status(200).json();
        events.as_array().unwrap().clone()
    }

    /// What the service said last in public about it: status and purposes.
    pub async fn public_word(
        &self,
        server: &Server,
        owner: &Member,
    ) -> Option<(String, Vec<String>)> {
        let custody = self.custody(server, owner).await;
        let last = custody.iter().rev().find(|event| event["kind"] == "status")?;
        let path = format!("/api/v1/payloads/{}", last["payload_sha256"].as_str().unwrap());
        // Everybody may read it.
        let payload = server.get(path).send().await.status(200).json();
        let body = &payload["body"];
        let purposes = body["purposes"].as_array().unwrap().iter();
        let purposes = purposes.map(|word| word.as_str().unwrap().to_owned()).collect();
        Some((body["status"].as_str().unwrap().to_owned(), purposes))
    }
}

fn read_hash(hex: &str) -> Hash {
    Hash::from_hex(hex).unwrap()
}
