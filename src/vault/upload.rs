//! Uploads that resume: a file arrives in parts, each durable and recorded before it counts.
//!
//! A connection that breaks costs at most the part under way when the machine stops; when only the
//! connection stops, what arrived is kept. Several senders of one file cannot harm each other: a
//! part counts only if the upload still ends where the part begins.

use std::{error::Error, num::NonZeroUsize, sync::Mutex};

use attestry_proof::hash::Hash;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use lru::LruCache;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    Vault, VaultError,
    keys::ObjectKey,
    object::PartWriter,
    read::{self, Content},
    stream::PartPlace,
};
use crate::store::files::{Begun, ObjectId, Part, PartOutcome, Place, Upload};

/// Largest file: 64 GiB.
pub const FILE_BYTES_MAX: u64 = 64 << 30;

/// Largest part: what a machine that stops can cost a sender.
pub const PART_BYTES_MAX: u64 = 64 << 20;

/// Most parts of one file, so that a sender of single bytes is stopped.
pub const PARTS_MAX: u32 = 16_384;

/// Pieces of a body that wait for the disk.
const PIECES_WAITING: usize = 4;

/// Largest piece, so that those that wait are bounded too.
const PIECE_BYTES: usize = 256 * 1024;

/// Hashes of unfinished files kept in memory; others are read again at the end.
const RUNNING_HASHES: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// How far a file has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// It is stored: nothing to send.
    Stored {
        /// Bytes.
        size: u64,
    },
    /// It is arriving.
    Open {
        /// Bytes announced.
        size: u64,
        /// Bytes durable: send from here.
        offset: u64,
    },
}

/// Why an upload does not go on.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The file is larger than any may be.
    #[error("a file has at most {required} bytes, this one has {found}")]
    FileTooLarge {
        /// Bytes announced.
        found: u64,
        /// Largest allowed.
        required: u64,
    },
    /// The file is arriving with another size: one of them is wrong.
    #[error("this file was announced with {required} bytes before, and now with {found}")]
    SizeDiffers {
        /// Bytes announced now.
        found: u64,
        /// Bytes announced before.
        required: u64,
    },
    /// No upload of this file was begun, or it is over.
    #[error("no upload of this file is open")]
    NotOpen,
    /// The bytes do not continue what is stored.
    #[error("the upload continues at byte {required}, not at {found}")]
    Offset {
        /// Position given.
        found: u64,
        /// Position to send from.
        required: u64,
    },
    /// More bytes came than were announced.
    #[error("the file was announced with {required} bytes, but at least {found} came")]
    PastEnd {
        /// Bytes that came.
        found: u64,
        /// Bytes announced.
        required: u64,
    },
    /// The file came in too many parts.
    #[error("a file may come in {required} parts; abandon this upload and send larger ones")]
    TooManyParts {
        /// Most allowed.
        required: u32,
    },
    /// The sender stopped; what came before is kept.
    #[error("the sender stopped: {source}; the upload continues at byte {offset}")]
    Interrupted {
        /// Position to send from.
        offset: u64,
        /// What the connection reported.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Bytes are missing.
    #[error("{found} of {required} bytes have arrived")]
    Incomplete {
        /// Bytes durable.
        found: u64,
        /// Bytes announced.
        required: u64,
    },
    /// The content is not the file that was announced. The upload was discarded.
    #[error("the file has SHA-256 {found}, announced was {required}; send it again")]
    DigestDiffers {
        /// SHA-256 of what came.
        found: Hash,
        /// SHA-256 announced.
        required: Hash,
    },
    /// A file or a batch is too large to be packed.
    #[error("{what}: at most {required}, found {found}")]
    BatchTooLarge {
        /// Which limit.
        what: &'static str,
        /// Found.
        found: usize,
        /// Allowed.
        required: usize,
    },
    /// Keys, records or objects failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// SHA-256 of the first so many bytes of objects that are arriving.
pub(super) struct RunningHashes(Mutex<LruCache<ObjectId, (u64, Sha256)>>);

impl Default for RunningHashes {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(RUNNING_HASHES)))
    }
}

