//! Audit packs: everything about one submission, gathered as of one position of the log.

mod gather;
mod stream;

use attestry_proof::{
    cose::{ContentType, Header, Subject, UnsignedStatement, statement::Algorithm},
    hash::Hash,
    pack::{PackIndex, Reader},
    payload::{
        access::{AccessAct, AccessObject},
        text::Line,
    },
    size::TreeSize,
};
use uuid::Uuid;

use super::{Service, ServiceError, access::Stated, authorize::Action};
use crate::{export::Dossier, store::ledger::KeyRecord};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PackRequest {
    /// For whom payloads are left out.
    pub reader: Reader,
    /// Whether the files of the submission go along.
    pub natives: bool,
    /// As of which size of the log; `None` for everything logged until now.
    pub at: Option<TreeSize>,
}

impl PackRequest {
    /// What is logged of it: for whom, whether the files go along, and what whoever asked says.
    fn note(&self, said: Option<&Line>) -> Result<Line, ServiceError> {
        let files = if self.natives { "with" } else { "without" };
        let mut note = format!("pack for {}, {files} files", self.reader.as_str());
        if let Some(said) = said {
            note.push_str(": ");
            note.push_str(said.as_str());
        }
        Line::new(&note)
            .map_err(|e| ServiceError::Malformed { what: "note", reason: e.to_string() })
    }
}

impl Service {
    /// Gathers a pack. What others than the owner take along is logged first.
    ///
    /// # Errors
    /// Those of [`Service::open_sealed`], [`ServiceError::NoSuchPosition`], or a failing store.
    pub async fn audit_pack(
        &self,
        caller: &KeyRecord,
        submission: Uuid,
        request: PackRequest,
        stated: &Stated,
    ) -> Result<Dossier, ServiceError> {
        self.submission_for(caller, Action::ExportContent, submission).await?;
        // The position first: that somebody exported is no part of what they export.
        let snapshot = self.position(request.at).await?;
        let opened = (AccessAct::Export, AccessObject::Record);
        let stated = Stated { note: Some(request.note(stated.note.as_ref())?), ..stated.clone() };
        self.open_sealed(caller, Action::ExportContent, submission, opened, &stated).await?;
        let mut dossier = self.gather(submission, request, snapshot).await?;
        dossier.check().map_err(|fault| ServiceError::PackIncomplete { fault })?;
        Ok(dossier)
    }

    /// Signs the index of a pack.
    ///
    /// # Errors
    /// [`ServiceError::Sign`].
    fn sign_index(&self, index: &PackIndex, issued_at: i64) -> Result<Vec<u8>, ServiceError> {
        let service = &*self.log.signers().service;
        let header = Header {
            algorithm: Algorithm::EdDsa,
            issuer: service.public_key().thumbprint(),
            subject: Subject::Submission(index.subject.0),
            audience: index.origin.clone(),
            issued_at,
            content_type: ContentType::Pack,
        };
        let digest = Hash::of(&index.to_json());
        let unsigned = UnsignedStatement::new(header, digest)?;
        let signature = service.sign(&unsigned.to_be_signed())?;
        Ok(unsigned.attach(signature).entry_bytes())
    }
}
