//! A manifest counts once every file it lists is stored: files are durable before any statement
//! about them.

use attestry_proof::{
    hash::Hash,
    manifest::{MAX_OPENINGS_BYTES, Manifest},
    payload::Payload,
};
use uuid::Uuid;

use super::{Service, ServiceError, authorize::Action};
use crate::{
    store::ledger::{KeyRecord, ManifestRecord},
    vault::VaultError,
};

/// Digests asked about in one question to the file tables.
const DIGESTS_PER_QUESTION: usize = 8192;

impl Service {
    /// Records a manifest whose openings and files are stored.
    ///
    /// # Errors
    /// [`ServiceError::Openings`] if the openings do not give the commitment,
    /// [`ServiceError::FilesMissing`], and those of [`Service::writable_submission`].
    pub async fn record_manifest(
        &self,
        caller: &KeyRecord,
        submission: Uuid,
        commitment: Hash,
        openings: Hash,
    ) -> Result<ManifestRecord, ServiceError> {
        self.writable_submission(caller, Action::RecordManifest, submission).await?;
        let manifest = self.stored_manifest(submission, openings).await?;
        if manifest.commitment() != commitment {
            let reason = format!(
                "they give the commitment {}, announced was {commitment}",
                manifest.commitment()
            );
            return Err(ServiceError::Openings { reason });
        }
        self.require_files(submission, &manifest).await?;
        for files in manifest.files().chunks(DIGESTS_PER_QUESTION) {
            let digests: Vec<Hash> = files.iter().map(|file| file.sha256).collect();
            self.refuse_erased(&digests).await?;
        }
        let record = ManifestRecord {
            submission,
            commitment,
            role: manifest.role(),
            files: manifest.count(),
            bytes: manifest.total_size(),
            openings,
        };
        self.ledger.record_manifest(&record).await?;
        Ok(record)
    }

    /// Reads and checks openings that were uploaded as a file.
    pub(super) async fn stored_manifest(
        &self,
        submission: Uuid,
        openings: Hash,
    ) -> Result<Manifest, ServiceError> {
        let file = self.vault.open_file(submission, openings, None).await?;
        if file.size > MAX_OPENINGS_BYTES as u64 {
            let (found, limit) = (file.size, MAX_OPENINGS_BYTES as u64);
            return Err(ServiceError::TooLarge { what: "the openings file", found, limit });
        }
        let bytes = file.into_bytes().await.map_err(VaultError::from)?;
        let parsed = tokio::task::spawn_blocking(move || Manifest::parse_openings(&bytes)).await;
        match parsed {
            Ok(Ok(manifest)) => Ok(manifest),
            Ok(Err(error)) => Err(ServiceError::Openings { reason: error.to_string() }),
            Err(error) => Err(ServiceError::Openings { reason: error.to_string() }),
        }
    }

    async fn require_files(
        &self,
        submission: Uuid,
        manifest: &Manifest,
    ) -> Result<(), ServiceError> {
        let mut missing = 0;
        let mut first = None;
        for files in manifest.files().chunks(DIGESTS_PER_QUESTION) {
            let digests: Vec<Hash> = files.iter().map(|file| file.sha256).collect();
            let stored: std::collections::HashSet<Hash> =
                self.vault.stored(submission, &digests).await?.into_iter().collect();
            for digest in digests.iter().filter(|digest| !stored.contains(digest)) {
                missing += 1;
                first.get_or_insert(*digest);
            }
        }
        match first {
            Some(first) => Err(ServiceError::FilesMissing { missing, first }),
            None => Ok(()),
        }
    }

    /// A manifest statement repeats what is stored, or it is refused.
    pub(super) async fn check_manifest(
        &self,
        submission: Uuid,
        payload: &Payload,
    ) -> Result<(), ServiceError> {
        let Payload::Manifest(stated) = payload else { return Ok(()) };
        let stated = stated.body();
        let commitment = stated.commitment.0;
        let stored = self.ledger.manifest(submission, commitment).await?;
        let stored = stored.ok_or(ServiceError::ManifestNotStored { submission, commitment })?;
        let same = stored.role == stated.role
            && stored.files == stated.count
            && stored.bytes == stated.total_size;
        if same { Ok(()) } else { Err(ServiceError::ManifestDiffers { commitment }) }
    }
}