impl RunningHashes {
    /// What was recorded up to `offset` never changes, so neither does its hash.
    fn at(&self, object: ObjectId, offset: u64) -> Option<Sha256> {
        if offset == 0 {
            return Some(Sha256::new());
        }
        let mut hashes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        hashes.get(&object).filter(|(at, _)| *at == offset).map(|(_, hash)| hash.clone())
    }

    fn put(&self, object: ObjectId, offset: u64, hash: Sha256) {
        let mut hashes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        hashes.put(object, (offset, hash));
    }

    fn forget(&self, object: ObjectId) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop(&object);
    }
}

impl Vault {
    /// Begins an upload, or tells where an earlier one stopped.
    ///
    /// # Errors
    /// [`UploadError::FileTooLarge`], [`UploadError::SizeDiffers`], [`UploadError::Vault`].
    pub async fn begin_upload(
        &self,
        subject: Uuid,
        sha256: Hash,
        size: u64,
    ) -> Result<UploadState, UploadError> {
        if size > FILE_BYTES_MAX {
            return Err(UploadError::FileTooLarge { found: size, required: FILE_BYTES_MAX });
        }
        if let Some(state) = self.upload_state(subject, sha256).await? {
            return same_size(state, size);
        }
        let (object, key) = self.new_object_key(subject).await?;
        self.keyring().insert_object_keys(&[key]).await.map_err(VaultError::from)?;
        let begun = self.files().begin_upload(subject, sha256, size, object).await;
        let state = match begun.map_err(VaultError::from)? {
            Begun::Stored { size } => UploadState::Stored { size },
            Begun::Open(upload) if upload.object == object => return Ok(open_state(upload)),
            Begun::Open(upload) => open_state(upload),
        };
        // Somebody else began the same file meanwhile: this key is for nothing.
        self.keyring().destroy_object_keys(&[object]).await.map_err(VaultError::from)?;
        same_size(state, size)
    }

    /// How far a file has arrived; `None` if it is neither stored nor arriving.
    ///
    /// # Errors
    /// [`VaultError::Files`].
    pub async fn upload_state(
        &self,
        subject: Uuid,
        sha256: Hash,
    ) -> Result<Option<UploadState>, VaultError> {
        if let Some(file) = self.files().file(subject, sha256).await? {
            return Ok(Some(UploadState::Stored { size: file.size }));
        }
        Ok(self.files().upload(subject, sha256).await?.map(open_state))
    }

    /// Appends `body` from `offset` on; answers when all of it is durable. Dropping the future
    /// keeps what has arrived, as a broken body does.
    ///
    /// # Errors
    /// See [`UploadError`]; [`UploadError::Interrupted`] and [`UploadError::PastEnd`] keep what
    /// came before.
    pub async fn append<E>(
        &self,
        subject: Uuid,
        sha256: Hash,
        offset: u64,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<UploadState, UploadError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let upload = self.files().upload(subject, sha256).await.map_err(VaultError::from)?;
        let upload = upload.ok_or(UploadError::NotOpen)?;
        if upload.received != offset {
            return Err(UploadError::Offset { found: offset, required: upload.received });
        }
        let key = self.object_key(subject, upload.object).await?;
        let hash = self.running_hashes().at(upload.object, offset);
        let receiver = Receiver {
            vault: self.clone(),
            upload,
            place: PartPlace { subject, object: upload.object, part: 0, start: offset, sha256 },
            key,
            hash,
        };
        let (pieces, waiting) = mpsc::channel(PIECES_WAITING);
        // A task of its own: it finishes the part when the sender, or this future, is gone.
        let receiving = tokio::spawn(receiver.receive(waiting));
        let fed = feed(body, upload, pieces).await;
        let received = receiving.await.map_err(|_| VaultError::Stopped)??;
        match fed {
            Ok(()) => Ok(UploadState::Open { size: upload.size, offset: received }),
            Err(Fed::PastEnd { found }) => {
                Err(UploadError::PastEnd { found, required: upload.size })
            }
            Err(Fed::Broken(source)) => Err(UploadError::Interrupted { offset: received, source }),
        }
    }

