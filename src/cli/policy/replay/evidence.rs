//! What the log holds about decisions: statements with their payloads, and the rules they name.
//! Nothing is taken from the service's word: statements are proven under the trust policy, payloads
//! and policy files have the digests that statements commit to.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use attestry_policy::bundle::bundle_digest;
use attestry_proof::{
    cose::{SignedStatement, Subject},
    hash::Hash,
    key::Thumbprint,
    payload::{Payload, genesis::Genesis, policy_version::PolicyVersion},
    size::LeafIndex,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::compare::{Record, Rules, Told};
use crate::{
    cli::{
        client::{Client, write},
        held::require_verified,
        output::{Failure, REFUSED},
    },
    http::routes::{keys::KeyInfo, policies::PolicyVersionInfo},
};

/// Statements that were fetched, to be verified together before anything is made of them.
pub struct Evidence<'a> {
    client: &'a Client,
    folder: TempDir,
    held: BTreeSet<PathBuf>,
}

impl<'a> Evidence<'a> {
    /// With nothing in it.
    ///
    /// # Errors
    /// A [`Failure`] if there is no place for temporary files.
    pub fn new(client: &'a Client) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|error| {
            Failure::usage(format!("no directory for temporary files: {error}"))
        })?;
        Ok(Self { client, folder, held: BTreeSet::new() })
    }

    /// Verifies everything, offline.
    ///
    /// # Errors
    /// A [`Failure`] that names each statement that is not proven, and why.
    pub fn verify(&self) -> Result<(), Failure> {
        require_verified(self.held.iter().cloned().collect(), self.client.pin()?)
    }

    /// A statement about the submission with its payload.
    ///
    /// # Errors
    /// A [`Failure`] if it may not be read, or is about something else.
    pub async fn told(&mut self, submission: Uuid, index: u64) -> Result<Told, Failure> {
        let statement = self.statement(index).await?;
        if statement.header().subject != Subject::Submission(submission) {
            return Err(wrong(index, "is about something else"));
        }
        let bytes = self.client.payload(LeafIndex(index)).await?;
        // The status of a submission is public; all else about it is sealed.
        let sealed = statement.header().content_type.is_sealed();
        let payload = self.keep(index, &statement, &bytes, sealed)?;
        Ok(Told { leaf: statement.leaf_hash(), issuer: statement.header().issuer, payload })
    }

    /// The public payload of an entry.
    async fn published(&mut self, index: u64) -> Result<Payload, Failure> {
        let statement = self.statement(index).await?;
        let bytes = self.client.public_payload(statement.payload_digest()).await?;
        self.keep(index, &statement, &bytes, false)
    }

    async fn statement(&mut self, index: u64) -> Result<SignedStatement, Failure> {
        let bytes = self.client.transparent_statement(LeafIndex(index)).await?;
        let (statement, _) = SignedStatement::parse(&bytes)
            .map_err(|error| wrong(index, &format!("is malformed: {error}")))?;
        let file = self.folder.path().join("statements").join(format!("{index:08}.cose"));
        write(&file, &bytes)?;
        self.held.insert(file);
        Ok(statement)
    }

    fn keep(
        &mut self,
        index: u64,
        statement: &SignedStatement,
        bytes: &[u8],
        sealed: bool,
    ) -> Result<Payload, Failure> {
        let digest = statement.payload_digest();
        if Hash::of(bytes) != digest {
            return Err(wrong(index, "has another payload than the log commits to"));
        }
        let payload = Payload::parse(bytes, sealed)
            .map_err(|error| wrong(index, &format!("has a payload that is none: {error}")))?;
        let file = self.folder.path().join("payloads").join(format!("{digest}.json"));
        write(&file, bytes)?;
        self.held.insert(file);
        Ok(payload)
    }

    /// What the log says about itself, and with it the service's key.
    ///
    /// # Errors
    /// A [`Failure`] if entry 0 is something else.
    pub async fn genesis(&mut self) -> Result<Genesis, Failure> {
        match self.published(0).await? {
            Payload::Genesis(said) => Ok(said.body().clone()),
            other => Err(wrong(0, &format!("is a {}, not the genesis", other.kind()))),
        }
    }

    /// Adds how the keys that spoke came into the log and left it.
    ///
    /// # Errors
    /// A [`Failure`] if the service does not answer.
    pub async fn add_keys(&mut self, record: &Record) -> Result<(), Failure> {
        let spoke: BTreeSet<String> =
            record.told.values().map(|told| told.issuer.to_string()).collect();
        let keys: Vec<KeyInfo> = self.client.keys().await?;
        for key in keys.iter().filter(|key| spoke.contains(&key.thumbprint)) {
            self.published(key.enrolled_index).await?;
            if let Some(ended) = key.revoked_index {
                self.published(ended).await?;
            }
        }
        Ok(())
    }
}

