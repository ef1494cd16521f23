//! Which log a key speaks to.
//!
//! A signature for a log that only the service names would be a consent given to nobody in
//! particular: whoever answers at an address could name any log. So the log comes from a trust
//! policy on this machine: the one given with `--trust`, else the pin beside the key, which
//! `attestry enroll` writes.

use std::path::{Path, PathBuf};

use attestry_proof::log::{
    note::VerifierKey,
    trust::{MAX_POLICY_BYTES, TrustPolicy},
};

use super::{
    client::{Client, write},
    output::Failure,
    trust::fingerprint,
};
use crate::{http::routes::log::About, keys::file};

/// The service, the caller's key and the log that both are about.
#[derive(clap::Args)]
pub struct Caller {
    /// Address of the service.
    #[arg(long, value_name = "URL")]
    server: String,
    /// Your key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Trust policy of the log. Default: the pin that `attestry enroll` wrote, the key's name with
    /// .log added.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

impl Caller {
    /// For commands that can do without a service.
    #[must_use]
    pub fn new(server: &str, key: &Path, trust: Option<&Path>) -> Self {
        let (key, trust) = (key.to_owned(), trust.map(Path::to_owned));
        Self { server: server.to_owned(), key, trust }
    }

    /// Reads key and policy, and makes sure that the service is the log that the policy means.
    ///
    /// # Errors
    /// A [`Failure`] if a file cannot be used, it is not known which log is meant, or the service
    /// is another.
    pub async fn connect(&self) -> Result<Client, Failure> {
        let signer = file::read(&self.key).map_err(Failure::usage)?;
        let pin = Pin::of_caller(self)?;
        Client::pinned(&self.server, signer, pin).await
    }
}

/// A trust policy that names one log.
#[derive(Clone, Debug)]
pub struct Pin {
    path: PathBuf,
    policy: TrustPolicy,
    origin: String,
}

/// Where the pin of a key is: the key's name with `.log` added.
pub fn path_beside(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".log");
    PathBuf::from(name)
}