    /// Checks size and SHA-256 and makes the file stored. Doing it again is no error.
    ///
    /// # Errors
    /// [`UploadError::Incomplete`]; [`UploadError::DigestDiffers`], which discards the upload, as
    /// does any corruption found on the way.
    pub async fn complete_upload(&self, subject: Uuid, sha256: Hash) -> Result<(), UploadError> {
        let Some(upload) = self.files().upload(subject, sha256).await.map_err(VaultError::from)?
        else {
            let stored = self.files().file(subject, sha256).await.map_err(VaultError::from)?;
            return stored.map(drop).ok_or(UploadError::NotOpen);
        };
        if upload.received < upload.size {
            return Err(UploadError::Incomplete { found: upload.received, required: upload.size });
        }
        let found = match self.running_hashes().at(upload.object, upload.size) {
            Some(hash) => Hash(hash.finalize().into()),
            None => match self.hash_again(subject, sha256, upload).await {
                Err(VaultError::Object(error)) if error.is_corruption() => {
                    self.discard(upload.object).await?;
                    return Err(VaultError::Object(error).into());
                }
                hashed => hashed?,
            },
        };
        if found != sha256 {
            self.discard(upload.object).await?;
            return Err(UploadError::DigestDiffers { found, required: sha256 });
        }
        let completed = self.files().complete_upload(subject, sha256, upload.object).await;
        if completed.map_err(VaultError::from)? {
            self.running_hashes().forget(upload.object);
            return Ok(());
        }
        // Another sender completed it, or the file came in a pack: either way it must be stored
        // now.
        let stored = self.files().file(subject, sha256).await.map_err(VaultError::from)?;
        let stored = stored.ok_or(UploadError::NotOpen)?;
        if stored.object != upload.object {
            self.discard(upload.object).await?;
        }
        Ok(())
    }

    /// Discards an open upload and everything that came of it.
    ///
    /// # Errors
    /// [`UploadError::NotOpen`], [`UploadError::Vault`].
    pub async fn abandon_upload(&self, subject: Uuid, sha256: Hash) -> Result<(), UploadError> {
        let upload = self.files().upload(subject, sha256).await.map_err(VaultError::from)?;
        self.discard(upload.ok_or(UploadError::NotOpen)?.object).await?;
        Ok(())
    }

    /// Records first: a crash in between leaves bytes and a key that nothing refers to.
    pub(super) async fn discard(&self, object: ObjectId) -> Result<(), VaultError> {
        self.running_hashes().forget(object);
        if self.files().discard_upload(object).await? {
            self.keyring().destroy_object_keys(&[object]).await?;
            self.objects().delete(object).await?;
        }
        Ok(())
    }

    async fn hash_again(
        &self,
        subject: Uuid,
        sha256: Hash,
        upload: Upload,
    ) -> Result<Hash, VaultError> {
        let key = self.object_key(subject, upload.object).await?;
        let parts = self.files().parts(upload.object).await?;
        if !read::is_contiguous(&parts, upload.size) {
            return Err(VaultError::PartsDisagree { object: upload.object });
        }
        let objects = self.objects().clone();
        let content = Content { objects, key, subject, object: upload.object, sha256 };
        let bytes = read::read(content, Place::Parts(parts), upload.size, 0..upload.size);
        let hash =
            bytes.try_fold(Sha256::new(), async |hash, bytes| Ok(hash.chain_update(bytes))).await?;
        Ok(Hash(hash.finalize().into()))
    }
}

fn open_state(upload: Upload) -> UploadState {
    UploadState::Open { size: upload.size, offset: upload.received }
}

fn same_size(state: UploadState, found: u64) -> Result<UploadState, UploadError> {
    let (UploadState::Stored { size } | UploadState::Open { size, .. }) = state;
    if size == found { Ok(state) } else { Err(UploadError::SizeDiffers { found, required: size }) }
}

