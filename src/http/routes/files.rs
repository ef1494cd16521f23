//! Files of a submission: resumable uploads, many small files at once, downloads with ranges.
//!
//! Resuming follows draft-ietf-httpbis-resumable-upload: `HEAD` tells `Upload-Offset`, `PATCH`
//! continues from there,
//! `Upload-Complete: ?1` ends. The name of a file is its SHA-256, so a file that is there is never
//! sent again.

use std::ops::Range;

use attestry_proof::{
    hash::Hash,
    payload::{
        access::{AccessAct, AccessObject},
        fields::Digest,
    },
};
use axum::{
    Json, Router,
    body::{Body, Bytes, HttpBody as _},
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use coset::cbor::Value;
use futures_util::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    log::digest, scrapi::require_content_type, statements::json_body, submissions::submission_id,
};
use crate::{
    http::{
        App, AppState,
        auth::{
            Caller, SignedBody, content_digest, parse_content_digest, read_body, require_digest,
        },
        problem::Problem,
        purpose::PurposeQuery,
    },
    service::{ServiceError, authorize::Action},
    vault::{PACK_BYTES_MAX, PACKED_FILES_MAX, UploadError, UploadState, VaultError},
};

/// Largest body with many files: their bytes and the CBOR around them.
const PACK_BODY_BYTES_MAX: usize = PACK_BYTES_MAX + PACKED_FILES_MAX * 64;
/// Digests in one question.
const DIGESTS_MAX: usize = 10_000;
const PARTIAL_UPLOAD: &str = "application/partial-upload";
const FILE_SEQUENCE: &str = "application/cbor-seq";

const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(missing))
}

/// Routes whose bodies take as long as they take and are never whole in memory.
pub(crate) fn streaming() -> Router<AppState> {
    Router::new().route(
        "/api/v1/submissions/{id}/files/{sha256}",
        routing::get(download).head(upload_state).put(upload_whole).patch(upload_part),
    )
}

/// The route whose body may take long and is whole in memory.
pub(crate) fn packs() -> Router<AppState> {
    Router::new().route("/api/v1/submissions/{id}/files", routing::post(upload_many))
}

/// Files about which is asked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilesQuestion {
    /// SHA-256 of each, hex; at most 10,000.
    pub sha256: Vec<String>,
}

/// Files that are not stored.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FilesMissing {
    /// SHA-256 of each, hex.
    pub missing: Vec<String>,
}

/// Which of these files still have to be sent.
#[utoipa::path(
    post, path = "/api/v1/submissions/{id}/files/missing", tag = "Files", request_body = FilesQuestion,
    params(("id" = Uuid, Path, description = "Submission")),
    responses(
        (status = 200, body = FilesMissing, description = "Those that are not stored"),
        (status = 401, body = Problem, description = "No acceptable token"),
        (status = 404, body = Problem, description = "No such submission for this caller"),
    ),
    security(("request-token" = []))
)]
async fn missing(
    State(app): App,
    Path(id): Path<String>,
    body: SignedBody,
) -> Result<Json<FilesMissing>, Problem> {
    let id = submission_id(&id)?;
    app.service.writable_submission(&body.key, Action::Upload, id).await?;
    let question: FilesQuestion = json_body(&body.bytes)?;
    if question.sha256.len() > DIGESTS_MAX {
        return Err(Problem::malformed(format!("ask about at most {DIGESTS_MAX} files at a time")));
    }
    let digests = question.sha256.iter().map(|hex| digest(hex)).collect::<Result<Vec<_>, _>>()?;
    let stored = app.service.vault().stored(id, &digests).await?;
    let stored: std::collections::HashSet<Hash> = stored.into_iter().collect();
    let missing =
        digests.into_iter().filter(|digest| !stored.contains(digest)).map(Hash::to_hex).collect();
    Ok(Json(FilesMissing { missing }))
}

type FilePath = Path<(String, String)>;

fn file_path(Path((id, sha256)): FilePath) -> Result<(Uuid, Hash), Problem> {
    Ok((submission_id(&id)?, digest(&sha256)?))
}

async fn upload_state(
    State(app): App,
    path: FilePath,
    caller: Caller,
) -> Result<Response, Problem> {
    let (id, sha256) = file_path(path)?;
    app.service.writable_submission(&caller.key, Action::Upload, id).await?;
    let state = app.service.vault().upload_state(id, sha256).await?;
    let state = state.ok_or_else(|| Problem::not_found("no upload of this file was begun"))?;
    Ok((StatusCode::NO_CONTENT, state_headers(state)).into_response())
}

