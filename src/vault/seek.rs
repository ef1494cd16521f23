//! A stored file as a blocking reader that can seek, for programs that know no streams.

use std::io::{self, Read, Seek, SeekFrom};

use attestry_proof::hash::Hash;
use bytes::{Buf as _, Bytes};
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{ObjectError, Vault, VaultError};

/// Opens a stored file piece by piece as it is read. To be used on a thread that may block.
pub struct FileReader {
    vault: Vault,
    runtime: Handle,
    subject: Uuid,
    sha256: Hash,
    size: u64,
    position: u64,
    /// What was opened and not yet read, which begins at the position.
    rest: Bytes,
    stream: Option<BoxStream<'static, Result<Bytes, ObjectError>>>,
}

impl Vault {
    /// A blocking reader of a stored file. To be called inside a tokio runtime, which opens it.
    ///
    /// # Errors
    /// Those of [`Vault::open_file`].
    pub async fn file_reader(&self, subject: Uuid, sha256: Hash) -> Result<FileReader, VaultError> {
        let file = self.open_file(subject, sha256, None).await?;
        Ok(FileReader {
            vault: self.clone(),
            runtime: Handle::current(),
            subject,
            sha256,
            size: file.size,
            position: 0,
            rest: Bytes::new(),
            stream: None,
        })
    }
}

impl FileReader {
    /// Bytes of the whole file.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    async fn next_piece(&mut self) -> Result<Option<Bytes>, VaultError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let range = self.position..self.size;
                let file = self.vault.open_file(self.subject, self.sha256, Some(range)).await?;
                none.insert(file.into_stream())
            }
        };
        Ok(stream.next().await.transpose()?)
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && self.position < self.size {
            let runtime = self.runtime.clone();
            match runtime.block_on(self.next_piece()).map_err(io::Error::other)? {
                Some(piece) => self.rest = piece,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for FileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let target = target.ok_or(io::ErrorKind::InvalidInput)?;
        let forward = target.checked_sub(self.position);
        match forward.and_then(|by| usize::try_from(by).ok()).filter(|by| *by <= self.rest.len()) {
            Some(by) => self.rest.advance(by),
            None => (self.rest, self.stream) = (Bytes::new(), None),
        }
        self.position = target;
        Ok(target)
    }
}
