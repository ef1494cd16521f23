//! Sending files: small ones together, large ones in parts that resume. What is there is not sent
//! again.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use attestry_proof::hash::Hash;
use coset::cbor::Value;
use indicatif::ProgressBar;
use reqwest::Body;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::{
    cli::{
        client::{Client, Part},
        output::Failure,
    },
    vault::{PACK_BYTES_MAX, PACKED_FILE_BYTES_MAX, PACKED_FILES_MAX, PART_BYTES_MAX},
};

/// Digests in one question.
const DIGESTS_PER_QUESTION: usize = 10_000;
/// Attempts for one request before giving up.
const ATTEMPTS: u32 = 5;
/// Buffer between file and connection.
const READ_BYTES: usize = 256 << 10;

/// A file to send: its SHA-256, where it is, and its size.
pub type Source = (Hash, PathBuf, u64);

/// Sends what the service does not have yet.
pub async fn send(
    client: &Client,
    id: Uuid,
    sources: &[Source],
    progress: &ProgressBar,
) -> Result<(), Failure> {
    let by_digest: HashMap<Hash, &Source> =
        sources.iter().map(|source| (source.0, source)).collect();
    let mut digests: Vec<Hash> = by_digest.keys().copied().collect();
    digests.sort_unstable();
    progress.set_length(by_digest.values().map(|source| source.2).sum());
    let mut pack = Pack::default();
    for question in digests.chunks(DIGESTS_PER_QUESTION) {
        let missing = client.missing_files(id, question).await?;
        let stored: u64 =
            question.iter().filter_map(|digest| by_digest.get(digest)).map(|source| source.2).sum();
        let absent: u64 =
            missing.iter().filter_map(|digest| by_digest.get(digest)).map(|source| source.2).sum();
        progress.inc(stored.saturating_sub(absent));
        for source in missing.iter().filter_map(|digest| by_digest.get(digest)) {
            if source.2 > PACKED_FILE_BYTES_MAX as u64 {
                send_large(client, id, source, progress).await?;
                continue;
            }
            if !pack.has_room_for(source.2) {
                pack.send(client, id, progress).await?;
            }
            pack.add(source).await?;
        }
    }
    pack.send(client, id, progress).await
}

/// Small files on their way, as a CBOR sequence of byte strings.
#[derive(Default)]
struct Pack {
    body: Vec<u8>,
    files: usize,
    bytes: u64,
}

impl Pack {
    fn has_room_for(&self, size: u64) -> bool {
        self.files < PACKED_FILES_MAX && self.bytes + size <= PACK_BYTES_MAX as u64
    }

    async fn add(&mut self, (digest, path, size): &Source) -> Result<(), Failure> {
        let content = tokio::fs::read(path).await;
        let content =
            content.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        for item in [digest.as_bytes().to_vec(), content] {
            coset::cbor::ser::into_writer(&Value::Bytes(item), &mut self.body)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        }
        self.files += 1;
        self.bytes += size;
        Ok(())
    }

    async fn send(
        &mut self,
        client: &Client,
        id: Uuid,
        progress: &ProgressBar,
    ) -> Result<(), Failure> {
        if self.files == 0 {
            return Ok(());
        }
        let pack = std::mem::take(self);
        patiently(async || client.send_files(id, pack.body.clone()).await).await?;
        progress.inc(pack.bytes);
        Ok(())
    }
}

async fn send_large(
    client: &Client,
    id: Uuid,
    source: &Source,
    progress: &ProgressBar,
) -> Result<(), Failure> {
    let (digest, path, size) = source;
    let mut shown = 0;
    patiently(async || {
        while let Some(offset) = client.upload_offset(id, *digest).await? {
            progress.inc(offset.saturating_sub(shown));
            shown = shown.max(offset);
            let length = PART_BYTES_MAX.min(size - offset);
            let part = Part {
                offset,
                size: *size,
                last: offset + length == *size,
                body: part(path, offset, length).await?,
            };
            client.send_part(id, *digest, part).await?;
            progress.inc((offset + length).saturating_sub(shown));
            shown = shown.max(offset + length);
        }
        Ok(())
    })
    .await
}

async fn part(path: &PathBuf, offset: u64, length: u64) -> Result<Body, Failure> {
    let unreadable = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    file.seek(std::io::SeekFrom::Start(offset)).await.map_err(unreadable)?;
    Ok(Body::wrap_stream(ReaderStream::with_capacity(file.take(length), READ_BYTES)))
}

/// Tries again when the service could not be reached or was busy; a refusal is final.
async fn patiently(mut attempt: impl AsyncFnMut() -> Result<(), Failure>) -> Result<(), Failure> {
    let mut pause = Duration::from_millis(250);
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(failure) if failure.code() == crate::cli::output::SERVICE => {
                tracing::warn!(%failure, "trying again");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            result => return result,
        }
    }
    attempt().await
}
