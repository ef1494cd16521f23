//! Files on their way to the service.

use attestry_proof::hash::Hash;
use reqwest::{Body, Method, StatusCode};
use uuid::Uuid;

use super::{Client, Failure, refusal};
use crate::http::routes::{
    files::{FilesMissing, FilesQuestion},
    submissions::{ManifestInfo, ManifestRequest},
};

/// One part of a file on its way.
pub struct Part {
    /// Where it begins.
    pub offset: u64,
    /// Size of the whole file.
    pub size: u64,
    /// Whether it is the last one.
    pub last: bool,
    /// Its bytes.
    pub body: Body,
}

fn file_path(id: Uuid, digest: Hash) -> String {
    format!("/api/v1/submissions/{id}/files/{digest}")
}

impl Client {
    /// Which of these files still have to be sent.
    ///
    /// # Errors
    /// A [`Failure`] if the submission is somebody else's.
    pub async fn missing_files(&self, id: Uuid, digests: &[Hash]) -> Result<Vec<Hash>, Failure> {
        let question =
            FilesQuestion { sha256: digests.iter().map(|digest| digest.to_hex()).collect() };
        let answer: FilesMissing = self
            .send_json(Method::POST, &format!("/api/v1/submissions/{id}/files/missing"), &question)
            .await?;
        let missing: Option<Vec<Hash>> =
            answer.missing.iter().map(|hex| Hash::from_hex(hex)).collect();
        missing.ok_or_else(|| Failure::service("the service answered with a malformed digest"))
    }

    /// Sends many small files in one request.
    ///
    /// # Errors
    /// A [`Failure`] if one of them is refused; then none of this request is stored.
    pub async fn send_files(&self, id: Uuid, body: Vec<u8>) -> Result<(), Failure> {
        let request = self.signed(
            Method::POST,
            &format!("/api/v1/submissions/{id}/files"),
            Some(Hash::of(&body)),
        )?;
        self.send(request.header("content-type", "application/cbor-seq").body(body)).await?;
        Ok(())
    }

    /// From which byte a file still has to be sent; `None` if all of it is there.
    ///
    /// # Errors
    /// As [`Client::missing_files`].
    pub async fn upload_offset(&self, id: Uuid, digest: Hash) -> Result<Option<u64>, Failure> {
        let request = self.signed(Method::HEAD, &file_path(id, digest), None)?;
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let header =
            |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        match response.status() {
            StatusCode::NOT_FOUND => Ok(Some(0)),
            status if status.is_success() && header("upload-complete") == Some("?1") => Ok(None),
            status if status.is_success() => {
                Ok(header("upload-offset").and_then(|offset| offset.parse().ok()))
            }
            _ => Err(refusal(response).await),
        }
    }

    /// Sends one part of a file.
    ///
    /// # Errors
    /// A [`Failure`] if it is refused or the connection breaks; what arrived is kept.
    pub async fn send_part(&self, id: Uuid, digest: Hash, part: Part) -> Result<(), Failure> {
        let request = self
            .signed(Method::PATCH, &file_path(id, digest), None)?
            .header("content-type", "application/partial-upload")
            .header("upload-offset", part.offset)
            .header("upload-length", part.size)
            .header("upload-complete", if part.last { "?1" } else { "?0" })
            .body(part.body);
        self.send(request).await?;
        Ok(())
    }

    /// A stored file, whole in memory.
    ///
    /// # Errors
    /// A [`Failure`] if it is not stored, was erased, or is not for this caller.
    pub async fn file(&self, id: Uuid, digest: Hash) -> Result<Vec<u8>, Failure> {
        let path = format!("{}{}", file_path(id, digest), self.stated_purpose('?'));
        self.get_signed_bytes(&path).await
    }

    /// Records a manifest whose files are sent.
    ///
    /// # Errors
    /// A [`Failure`] if files are missing.
    pub async fn put_manifest(
        &self,
        id: Uuid,
        commitment: Hash,
        openings: Hash,
    ) -> Result<ManifestInfo, Failure> {
        let request = ManifestRequest { openings: openings.to_hex() };
        self.send_json(
            Method::PUT,
            &format!("/api/v1/submissions/{id}/manifests/{commitment}"),
            &request,
        )
        .await
    }
}