fn wrong(index: u64, what: &str) -> Failure {
    Failure::refused(format!("what the service answered for entry {index} {what}"))
}

/// A `policy` statement.
struct Version {
    index: u64,
    stated: PolicyVersion,
    issuer: Thumbprint,
}

/// The policies that were in force, and their files as far as they were asked for.
pub struct Archive {
    versions: Vec<Version>,
    rules: BTreeMap<Hash, Rules>,
}

impl Archive {
    /// Reads which policies were in force.
    ///
    /// # Errors
    /// A [`Failure`] if a position that is named for one is something else.
    pub async fn open(evidence: &mut Evidence<'_>) -> Result<Self, Failure> {
        let mut versions = Vec::new();
        for listed in evidence.client.policies().await? {
            let statement = evidence.statement(listed.index).await?;
            let bytes = evidence.client.public_payload(statement.payload_digest()).await?;
            let Payload::Policy(said) = evidence.keep(listed.index, &statement, &bytes, false)?
            else {
                return Err(wrong(listed.index, "is not about policies"));
            };
            let issuer = statement.header().issuer;
            versions.push(Version { index: listed.index, stated: said.body().clone(), issuer });
        }
        Ok(Self { versions, rules: BTreeMap::new() })
    }

    /// Requires that they are the service's own words.
    ///
    /// # Errors
    /// A [`Failure`] that names one that is not.
    pub fn require_by(&self, service: Thumbprint) -> Result<(), Failure> {
        match self.versions.iter().find(|version| version.issuer != service) {
            None => Ok(()),
            Some(version) => Err(wrong(version.index, "is not signed by the service")),
        }
    }

    /// Digest of the bundle in force at a position, as far as the log shows.
    pub fn in_force_at(&self, index: u64) -> Option<Hash> {
        let earlier = self.versions.iter().filter(|version| version.index < index);
        earlier.max_by_key(|version| version.index).map(|version| version.stated.bundle_sha256.0)
    }

    /// The rules of a bundle, fetched once.
    ///
    /// # Errors
    /// A [`Failure`] if the service does not answer.
    pub async fn rules(&mut self, client: &Client, bundle: Hash) -> Result<&Rules, Failure> {
        if !self.rules.contains_key(&bundle) {
            let found = self.fetch(client, bundle).await?;
            self.rules.insert(bundle, found);
        }
        self.rules.get(&bundle).ok_or_else(|| Failure::service("no rules"))
    }

    async fn fetch(&self, client: &Client, bundle: Hash) -> Result<Rules, Failure> {
        let version = self.versions.iter().find(|known| known.stated.bundle_sha256.0 == bundle);
        let Some(version) = version else {
            return Ok(Rules::Missing(format!("the log shows no policy bundle {bundle}")));
        };
        let mut files = Vec::with_capacity(version.stated.files.len());
        for file in &version.stated.files {
            let path = file.path.as_str();
            let bytes = match client.policy_file(file.sha256.0).await {
                Ok(bytes) => bytes,
                Err(failure) if failure.code() == REFUSED => {
                    return Ok(Rules::Missing(format!(
                        "its bundle is not archived: {path} is gone"
                    )));
                }
                Err(failure) => return Err(failure),
            };
            if Hash::of(&bytes) != file.sha256.0 {
                let reason = format!("its bundle is not archived: {path} is another file");
                return Ok(Rules::Missing(reason));
            }
            files.push((path.to_owned(), bytes));
        }
        let named: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        Ok(match bundle_digest(&named) {
            Ok(found) if Hash(found) == bundle => Rules::Archived(files),
            _ => Rules::Contradicted,
        })
    }
}

impl Client {
    /// Policy bundles that were in force, newest first.
    async fn policies(&self) -> Result<Vec<PolicyVersionInfo>, Failure> {
        let mut versions: Vec<PolicyVersionInfo> = Vec::new();
        loop {
            let before = versions.last().map_or(u64::MAX, |version| version.version);
            let page: Vec<PolicyVersionInfo> =
                self.get(&format!("/api/v1/policies?before={before}")).await?;
            // Older with each page, or a service could keep its callers for ever.
            if page.first().is_none_or(|version| version.version >= before) {
                return Ok(versions);
            }
            versions.extend(page);
        }
    }

    /// A file of a bundle that was in force.
    async fn policy_file(&self, sha256: Hash) -> Result<Vec<u8>, Failure> {
        self.get_bytes(&format!("/api/v1/policies/files/{sha256}")).await
    }
}
