//! C2SP tlog-tiles: checkpoint, hash tiles and entry bundles.

use attestry_proof::{
    log::tile::{EntryBundleId, TileId, encode_bundle},
    size::LeafIndex,
};
use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::entries::may_read_entries;
use crate::{
    http::{App, AppState, EntriesAccess, open::ReadsLog, problem::Problem},
    service::ServiceError,
};

/// What is published under a path never changes.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Entry bundles of members are not for shared caches.
const IMMUTABLE_PRIVATE: HeaderValue =
    HeaderValue::from_static("private, max-age=31536000, immutable");
/// The checkpoint changes at most once a second.
const ONE_SECOND: HeaderValue = HeaderValue::from_static("public, max-age=1");

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/entries/{*path}", get(entry_bundle))
        .route("/tile/{*path}", get(tile))
}

async fn checkpoint(State(app): App, _: ReadsLog) -> Response {
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    let headers = [(header::CONTENT_TYPE, text), (header::CACHE_CONTROL, ONE_SECOND)];
    (headers, app.service.log().checkpoint().note.clone()).into_response()
}

async fn tile(State(app): App, _: ReadsLog, Path(path): Path<String>) -> Result<Response, Problem> {
    let missing = || Problem::not_found("no such tile at the size of the newest checkpoint");
    let tile = TileId::parse(&format!("tile/{path}"))
        .map_err(|error| Problem::not_found(error.to_string()))?;
    if !tile.exists_at(app.service.log().checkpoint().head.size) {
        return Err(missing());
    }
    let bytes =
        app.service.ledger().tile(tile).await.map_err(ServiceError::from)?.ok_or_else(missing)?;
    Ok(octets(bytes, IMMUTABLE))
}

async fn entry_bundle(
    State(app): App,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    may_read_entries(&app, request).await?;
    let cache = match app.entries {
        EntriesAccess::Public => IMMUTABLE,
        EntriesAccess::Members => IMMUTABLE_PRIVATE,
    };
    let missing =
        || Problem::not_found("no such entry bundle at the size of the newest checkpoint");
    let bundle = EntryBundleId::parse(&format!("tile/entries/{path}"))
        .map_err(|error| Problem::not_found(error.to_string()))?;
    if !bundle.exists_at(app.service.log().checkpoint().head.size) {
        return Err(missing());
    }
    let first = LeafIndex(bundle.index * 256);
    let entries = app
        .service
        .ledger()
        .entries(first, u32::from(bundle.width))
        .await
        .map_err(ServiceError::from)?;
    let entries: Vec<Vec<u8>> = entries.into_iter().map(|entry| entry.entry).collect();
    if entries.len() != usize::from(bundle.width) {
        return Err(missing());
    }
    let bytes = encode_bundle(&entries).map_err(|error| Problem::not_found(error.to_string()))?;
    Ok(octets(bytes, cache))
}

fn octets(bytes: Vec<u8>, cache: HeaderValue) -> Response {
    let kind = HeaderValue::from_static("application/octet-stream");
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], bytes).into_response()
}
