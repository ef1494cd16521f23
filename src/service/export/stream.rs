//! A pack on its way to whoever asked: written while it is sent, never whole in memory or on disk.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

use attestry_policy::words::State;
use attestry_proof::{hash::Hash, pack};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use md5::{Digest as _, Md5};
use tokio::{runtime::Handle, sync::mpsc};

use super::{Service, ServiceError};
use crate::export::{Dossier, Native, archive::PackWriter};

/// Pieces that wait to be sent.
const PIECES_WAITING: usize = 8;
/// What says that the pack is whole.
const END: Bytes = Bytes::new();
/// Bytes of a piece.
const PIECE_BYTES: usize = 64 << 10;

impl Service {
    /// Writes a pack into a stream. What fails half-way ends the stream with an error, so that
    /// nobody takes a part for the whole.
    pub fn send_pack(
        self: Arc<Self>,
        dossier: Dossier,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let (sender, receiver) = mpsc::channel(PIECES_WAITING);
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let sink = io::BufWriter::with_capacity(PIECE_BYTES, Pieces(sender.clone()));
            let written = self.write_pack(dossier, sink, &runtime);
            if let Err(error) = &written {
                tracing::error!(%error, "a pack was not written to its end");
            }
            // Nobody waits for it any more if this fails.
            let _ended = sender.blocking_send(written.map(|()| END));
        });
        futures_util::stream::unfold(Some(receiver), |receiver| async {
            let mut receiver = receiver?;
            match receiver.recv().await {
                Some(Ok(piece)) if piece.is_empty() => None,
                Some(Ok(piece)) => Some((Ok(piece), Some(receiver))),
                Some(Err(error)) => Some((Err(error), None)),
                // Whoever wrote it is gone without a word.
                None => Some((Err(io::Error::other("the pack was not written to its end")), None)),
            }
        })
    }

    fn write_pack(
        &self,
        mut dossier: Dossier,
        sink: impl Write,
        runtime: &Handle,
    ) -> io::Result<()> {
        let mut pack = PackWriter::new(sink);
        for (path, bytes) in dossier.files().map_err(io::Error::other)? {
            pack.add(&path, &bytes)?;
        }
        let mut md5 = BTreeMap::new();
        for native in dossier.natives() {
            md5.insert(native.sha256, self.write_native(&dossier, &native, &mut pack, runtime)?);
        }
        runtime.block_on(self.require_same(&dossier)).map_err(io::Error::other)?;
        let load_file = dossier.load_file(md5);
        pack.add(pack::LOAD_FILE, &load_file)?;
        dossier.index.files = pack.written();
        let issued_at = dossier.as_of.unix_seconds();
        let signature = self.sign_index(&dossier.index, issued_at).map_err(io::Error::other)?;
        pack.add(pack::SIGNATURE, &signature)?;
        pack.add(pack::INDEX, &dossier.index.to_json())?;
        pack.finish().map(drop)
    }

    /// Refuses to end a pack of what was erased while it was written.
    async fn require_same(&self, dossier: &Dossier) -> Result<(), ServiceError> {
        let submission = dossier.index.subject.0;
        let record = self.ledger.submission(submission).await?;
        let erased = record.is_some_and(|record| record.state() == State::Erased);
        match erased && !dossier.openings.is_empty() {
            true => Err(ServiceError::Erased { submission }),
            false => Ok(()),
        }
    }

    /// Copies a file of the submission into the pack; answers with its MD5.
    fn write_native(
        &self,
        dossier: &Dossier,
        native: &Native,
        pack: &mut PackWriter<impl Write>,
        runtime: &Handle,
    ) -> io::Result<[u8; 16]> {
        let subject = dossier.index.subject.0;
        let opened = runtime.block_on(self.vault.open_file(subject, native.sha256, None));
        let mut pieces = Box::pin(opened.map_err(io::Error::other)?.into_stream());
        let mut file = pack.open(&native.path, native.size)?;
        let mut md5 = Md5::new();
        while let Some(piece) = runtime.block_on(pieces.next()) {
            let piece = piece.map_err(io::Error::other)?;
            md5.update(&piece);
            file.write_all(&piece)?;
        }
        match file.close() {
            found if found == native.sha256 => Ok(md5.finalize().into()),
            found => Err(damaged(native, found)),
        }
    }
}

fn damaged(native: &Native, found: Hash) -> io::Error {
    io::Error::other(format!("{} has SHA-256 {found}, not {}", native.path, native.sha256))
}

/// Sends what is written.
struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the pack any more");
        self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes))).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