async fn upload_part(
    State(app): App,
    path: FilePath,
    headers: HeaderMap,
    caller: Caller,
    body: Body,
) -> Result<Response, Problem> {
    let (id, sha256) = file_path(path)?;
    require_content_type(&headers, PARTIAL_UPLOAD)?;
    let offset = number(&headers, &UPLOAD_OFFSET)?
        .ok_or_else(|| Problem::malformed("say where the part begins: Upload-Offset"))?;
    let complete = match headers.get(&UPLOAD_COMPLETE).map(HeaderValue::as_bytes) {
        Some(b"?1") => true,
        Some(b"?0") => false,
        _ => {
            return Err(Problem::malformed(
                "say whether this part is the last one: Upload-Complete: ?1 or ?0",
            ));
        }
    };
    let size = match number(&headers, &UPLOAD_LENGTH)? {
        Some(size) => Some(size),
        None => content_length(&headers)
            .filter(|_| complete)
            .map(|length| offset.saturating_add(length)),
    };
    receive(
        &app,
        (id, sha256),
        &caller,
        Sending { offset, size, complete, headers: &headers },
        body,
    )
    .await
}

async fn upload_whole(
    State(app): App,
    path: FilePath,
    headers: HeaderMap,
    caller: Caller,
    body: Body,
) -> Result<Response, Problem> {
    let target = file_path(path)?;
    // Some clients leave out the length of a body that is empty.
    let size = content_length(&headers)
        .or_else(|| body.size_hint().exact())
        .ok_or_else(|| Problem::malformed("say how long the file is: Content-Length"))?;
    let sending = Sending { offset: 0, size: Some(size), complete: true, headers: &headers };
    receive(&app, target, &caller, sending, body).await
}

struct Sending<'a> {
    offset: u64,
    size: Option<u64>,
    complete: bool,
    headers: &'a HeaderMap,
}

