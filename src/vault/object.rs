//! Sealed parts in the object store: written in small pieces, read in windows, never whole.

use std::{ops::Range, path::Path as FilePath, sync::Arc};

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, local::LocalFileSystem,
    path::Path,
};

use super::{
    keys::ObjectKey,
    stream::{
        CHUNK_BYTES, HEADER_BYTES, PartCipher, PartPlace, StreamFault, TAG_BYTES, chunk_count,
        sealed_length,
    },
};
use crate::{entropy::Entropy, store::files::ObjectId};

/// Sealed bytes handed to the store at a time.
const WRITE_BYTES: usize = 1024 * 1024;

/// Chunks read from the store at a time: 1 MiB.
const WINDOW_CHUNKS: u64 = 16;

/// Why an object cannot be read or written. Every refusal names the place.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The object store holds nothing under this name.
    #[error("part {part} of object {object} is missing from the vault")]
    Missing {
        /// Which object.
        object: ObjectId,
        /// Which part.
        part: u32,
    },
    /// The part was cut or lengthened.
    #[error("part {part} of object {object} has {found} bytes instead of {required}")]
    Length {
        /// Which object.
        object: ObjectId,
        /// Which part.
        part: u32,
        /// Bytes in the store.
        found: u64,
        /// Bytes written.
        required: u64,
    },
    /// The part does not begin with a header this version knows.
    #[error("part {part} of object {object} is not in a known format")]
    Format {
        /// Which object.
        object: ObjectId,
        /// Which part.
        part: u32,
    },
    /// The bytes are those of another part, object or submission.
    #[error("part {part} of object {object} was replaced by another part, object or submission's")]
    Misplaced {
        /// Which object.
        object: ObjectId,
        /// Which part.
        part: u32,
    },
    /// The part was sealed under another key than the keyring has for the object.
    #[error("part {part} of object {object} is sealed under another key")]
    OtherKey {
        /// Which object.
        object: ObjectId,
        /// Which part.
        part: u32,
    },
    /// A chunk was changed, cut or moved.
    #[error("chunk {chunk} of part {part} of object {object} was changed")]
    Chunk {
        /// Which object.
        object: ObjectId,
        /// Which part.
        part: u32,
        /// Which chunk of 64 KiB, from 0.
        chunk: u32,
    },
    /// The object store failed.
    #[error("object {object}: {source}")]
    Store {
        /// Which object.
        object: ObjectId,
        /// Why.
        source: object_store::Error,
    },
}

impl ObjectError {
    /// Whether the stored bytes are at fault, and not the store's availability.
    #[must_use]
    pub const fn is_corruption(&self) -> bool {
        !matches!(self, Self::Store { .. })
    }

    fn at(place: &PartPlace, fault: StreamFault) -> Self {
        let (object, part) = (place.object, place.part);
        match fault {
            StreamFault::Format => Self::Format { object, part },
            StreamFault::Misplaced => Self::Misplaced { object, part },
            StreamFault::OtherKey => Self::OtherKey { object, part },
            StreamFault::Chunk(chunk) => Self::Chunk { object, part, chunk },
        }
    }
}

/// A directory as object store. Every write is synced, file and directory, before it is
/// acknowledged.
///
/// # Errors
/// If the directory cannot be created or read.
pub fn local_objects(dir: &FilePath) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    std::fs::create_dir_all(dir)
        .map_err(|error| object_store::Error::Generic { store: "vault", source: error.into() })?;
    Ok(Arc::new(LocalFileSystem::new_with_prefix(dir)?.with_fsync(true)))
}

/// The object store, by object and part.
#[derive(Clone)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
}

impl Objects {
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// Writes a whole small part.
    pub(super) async fn put(
        &self,
        object: ObjectId,
        part: u32,
        sealed: Vec<u8>,
    ) -> Result<(), ObjectError> {
        let written = self.store.put(&part_path(object, part), sealed.into()).await;
        written.map(drop).map_err(|source| ObjectError::Store { object, source })
    }

