//! Private keys in files: PKCS #8 PEM (RFC 5958, RFC 8410), readable by their owner only.
//!
//! Written is the form of RFC 8410 §7 with the seed alone (version 1), which every tool reads; the
//! form with the public half too (version 2) is read as well.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use attestry_proof::key::PublicKeyError;
use ed25519_dalek::{
    SigningKey,
    pkcs8::{
        DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes, spki::der::pem::LineEnding,
    },
};
use zeroize::Zeroizing;

use crate::{entropy::Entropy, keys::LocalSigner};

/// A key file is a few hundred bytes; anything larger is something else.
const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// There is no such file.
    #[error(
        "{path}: there is no such key file; give the path of your key, or make one with: attestry key new --out {path}, \
         and enrol it with: attestry enroll LINK --key {path}"
    )]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// One of the keys of a log that has entries is gone.
    #[error(
        "{path} is missing, and a log cannot change its keys; restore the directory `keys` from a backup"
    )]
    LogKeyMissing {
        /// Which file.
        path: PathBuf,
    },
    /// A file with this name is there already.
    #[error("{path} exists; choose another name, a key is never overwritten")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// Others can read it.
    #[error("{path} can be read by others (mode {mode:o}); run: chmod 600 {path}")]
    TooOpen {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not an Ed25519 private key in PKCS #8 PEM.
    #[error(
        "{path} is not an Ed25519 private key in PKCS #8 PEM; make one with: attestry key new --out FILE"
    )]
    NotAKey {
        /// Which file.
        path: PathBuf,
    },
    /// The key cannot be encoded.
    #[error("the key cannot be encoded as PKCS #8")]
    Encoding,
    /// The public half is not acceptable.
    #[error("the public half of the key is unusable: {0}")]
    Unusable(PublicKeyError),
}

/// Reads a private key.
///
/// # Errors
/// See [`KeyFileError`].
pub fn read(path: &Path) -> Result<LocalSigner, KeyFileError> {
    let metadata = fs::metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing { path: path.into() },
        _ => io_error(path, source),
    })?;
    refuse_open_permissions(path, &metadata)?;
    if metadata.len() > KEY_FILE_BYTES_MAX {
        return Err(KeyFileError::NotAKey { path: path.into() });
    }
    let not_a_key = |_| KeyFileError::NotAKey { path: path.into() };
    let bytes = Zeroizing::new(fs::read(path).map_err(|source| io_error(path, source))?);
    let pem =
        std::str::from_utf8(&bytes).map_err(|_| KeyFileError::NotAKey { path: path.into() })?;
    let secret = SigningKey::from_pkcs8_pem(pem).map_err(not_a_key)?;
    LocalSigner::from_seed(secret.as_bytes())
}

/// Makes a new key and writes it to a file that must not exist yet.
///
/// # Errors
/// See [`KeyFileError`].
pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<LocalSigner, KeyFileError> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    entropy.fill(seed.as_mut_slice());
    let signer = LocalSigner::from_seed(&seed)?;
    let pem = seed_alone(&signer).to_pkcs8_pem(LineEnding::LF);
    write_new(path, pem.map_err(|_| KeyFileError::Encoding)?.as_bytes())?;
    Ok(signer)
}

/// The key without its public half: OpenSSL 3 refuses files that hold both.
fn seed_alone(signer: &LocalSigner) -> KeypairBytes {
    KeypairBytes { secret_key: signer.secret().to_bytes(), public_key: None }
}

/// Reads a key of a log that has entries: such a key is never made anew.
///
/// # Errors
/// See [`KeyFileError`].
pub(super) fn read_log_key(path: &Path) -> Result<LocalSigner, KeyFileError> {
    match read(path) {
        Err(KeyFileError::Missing { path }) => Err(KeyFileError::LogKeyMissing { path }),
        result => result,
    }
}