async fn receive(
    app: &AppState,
    (id, sha256): (Uuid, Hash),
    caller: &Caller,
    sending: Sending<'_>,
    body: Body,
) -> Result<Response, Problem> {
    app.service.prepare_submission(&caller.key, Action::Upload, id).await?;
    app.service.refuse_erased_here(id, &[sha256]).await?;
    let vault = app.service.vault();
    let mut state = match sending.size {
        Some(size) => vault.begin_upload(id, sha256, size).await?,
        None => vault.upload_state(id, sha256).await?.ok_or(UploadError::NotOpen)?,
    };
    if matches!(state, UploadState::Open { .. }) {
        // The token may vouch for the part; the path always names the whole.
        let announced = caller.body.digest().or_else(|| header_digest(sending.headers));
        let hasher = std::sync::Arc::new(std::sync::Mutex::new(Sha256::new()));
        let pieces = hashed(body.into_data_stream(), std::sync::Arc::clone(&hasher));
        state = vault.append(id, sha256, sending.offset, pieces).await?;
        let found =
            hasher.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone().finalize();
        let found = Hash(found.into());
        if let Some(required) = announced.filter(|required| *required != found) {
            vault.abandon_upload(id, sha256).await?;
            return Err(ServiceError::DigestMismatch { found, required }.into());
        }
        if sending.complete {
            vault.complete_upload(id, sha256).await?;
            state = vault.upload_state(id, sha256).await?.ok_or(UploadError::NotOpen)?;
        }
    }
    let stored = matches!(state, UploadState::Stored { .. });
    let status = if stored { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    Ok((status, state_headers(state)).into_response())
}

fn header_digest(headers: &HeaderMap) -> Option<Hash> {
    headers
        .get(&CONTENT_DIGEST)
        .and_then(|value| value.to_str().ok())
        .and_then(parse_content_digest)
}

fn state_headers(state: UploadState) -> [(HeaderName, HeaderValue); 3] {
    let (offset, size, complete) = match state {
        UploadState::Stored { size } => (size, size, "?1"),
        UploadState::Open { size, offset } => (offset, size, "?0"),
    };
    [
        (UPLOAD_OFFSET, HeaderValue::from(offset)),
        (UPLOAD_LENGTH, HeaderValue::from(size)),
        (UPLOAD_COMPLETE, HeaderValue::from_static(complete)),
    ]
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| Problem::malformed(format!("{name} must be a number of bytes")))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn hashed(
    body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
    hasher: std::sync::Arc<std::sync::Mutex<Sha256>>,
) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send {
    body.inspect(move |piece| {
        if let Ok(bytes) = piece {
            hasher.lock().unwrap_or_else(std::sync::PoisonError::into_inner).update(bytes);
        }
    })
}

/// Many small files in one body: a CBOR sequence of byte strings, SHA-256 and content in turn.
async fn upload_many(
    State(app): App,
    Path(id): Path<String>,
    headers: HeaderMap,
    caller: Caller,
    body: Body,
) -> Result<Json<serde_json::Value>, Problem> {
    let id = submission_id(&id)?;
    require_content_type(&headers, FILE_SEQUENCE)?;
    app.service.writable_submission(&caller.key, Action::Upload, id).await?;
    let bytes = read_body(body, PACK_BODY_BYTES_MAX).await?;
    require_digest(caller.body, &bytes)?;
    let files = parse_files(&bytes)?;
    let count = files.len();
    app.service.prepare_submission(&caller.key, Action::Upload, id).await?;
    let digests: Vec<Hash> = files.iter().map(|(sha256, _)| *sha256).collect();
    app.service.refuse_erased_here(id, &digests).await?;
    let new = app.service.vault().put_many(id, files).await?;
    Ok(Json(serde_json::json!({ "files": count, "new": new })))
}

fn parse_files(mut bytes: &[u8]) -> Result<Vec<(Hash, Bytes)>, Problem> {
    let malformed = || {
        Problem::malformed(
            "the body must be a CBOR sequence of byte strings: SHA-256 and content of each file in turn",
        )
    };
    let mut files = Vec::new();
    while !bytes.is_empty() {
        let mut next = || match coset::cbor::de::from_reader::<Value, _>(&mut bytes) {
            Ok(Value::Bytes(item)) => Ok(item),
            _ => Err(malformed()),
        };
        let sha256 = Hash::from_slice(&next()?).ok_or_else(malformed)?;
        files.push((sha256, Bytes::from(next()?)));
        if files.len() > PACKED_FILES_MAX {
            return Err(Problem::malformed(format!(
                "send at most {PACKED_FILES_MAX} files at a time"
            )));
        }
    }
    Ok(files)
}

async fn download(
    State(app): App,
    path: FilePath,
    headers: HeaderMap,
    Query(purpose): Query<PurposeQuery>,
    caller: Caller,
) -> Result<Response, Problem> {
    let (id, sha256) = file_path(path)?;
    let opened = (AccessAct::Download, AccessObject::File(Digest(sha256)));
    let stated = purpose.stated(&caller)?;
    app.service.submission_for(&caller.key, Action::ReadContent, id).await?;
    let etag = format!("\"{sha256}\"");
    let whole = app.service.vault().open_file(id, sha256, None).await?;
    // Logged once it is known to be there, and before anything of it is sent.
    app.service.open_sealed(&caller.key, Action::ReadContent, id, opened, &stated).await?;
    let range = match requested_range(&headers, whole.size, &etag) {
        Ok(range) => range,
        Err(problem) => return Ok(unsatisfiable(problem, whole.size)),
    };
    let (status, file) = match range {
        None => (StatusCode::OK, whole),
        Some(range) => (
            StatusCode::PARTIAL_CONTENT,
            app.service.vault().open_file(id, sha256, Some(range)).await?,
        ),
    };
    let (size, range) = (file.size, file.range.clone());
    let mut response = (status, Body::from_stream(file.into_stream())).into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_LENGTH, (range.end - range.start).to_string());
    set(header::ETAG, etag);
    set(header::ACCEPT_RANGES, "bytes".into());
    set(header::CACHE_CONTROL, "private, no-store".into());
    set(header::CONTENT_TYPE, "application/octet-stream".into());
    if status == StatusCode::PARTIAL_CONTENT {
        set(
            header::CONTENT_RANGE,
            format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1)),
        );
    } else {
        set(CONTENT_DIGEST, content_digest(&sha256));
    }
    Ok(response)
}

