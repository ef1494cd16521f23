//! A pack on its way to whoever asked: written while it is sent, never whole in memory or on disk.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

use attestry_proof::{hash::Hash, pack};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use md5::{Digest as _, Md5};
use tokio::{runtime::Handle, sync::mpsc};

use super::Service;
use crate::export::{Dossier, Native, archive::PackWriter};

/// Pieces that wait to be sent.
const PIECES_WAITING: usize = 8;
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
            if let Err(error) = self.write_pack(dossier, sink, &runtime) {
                tracing::error!(%error, "a pack was not written to its end");
                // Nobody waits for it any more if this fails.
                let _ended = sender.blocking_send(Err(error));
            }
        });
        futures_util::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|piece| (piece, receiver))
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
        let load_file = dossier.load_file(md5);
        pack.add(pack::LOAD_FILE, &load_file)?;
        dossier.index.files = pack.written();
        let issued_at = dossier.as_of.unix_seconds();
        let signature = self.sign_index(&dossier.index, issued_at).map_err(io::Error::other)?;
        pack.add(pack::SIGNATURE, &signature)?;
        pack.add(pack::INDEX, &dossier.index.to_json())?;
        pack.finish().map(drop)
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
