//! What the operator says about the mail server, in one TOML file.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
};

use lettre::message::Mailbox;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::settings::{self, SettingsFault};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS before anything is said (RFC 3207); a server without it is not used.
    Starttls,
    /// None; only to a server on this machine.
    Plain,
}

impl Security {
    /// The usual port: RFC 8314 for the first, RFC 6409 and RFC 5321 for the others.
    const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::Plain => 25,
        }
    }
}

/// A mail server, and in whose name it is used.
#[derive(Clone)]
pub struct MailSettings {
    /// Its name or address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who writes.
    pub from: Mailbox,
    /// Name and password.
    pub login: Option<(String, Zeroizing<String>)>,
    /// Certificates that are trusted besides those of the system, PEM.
    pub trusted: Option<Vec<u8>>,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings")
            .field("server", &self.server)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailSettingsError {
    /// The file, or one that it names, is none.
    #[error(transparent)]
    File(#[from] SettingsFault),
    /// The sender is no address.
    #[error("{path}: from: {found:?} is no address such as \"Takedown <takedown@example.com>\"")]
    From {
        /// Which file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// Names, links and passwords would cross the network in the clear.
    #[error(
        "{path}: security = \"plain\" is only for a server on this machine, and {server} is none"
    )]
    PlainBeyondLoopback {
        /// Which file.
        path: PathBuf,
        /// The server.
        server: String,
    },
    /// There is a name without a password, or the other way round.
    #[error("{path}: username and password_file come together")]
    HalfLogin {
        /// Which file.
        path: PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: String,
    port: Option<u16>,
    security: Security,
    from: String,
    username: Option<String>,
    password_file: Option<PathBuf>,
    trust_file: Option<PathBuf>,
}

impl MailSettings {
    /// Reads the file, and those that it names; a relative path is taken from the file's folder.
    ///
    /// # Errors
    /// See [`MailSettingsError`].
    pub fn read(path: &Path) -> Result<Self, MailSettingsError> {
        let file: File = settings::read(path)?;
        settings::filled(path, "server", &file.server)?;
        if file.security == Security::Plain && !is_here(&file.server) {
            let (path, server) = (path.into(), file.server);
            return Err(MailSettingsError::PlainBeyondLoopback { path, server });
        }
        let from: Result<Mailbox, _> = file.from.parse();
        let found = file.from;
        let from = from.map_err(|_| MailSettingsError::From { path: path.into(), found })?;
        let login = match (file.username, file.password_file) {
            (None, None) => None,
            (Some(name), Some(secret)) => {
                settings::filled(path, "username", &name)?;
                let secret = settings::secret(&settings::beside(path, &secret), "the password")?;
                Some((name, secret))
            }
            _ => return Err(MailSettingsError::HalfLogin { path: path.into() }),
        };
        let trusted = file.trust_file.map(|name| settings::bytes(&settings::beside(path, &name)));
        Ok(Self {
            server: file.server,
            port: file.port.unwrap_or(file.security.port()),
            security: file.security,
            from,
            login,
            trusted: trusted.transpose()?,
        })
    }
}

fn is_here(server: &str) -> bool {
    server == "localhost" || server.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "server = \"smtp.example.com\"\nsecurity = \"tls\"\n\
                        from = \"Takedown desk <takedown@example.com>\"\n";

    fn parse(text: &str) -> Result<MailSettings, MailSettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
        std::fs::write(folder.path().join("nothing"), "\n").unwrap();
        MailSettings::read(&path)
    }

    #[test]
    fn a_good_file_is_read_and_shows_no_password() {
        let settings = parse(GOOD).unwrap();
        assert_eq!((settings.port, settings.login), (465, None));
        let text = format!("{GOOD}username = \"desk\"\npassword_file = \"secret\"\nport = 2525\n");
        let settings = parse(&text).unwrap();
        assert_eq!(settings.port, 2525);
        assert!(!format!("{settings:?}").contains("s3cret"));
        let (name, password) = settings.login.unwrap();
        assert_eq!((name.as_str(), password.as_str()), ("desk", "s3cret"));
        assert_eq!(parse(&GOOD.replace("\"tls\"", "\"starttls\"")).unwrap().port, 587);
    }

    #[test]
    fn nothing_is_sent_in_the_clear_beyond_this_machine() {
        let plain = |server: &str| {
            parse(&GOOD.replace("\"tls\"", "\"plain\"").replace("smtp.example.com", server))
        };
        for here in ["localhost", "127.0.0.1", "127.8.8.8", "::1"] {
            assert_eq!(plain(here).unwrap().port, 25, "{here}");
        }
        for elsewhere in ["smtp.example.com", "192.0.2.1", "localhost.example.com", "0.0.0.0"] {
            let refused = plain(elsewhere).unwrap_err();
            assert!(
                matches!(refused, MailSettingsError::PlainBeyondLoopback { .. }),
                "{elsewhere}: {refused}"
            );
        }
    }

    #[test]
    fn every_fault_is_named() {
        use MailSettingsError as E;
        use SettingsFault as F;
        let with = |from: &str, to: &str| parse(&GOOD.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(with("smtp.example.com", " "), E::File(F::Empty { what: "server", .. })));
        assert!(matches!(with("takedown@example.com", "desk"), E::From { .. }));
        assert!(matches!(with("\"tls\"", "\"ssl\""), E::File(F::Malformed { .. })));
        assert!(matches!(with("security", "secure"), E::File(F::Malformed { .. })));
        let more = |text: &str| parse(&format!("{GOOD}{text}")).unwrap_err();
        assert!(matches!(more("username = \"desk\""), E::HalfLogin { .. }));
        assert!(matches!(more("password_file = \"secret\""), E::HalfLogin { .. }));
        let login = |file: &str| format!("username = \"desk\"\npassword_file = \"{file}\"");
        assert!(matches!(more(&login("gone")), E::File(F::Unreadable { .. })));
        assert!(matches!(more(&login("nothing")), E::File(F::Empty { .. })));
        assert!(matches!(more("trust_file = \"gone\""), E::File(F::Unreadable { .. })));
        let gone = MailSettings::read(Path::new("/nonexistent/mail.toml"));
        assert!(matches!(gone, Err(E::File(F::Unreadable { .. }))));
    }
}