/// The refusal of a range, with the size that there is (RFC 9110 §15.5.17).
fn unsatisfiable(problem: Problem, size: u64) -> Response {
    let mut response = problem.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

/// One byte range (RFC 9110 §14.1.2); several, or another unit, are ignored as the standard allows.
fn requested_range(
    headers: &HeaderMap,
    size: u64,
    etag: &str,
) -> Result<Option<Range<u64>>, Problem> {
    if headers.get(header::IF_RANGE).is_some_and(|value| value.as_bytes() != etag.as_bytes()) {
        return Ok(None);
    }
    let value = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some((first, last)) = value
        .and_then(|value| value.strip_prefix("bytes="))
        .filter(|ranges| !ranges.contains(','))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Ok(None);
    };
    let unsatisfiable = || {
        let detail = format!("the file has {size} bytes");
        Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", "Range not satisfiable", detail)
    };
    let range = match (first.parse::<u64>().ok(), last.parse::<u64>().ok()) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(suffix)) if first.is_empty() && suffix > 0 => size.saturating_sub(suffix)..size,
        _ => return Ok(None),
    };
    if range.start < size { Ok(Some(range)) } else { Err(unsatisfiable()) }
}

pub(crate) fn upload_problem(error: &UploadError) -> Problem {
    use UploadError as E;
    let (status, kind, title) = match error {
        E::FileTooLarge { .. } | E::BatchTooLarge { .. } => {
            (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large")
        }
        E::SizeDiffers { .. } => (StatusCode::CONFLICT, "size-differs", "File size differs"),
        E::NotOpen => (StatusCode::NOT_FOUND, "not-found", "No such upload"),
        E::Offset { .. } => (StatusCode::CONFLICT, "upload-offset", "Upload offset does not match"),
        E::PastEnd { .. } => (StatusCode::BAD_REQUEST, "past-end", "More bytes than announced"),
        E::TooManyParts { .. } => (StatusCode::BAD_REQUEST, "too-many-parts", "Too many parts"),
        E::Interrupted { .. } => (StatusCode::BAD_REQUEST, "interrupted", "Upload interrupted"),
        E::Incomplete { .. } => (StatusCode::BAD_REQUEST, "incomplete", "Bytes missing"),
        E::DigestDiffers { .. } => {
            (StatusCode::BAD_REQUEST, "digest-mismatch", "Digest does not match")
        }
        E::Vault(error) => return vault_problem(error),
    };
    Problem::new(status, kind, title, error.to_string())
}

fn vault_problem(error: &VaultError) -> Problem {
    match error {
        VaultError::FileUnknown { .. } => Problem::not_found(error.to_string()),
        _ => {
            tracing::error!(%error, "the vault failed");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Service failure",
                "the service failed; the operator's log says why",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range_of(value: &str, size: u64) -> Result<Option<Range<u64>>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, value.parse().unwrap());
        requested_range(&headers, size, "\"x\"")
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        assert_eq!(range_of("bytes=0-9", 100).unwrap(), Some(0..10));
        assert_eq!(range_of("bytes=90-", 100).unwrap(), Some(90..100));
        assert_eq!(range_of("bytes=-5", 100).unwrap(), Some(95..100));
        assert_eq!(range_of("bytes=50-1000", 100).unwrap(), Some(50..100));
        for ignored in ["bytes=9-0", "items=0-1", "bytes=0-1,5-6", "bytes=x-y", "bytes=-0"] {
            assert_eq!(range_of(ignored, 100).unwrap(), None, "{ignored}");
        }
        assert_eq!(
            range_of("bytes=100-", 100).unwrap_err().status(),
            StatusCode::RANGE_NOT_SATISFIABLE
        );
    }

    #[test]
    fn a_file_sequence_is_pairs_of_byte_strings() {
        let encode = |items: &[Value]| {
            let mut bytes = Vec::new();
            for item in items {
                coset::cbor::ser::into_writer(item, &mut bytes).unwrap();
            }
            bytes
        };
        let digest = Value::Bytes(Hash::of(b"a").0.to_vec());
        let content = Value::Bytes(b"a".to_vec());
        let files = parse_files(&encode(&[digest.clone(), content.clone()])).unwrap();
        assert_eq!(files, [(Hash::of(b"a"), Bytes::from_static(b"a"))]);
        for bad in [
            encode(std::slice::from_ref(&digest)),
            encode(&[content.clone(), content]),
            encode(&[digest.clone(), Value::from("text")]),
            encode(&[digest])[..10].to_vec(),
        ] {
            assert!(parse_files(&bad).is_err());
        }
    }
}