/// Reads the key, or makes it if the file is missing.
///
/// # Errors
/// See [`KeyFileError`].
pub fn read_or_create(path: &Path, entropy: &dyn Entropy) -> Result<LocalSigner, KeyFileError> {
    match read(path) {
        Err(KeyFileError::Missing { .. }) => create(path, entropy),
        result => result,
    }
}

/// Makes an empty file, durably; one that is there is left as it is.
///
/// # Errors
/// [`KeyFileError::Io`].
pub(super) fn mark(path: &Path) -> Result<(), KeyFileError> {
    match write_new(path, b"") {
        Err(KeyFileError::Exists { .. }) => Ok(()),
        result => result,
    }
}

/// Makes a directory and those above it that are missing, for their owner alone. One that is there
/// keeps its permissions.
///
/// # Errors
/// What the system reports.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file that only its owner can read, and waits until it is on disk: name and content.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.into() },
        _ => io_error(path, source),
    };
    let parent =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_private_directory(parent).map_err(failed)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::File::open(parent).and_then(|directory| directory.sync_all()).map_err(failed)
}

#[cfg(unix)]
fn refuse_open_permissions(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::TooOpen { path: path.into(), mode }) }
}

#[cfg(not(unix))]
fn refuse_open_permissions(_path: &Path, _metadata: &fs::Metadata) -> Result<(), KeyFileError> {
    Ok(())
}

fn io_error(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::OsEntropy, keys::Signer as _};

    #[test]
    fn a_key_is_read_back_and_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys/me.pem");
        let made = create(&path, &OsEntropy).unwrap();
        let read = read(&path).unwrap();
        assert_eq!(made.public_key(), read.public_key());
        assert!(matches!(create(&path, &OsEntropy), Err(KeyFileError::Exists { .. })));
        assert_eq!(read_or_create(&path, &OsEntropy).unwrap().public_key(), made.public_key());
    }

    #[test]
    fn both_forms_of_a_key_are_read_and_the_shorter_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("me.pem");
        let made = create(&path, &OsEntropy).unwrap();
        // RFC 8410 §7: 16 octets before the seed and nothing after it.
        let short = seed_alone(&made).to_pkcs8_der().unwrap();
        assert_eq!(short.as_bytes().len(), 48);
        assert_eq!(short.as_bytes()[4], 0, "version 1");
        assert!(short.as_bytes().ends_with(&made.secret().to_bytes()));
        let pem = short.to_pem("PRIVATE KEY", LineEnding::LF).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), *pem);

        let long = made.secret().to_pkcs8_pem(LineEnding::LF).unwrap();
        assert_ne!(long, pem);
        let path = directory.path().join("both.pem");
        write_new(&path, long.as_bytes()).unwrap();
        assert_eq!(read(&path).unwrap().public_key(), made.public_key());
    }

    #[test]
    fn a_missing_key_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("me.pem");
        let member = read(&path).err().unwrap();
        assert!(matches!(member, KeyFileError::Missing { .. }));
        assert!(member.to_string().contains("attestry key new --out"), "{member}");
        let log = read_log_key(&path).err().unwrap();
        assert!(matches!(log, KeyFileError::LogKeyMissing { .. }));
        assert!(log.to_string().contains("restore"), "{log}");
        create(&path, &OsEntropy).unwrap();
        assert!(read_log_key(&path).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn directories_made_for_keys_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let (there, new) = (directory.path().join("there"), directory.path().join("there/a/b"));
        fs::create_dir(&there).unwrap();
        fs::set_permissions(&there, fs::Permissions::from_mode(0o755)).unwrap();
        create(&new.join("me.pem"), &OsEntropy).unwrap();
        assert_eq!((mode(&there), mode(&there.join("a")), mode(&new)), (0o755, 0o700, 0o700));
    }

    #[test]
    fn damaged_and_foreign_files_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("me.pem");
        write_new(&path, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
            .unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::NotAKey { .. })));
        fs::write(&path, vec![b'x'; 20_000]).unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::NotAKey { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("me.pem");
        create(&path, &OsEntropy).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::TooOpen { mode: 0o644, .. })));
    }
}