impl Pin {
    /// Reads a policy file.
    ///
    /// # Errors
    /// A [`Failure`] if it is none, or names no log or several.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let unusable = |reason: &dyn std::fmt::Display| {
            Failure::usage(format!("{}: {reason}", path.display()))
        };
        let size = std::fs::metadata(path).map_err(|error| unusable(&error))?.len();
        if size > MAX_POLICY_BYTES as u64 {
            return Err(unusable(&"too large for a trust policy"));
        }
        let bytes = std::fs::read(path).map_err(|error| unusable(&error))?;
        let policy = TrustPolicy::parse(&bytes)
            .map_err(|error| unusable(&format_args!("no trust policy: {error}")))?;
        Self::new(path, policy)
    }

    /// The pin for a first contact: believes what the service says, so compare the fingerprint.
    fn first(path: &Path, about: &About, url: &str) -> Result<Self, Failure> {
        let key = VerifierKey::parse(&about.note_vkey)
            .map_err(|error| Failure::service(format!("the log's key is malformed: {error}")))?;
        let policy = TrustPolicy::of_log(&key, Some(url)).map_err(Failure::usage)?;
        Self::new(path, policy)
    }

    fn new(path: &Path, policy: TrustPolicy) -> Result<Self, Failure> {
        let mut origins: Vec<&str> = policy.logs().iter().map(|log| log.key().name()).collect();
        origins.sort_unstable();
        origins.dedup();
        let [origin] = origins[..] else {
            return Err(Failure::usage(format!(
                "{}: a signature is for one log alone, and this policy names {}; give a policy with that one log",
                path.display(),
                if origins.is_empty() { "none".to_owned() } else { origins.join(", ") }
            )));
        };
        Ok(Self { path: path.into(), origin: origin.to_owned(), policy })
    }

    /// The policy given, else the pin beside the key; if both are there they must agree.
    fn of_caller(caller: &Caller) -> Result<Self, Failure> {
        let beside = path_beside(&caller.key);
        let pinned = beside.exists().then(|| Self::read(&beside)).transpose()?;
        let given = caller.trust.as_deref().map(Self::read).transpose()?;
        if let (Some(given), Some(pinned)) = (&given, &pinned) {
            given.require_same_log(pinned)?;
        }
        given.or(pinned).ok_or_else(|| {
            Failure::usage(format!(
                "which log is this for? Give its trust policy with --trust FILE. Without one, run\n  \
                 attestry trust {} --out {}\nonce and compare the fingerprint; attestry enroll writes that file by itself",
                caller.server,
                beside.display()
            ))
        })
    }

    /// Chooses the pin for a key that is about to be enrolled; says whether it has to be written.
    ///
    /// # Errors
    /// A [`Failure`] if the key is pinned to another log than the policy given.
    pub async fn for_enrolment(
        server: &str,
        key: &Path,
        trust: Option<&Path>,
    ) -> Result<(Self, bool), Failure> {
        let beside = path_beside(key);
        let given = trust.map(Self::read).transpose()?;
        if beside.exists() {
            let pinned = Self::read(&beside)?;
            if let Some(given) = &given {
                given.require_same_log(&pinned)?;
            }
            return Ok((given.unwrap_or(pinned), false));
        }
        let pin = match given {
            Some(given) => given,
            None => Self::first(&beside, &Client::new(server)?.about().await?, server)?,
        };
        Ok((pin, true))
    }

    /// Writes the pin beside a key that was enrolled.
    ///
    /// # Errors
    /// A [`Failure`] if it cannot be written.
    pub fn write_beside(&self, key: &Path, server: &str) -> Result<(), Failure> {
        let path = path_beside(key);
        write(&path, &self.policy.to_bytes()).map_err(|failure| {
            Failure::usage(format!(
                "the key is enrolled, but its log could not be pinned: {failure}; write the pin with: \
                 attestry trust {server} --out {}",
                path.display()
            ))
        })
    }

    /// The log's name: audience of every token and statement.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The policy file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The log's key; of several the first.
    #[must_use]
    pub fn log_key(&self) -> Option<&VerifierKey> {
        self.policy.logs().first().map(|log| log.key())
    }

    fn knows(&self, key: &VerifierKey) -> bool {
        self.policy.logs().iter().any(|log| log.key() == key)
    }

    /// Two policies are about one log if they share a key of it.
    fn require_same_log(&self, other: &Self) -> Result<(), Failure> {
        if self.policy.logs().iter().any(|log| other.knows(log.key())) {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "{} trusts {}, but {} says that this key is for {}. A key is for one log: use the key that you enrolled \
             in the one you mean",
            self.path.display(),
            self.names(),
            other.path.display(),
            other.names()
        )))
    }

    /// Makes sure that a service is this log: it says so, and its checkpoint meets the policy.
    ///
    /// # Errors
    /// A [`Failure`] that names both logs, or says why the checkpoint is not trusted.
    pub async fn require(&self, client: &Client) -> Result<(), Failure> {
        let about = client.about().await?;
        self.require_key(&about, client.base())?;
        let checkpoint = client.checkpoint().await?;
        let trusted = self.policy.evaluate(&checkpoint).map_err(|error| {
            Failure::refused(format!(
                "the checkpoint of {} does not meet {}: {error}. Nothing was signed or sent",
                client.base(),
                self.path.display()
            ))
        })?;
        let found = trusted.checkpoint().origin();
        if found == self.origin {
            return Ok(());
        }
        Err(self.other_log(client.base(), found))
    }

    fn require_key(&self, about: &About, url: &str) -> Result<(), Failure> {
        let key = VerifierKey::parse(&about.note_vkey)
            .map_err(|error| Failure::service(format!("the log's key is malformed: {error}")))?;
        if about.origin != self.origin {
            return Err(self.other_log(url, &about.origin));
        }
        if self.knows(&key) {
            return Ok(());
        }
        Err(self.other_log(
            url,
            &format!("{} with the fingerprint {}", about.origin, fingerprint(&key)),
        ))
    }

    fn other_log(&self, url: &str, found: &str) -> Failure {
        Failure::refused(format!(
            "{url} says it is {found}, but {} trusts {}. Nothing was signed or sent: check the address, and that the \
             key and the policy are those for this log",
            self.path.display(),
            self.names()
        ))
    }

    fn names(&self) -> String {
        let key = self.log_key().map(fingerprint).unwrap_or_default();
        format!("{} with the fingerprint {key}", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::OsEntropy, keys::Signer as _};
    use attestry_proof::log::note::KeyKind;

    fn log_key(directory: &Path, origin: &str) -> VerifierKey {
        let path = directory.join(format!("{}.pem", uuid::Uuid::new_v4()));
        let signer = file::create(&path, &OsEntropy).unwrap();
        VerifierKey::new(origin, KeyKind::Ed25519, signer.public_key()).unwrap()
    }

    fn pin(path: &Path, key: &VerifierKey) -> Pin {
        let policy = TrustPolicy::of_log(key, None).unwrap();
        write(path, &policy.to_bytes()).unwrap();
        Pin::read(path).unwrap()
    }

    fn about(origin: &str, key: &VerifierKey) -> About {
        About {
            origin: origin.to_owned(),
            note_vkey: key.to_string(),
            receipt_key: String::new(),
            service_key: String::new(),
            size: 2,
            root: String::new(),
            entries_public: false,
            clause_sets: Vec::new(),
        }
    }

    #[test]
    fn a_policy_of_several_logs_or_none_pins_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy");
        let (one, other) = (log_key(directory.path(), "a/log"), log_key(directory.path(), "b/log"));
        assert_eq!(pin(&path, &one).origin(), "a/log");
        write(&path, format!("log {one}\nlog {other}\nquorum none\n").as_bytes()).unwrap();
        let refused = Pin::read(&path).unwrap_err().to_string();
        assert!(refused.contains("a/log, b/log"), "{refused}");
        write(&path, b"quorum none\n").unwrap();
        assert!(Pin::read(&path).unwrap_err().to_string().contains("names none"));
        write(&path, &vec![b'\n'; MAX_POLICY_BYTES + 1]).unwrap();
        assert!(Pin::read(&path).unwrap_err().to_string().contains("too large"));
    }

    #[test]
    fn another_name_or_another_key_is_another_log() {
        let directory = tempfile::tempdir().unwrap();
        let (right, wrong) =
            (log_key(directory.path(), "a/log"), log_key(directory.path(), "a/log"));
        let pin = pin(&directory.path().join("policy"), &right);
        assert!(pin.require_key(&about("a/log", &right), "http://x").is_ok());
        let refused = pin.require_key(&about("b/log", &right), "http://x").unwrap_err().to_string();
        assert!(refused.contains("b/log") && refused.contains("trusts a/log"), "{refused}");
        let refused = pin.require_key(&about("a/log", &wrong), "http://x").unwrap_err().to_string();
        for key in [&right, &wrong] {
            assert!(refused.contains(&fingerprint(key)), "{refused}");
        }
    }

    #[test]
    fn a_policy_given_must_be_of_the_log_that_the_key_is_pinned_to() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let (here, there) =
            (log_key(directory.path(), "a/log"), log_key(directory.path(), "b/log"));
        let caller = |trust: Option<&str>| Caller {
            server: "http://x".to_owned(),
            key: at("me.pem"),
            trust: trust.map(at),
        };
        let nothing = Pin::of_caller(&caller(None)).unwrap_err().to_string();
        assert!(nothing.contains("attestry trust http://x --out"), "{nothing}");
        assert!(nothing.contains("me.pem.log"), "{nothing}");
        pin(&at("here"), &here);
        pin(&at("there"), &there);
        assert_eq!(Pin::of_caller(&caller(Some("there"))).unwrap().origin(), "b/log");
        pin(&path_beside(&at("me.pem")), &here);
        assert_eq!(Pin::of_caller(&caller(None)).unwrap().origin(), "a/log");
        assert_eq!(Pin::of_caller(&caller(Some("here"))).unwrap().path(), at("here"));
        let refused = Pin::of_caller(&caller(Some("there"))).unwrap_err().to_string();
        assert!(refused.contains("a/log") && refused.contains("b/log"), "{refused}");
    }
}