    /// Starts a part of unknown length.
    pub(super) async fn write_part(
        &self,
        key: &ObjectKey,
        entropy: &dyn Entropy,
        place: PartPlace,
    ) -> Result<PartWriter, ObjectError> {
        let (cipher, header) = PartCipher::seal(key, entropy, &place);
        let path = part_path(place.object, place.part);
        let upload = self
            .store
            .put_multipart(&path)
            .await
            .map_err(|source| ObjectError::Store { object: place.object, source })?;
        let mut sealed = Vec::with_capacity(WRITE_BYTES + CHUNK_BYTES + TAG_BYTES);
        sealed.extend_from_slice(&header);
        let chunk = Vec::with_capacity(CHUNK_BYTES + TAG_BYTES);
        Ok(PartWriter { upload, cipher, place, chunk, counter: 0, sealed, length: 0 })
    }

    /// Checks length and header of a part that holds `length` bytes of the file. `at` is where the
    /// part begins inside its pack; parts outside packs begin at 0 and have nothing after them.
    pub(super) async fn read_part(
        &self,
        key: &ObjectKey,
        place: PartPlace,
        length: u64,
        packed: Option<(ObjectId, u64)>,
    ) -> Result<PartReader, ObjectError> {
        let (object, part) = (place.object, place.part);
        let (path, at) = match packed {
            Some((pack, at)) => (part_path(pack, PACK_PART), at),
            None => (part_path(object, part), 0),
        };
        let required = at + sealed_length(length);
        let (header, found) =
            self.get(&path, &place, at..at + HEADER_BYTES as u64, required).await?;
        let complete = if packed.is_some() { found >= required } else { found == required };
        let Some(header) = header.first_chunk::<HEADER_BYTES>().filter(|_| complete) else {
            return Err(ObjectError::Length { object, part, found, required });
        };
        let cipher = PartCipher::open(key, &place, header)
            .map_err(|fault| ObjectError::at(&place, fault))?;
        Ok(PartReader { objects: self.clone(), path, at, cipher, place, length })
    }

    /// The bytes of the range as far as they exist, and the length of the whole object, which
    /// should be `required` at least.
    async fn get(
        &self,
        path: &Path,
        place: &PartPlace,
        range: Range<u64>,
        required: u64,
    ) -> Result<(Bytes, u64), ObjectError> {
        let (object, part) = (place.object, place.part);
        let failed = |source| match source {
            object_store::Error::NotFound { .. } => ObjectError::Missing { object, part },
            source => ObjectError::Store { object, source },
        };
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        match self.store.get_opts(path, options).await {
            Ok(result) => {
                let found = result.meta.size;
                Ok((result.bytes().await.map_err(failed)?, found))
            }
            Err(error) => {
                // A range that begins after the end is an error of its own in every store.
                let found = self.store.head(path).await.map_err(failed)?.size;
                if found < required {
                    return Err(ObjectError::Length { object, part, found, required });
                }
                Err(failed(error))
            }
        }
    }

    /// Deletes one part; a missing one is no error.
    pub(super) async fn delete_part(&self, object: ObjectId, part: u32) -> Result<(), ObjectError> {
        match self.store.delete(&part_path(object, part)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(ObjectError::Store { object, source }),
        }
    }

    /// Deletes every part of the object, recorded or not.
    pub(super) async fn delete(&self, object: ObjectId) -> Result<(), ObjectError> {
        let failed = |source| ObjectError::Store { object, source };
        let prefix = Path::from(format!("objects/{object}"));
        let parts: Vec<_> = self.store.list(Some(&prefix)).try_collect().await.map_err(failed)?;
        for part in parts {
            match self.store.delete(&part.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(source) => return Err(failed(source)),
            }
        }
        Ok(())
    }
}

/// Number of the only part of a pack.
pub(super) const PACK_PART: u32 = 0;

pub(super) fn part_path(object: ObjectId, part: u32) -> Path {
    Path::from(format!("objects/{object}/{part}"))
}

/// A part that is being written. Nothing is visible, or durable, before [`PartWriter::finish`].
pub(super) struct PartWriter {
    upload: Box<dyn MultipartUpload>,
    cipher: PartCipher,
    place: PartPlace,
    /// Bytes of the file not sealed yet: at most one chunk, since only the end tells which is last.
    chunk: Vec<u8>,
    counter: u32,
    sealed: Vec<u8>,
    length: u64,
}