enum Fed {
    PastEnd { found: u64 },
    Broken(Box<dyn Error + Send + Sync>),
}

/// Hands the body on, piece by piece, no faster than the pieces are taken.
async fn feed<E: Into<Box<dyn Error + Send + Sync>>>(
    body: impl Stream<Item = Result<Bytes, E>> + Send,
    upload: Upload,
    pieces: mpsc::Sender<Bytes>,
) -> Result<(), Fed> {
    let mut at = upload.received;
    let mut body = std::pin::pin!(body);
    while let Some(piece) = body.next().await {
        let mut piece = piece.map_err(|error| Fed::Broken(error.into()))?;
        at = at.saturating_add(piece.len() as u64);
        if at > upload.size {
            return Err(Fed::PastEnd { found: at });
        }
        while !piece.is_empty() {
            let next = piece.split_to(piece.len().min(PIECE_BYTES));
            if pieces.send(next).await.is_err() {
                // The receiver failed; its own error says why.
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The receiving end of one `append`.
struct Receiver {
    vault: Vault,
    upload: Upload,
    /// Of the next part; the number is chosen when it begins.
    place: PartPlace,
    key: ObjectKey,
    hash: Option<Sha256>,
}

impl Receiver {
    /// Answers with the bytes durable, once no more pieces come.
    async fn receive(mut self, mut pieces: mpsc::Receiver<Bytes>) -> Result<u64, UploadError> {
        let part_bytes_max = self.vault.inner.part_bytes_max;
        let mut writer: Option<PartWriter> = None;
        while let Some(mut piece) = pieces.recv().await {
            while !piece.is_empty() {
                let mut part = match writer.take() {
                    Some(part) => part,
                    None => self.begin_part().await?,
                };
                let room = part_bytes_max.saturating_sub(part.length());
                let room = usize::try_from(room).unwrap_or(usize::MAX);
                let next = piece.split_to(piece.len().min(room));
                if let Err(error) = part.write(&next).await {
                    // What broke the write may break this too; the first error says more.
                    let _ = part.abort().await;
                    return Err(VaultError::from(error).into());
                }
                if let Some(hash) = &mut self.hash {
                    hash.update(&next);
                }
                if part.length() >= part_bytes_max {
                    self.end_part(part).await?;
                } else {
                    writer = Some(part);
                }
            }
        }
        if let Some(part) = writer {
            self.end_part(part).await?;
        }
        Ok(self.place.start)
    }

    async fn begin_part(&mut self) -> Result<PartWriter, UploadError> {
        let number = self.vault.files().reserve_part(self.upload.object).await;
        let number = number.map_err(VaultError::from)?.ok_or(UploadError::NotOpen)?;
        if number > PARTS_MAX {
            return Err(UploadError::TooManyParts { required: PARTS_MAX });
        }
        self.place.part = number;
        let objects = self.vault.objects();
        let part = objects.write_part(&self.key, self.vault.entropy(), self.place).await;
        Ok(part.map_err(VaultError::from)?)
    }

    /// Durable first, then recorded: a crash in between leaves a part that nothing refers to.
    async fn end_part(&mut self, writer: PartWriter) -> Result<(), UploadError> {
        let PartPlace { object, part, start, .. } = self.place;
        let length = writer.finish().await.map_err(VaultError::from)?;
        let outcome = self.vault.files().record_part(object, Part { number: part, start, length });
        let refused = match outcome.await.map_err(VaultError::from)? {
            PartOutcome::Recorded { received } => {
                self.place.start = received;
                if let Some(hash) = &self.hash {
                    self.vault.running_hashes().put(object, received, hash.clone());
                }
                return Ok(());
            }
            PartOutcome::Overtaken { received } => {
                UploadError::Offset { found: start, required: received }
            }
            PartOutcome::Gone => UploadError::NotOpen,
        };
        self.vault.objects().delete_part(object, part).await.map_err(VaultError::from)?;
        Err(refused)
    }
}