impl PartWriter {
    /// Bytes of the file written so far.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Seals and writes; waits when the store is slower than the sender.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), ObjectError> {
        self.length += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.chunk.len() == CHUNK_BYTES {
                self.seal_chunk(false)?;
                if self.sealed.len() >= WRITE_BYTES {
                    self.flush().await?;
                }
            }
            let (taken, rest) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.chunk.len()));
            self.chunk.extend_from_slice(taken);
            bytes = rest;
        }
        Ok(())
    }

    /// Makes the part durable; answers with the number of bytes of the file in it.
    pub(super) async fn finish(mut self) -> Result<u64, ObjectError> {
        self.seal_chunk(true)?;
        self.flush().await?;
        match self.upload.complete().await {
            Ok(_) => Ok(self.length),
            Err(source) => Err(ObjectError::Store { object: self.place.object, source }),
        }
    }

    /// Leaves nothing behind.
    pub(super) async fn abort(mut self) -> Result<(), ObjectError> {
        let aborted = self.upload.abort().await;
        aborted.map_err(|source| ObjectError::Store { object: self.place.object, source })
    }

    fn seal_chunk(&mut self, last: bool) -> Result<(), ObjectError> {
        self.cipher
            .seal_chunk(self.counter, last, &mut self.chunk)
            .map_err(|fault| ObjectError::at(&self.place, fault))?;
        self.sealed.extend_from_slice(&self.chunk);
        self.chunk.clear();
        self.counter += 1;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ObjectError> {
        let capacity = self.sealed.capacity();
        let piece = std::mem::replace(&mut self.sealed, Vec::with_capacity(capacity));
        let written = self.upload.put_part(piece.into()).await;
        written.map_err(|source| ObjectError::Store { object: self.place.object, source })
    }
}

/// A part whose length and header were checked.
pub(super) struct PartReader {
    objects: Objects,
    path: Path,
    /// Where the part begins in the stored object.
    at: u64,
    cipher: PartCipher,
    place: PartPlace,
    /// Bytes of the file in it.
    length: u64,
}

impl PartReader {
    /// Opens the chunks around `from`, positions within the part, up to a window. Answers with the
    /// bytes from `from` on, at least one, and never past `to`.
    pub(super) async fn read(&mut self, from: u64, to: u64) -> Result<Vec<Bytes>, ObjectError> {
        const CHUNK: u64 = CHUNK_BYTES as u64;
        const SEALED: u64 = (CHUNK_BYTES + TAG_BYTES) as u64;
        let first = from / CHUNK;
        let last_chunk = chunk_count(self.length) - 1;
        let end = to.div_ceil(CHUNK).min(first + WINDOW_CHUNKS).min(last_chunk + 1);
        let chunks_at = self.at + HEADER_BYTES as u64;
        let required = (chunks_at + end * SEALED).min(self.at + sealed_length(self.length));
        let range = chunks_at + first * SEALED..required;
        let wanted = range.end - range.start;
        let (window, found) = self.objects.get(&self.path, &self.place, range, required).await?;
        if window.len() as u64 != wanted {
            let (object, part) = (self.place.object, self.place.part);
            return Err(ObjectError::Length { object, part, found, required });
        }
        let mut opened = Vec::with_capacity(WINDOW_CHUNKS as usize);
        for (number, sealed) in (first..end).zip(window.chunks(CHUNK_BYTES + TAG_BYTES)) {
            let mut chunk = sealed.to_vec();
            // Parts are far shorter than 2^32 chunks: PART_BYTES_MAX.
            let counter = u32::try_from(number).unwrap_or(u32::MAX);
            self.cipher
                .open_chunk(counter, number == last_chunk, &mut chunk)
                .map_err(|fault| ObjectError::at(&self.place, fault))?;
            let start = from.saturating_sub(number * CHUNK) as usize;
            let stop = ((to - number * CHUNK).min(CHUNK) as usize).min(chunk.len());
            opened.push(Bytes::from(chunk).slice(start.min(stop)..stop));
        }
        Ok(opened)
    }
}
