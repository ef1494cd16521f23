//! The rules and texts in force: one bundle of files, logged, kept, and swapped as a whole.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::Ordering},
    time::Duration,
};

use attestry_policy::{
    clauses::{CatalogueError, ClauseCatalogue},
    engine::PolicyEngine,
    letters::{self, Letters},
    load::LoadError,
    takedown,
};
use attestry_proof::hash::Hash;
use attestry_scrub::{RuleError, RuleSet};

use super::{Service, ServiceError, genesis::policy_version};
use crate::store::ledger::Precondition;

/// Time after which the same bundle is another statement.
const SAME_SECOND: Duration = Duration::from_millis(250);

/// Folder of the rules that files are searched by.
const SCAN_FOLDER: &str = "scrub/";

/// A policy file: its path with `/` between names, and its bytes.
pub type PolicyFileBytes = (String, Vec<u8>);

/// Why a bundle cannot be put in force.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The rules are refused; the message says file, line and column.
    #[error(transparent)]
    Rules(#[from] LoadError),
    /// The clause texts are refused.
    #[error(transparent)]
    Clauses(#[from] CatalogueError),
    /// The takedown rules are refused.
    #[error(transparent)]
    Takedown(#[from] takedown::RulesError),
    /// The letters are refused.
    #[error(transparent)]
    Letters(#[from] letters::LettersError),
    /// The letters are no text.
    #[error("letters.toml is not UTF-8")]
    LettersText,
    /// The takedown rules are no text.
    #[error("takedown.toml is not UTF-8")]
    TakedownText,
    /// The rules that files are searched by are refused.
    #[error(transparent)]
    Scan(#[from] RuleError),
}

/// One policy bundle, read and checked.
pub struct Policies {
    engine: PolicyEngine,
    clauses: ClauseCatalogue,
    files: Vec<PolicyFileBytes>,
    /// `None` in a bundle without them: then there are no cases.
    takedown: Option<takedown::Rules>,
    /// `None` in a bundle without them: then nobody is written to.
    letters: Option<Letters>,
    /// Read when they are first asked for: checking them takes longer than the rest.
    scan_rules: OnceLock<Result<RuleSet, RuleError>>,
}

impl Policies {
    /// Reads and checks every rule and text of a bundle.
    ///
    /// # Errors
    /// [`PoliciesError`], with the place of the first fault.
    pub fn load(files: Vec<PolicyFileBytes>) -> Result<Self, PoliciesError> {
        let named: Vec<(&str, &[u8])> =
            files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let engine = PolicyEngine::load(&named)?;
        let clauses = ClauseCatalogue::parse(&named)?;
        let rules = files.iter().find(|(path, _)| path == takedown::RULES_PATH);
        let takedown = match rules {
            None => None,
            Some((_, bytes)) => {
                let text = std::str::from_utf8(bytes).map_err(|_| PoliciesError::TakedownText)?;
                Some(takedown::Rules::parse(text)?)
            }
        };
        let letters = files.iter().find(|(path, _)| path == letters::LETTERS_PATH);
        let letters = match letters {
            None => None,
            Some((_, bytes)) => {
                let text = std::str::from_utf8(bytes).map_err(|_| PoliciesError::LettersText)?;
                Some(Letters::parse(text)?)
            }
        };
        Ok(Self { engine, clauses, files, takedown, letters, scan_rules: OnceLock::new() })
    }

    /// The rules.
    #[must_use]
    pub const fn engine(&self) -> &PolicyEngine {
        &self.engine
    }

    /// The clause texts.
    #[must_use]
    pub const fn clauses(&self) -> &ClauseCatalogue {
        &self.clauses
    }

    /// The rules that files are searched by; every example of every rule is tried the first time, so
    /// this is not to be called where a request waits.
    ///
    /// # Errors
    /// [`RuleError`], with the file and rule of the first fault.
    pub fn scan_rules(&self) -> Result<&RuleSet, PoliciesError> {
        let read = self.scan_rules.get_or_init(|| load_scan_rules(&self.files));
        read.as_ref().map_err(|error| PoliciesError::Scan(error.clone()))
    }

    /// Whether the bundle has rules that files are searched by. Without them nothing is searched.
    #[must_use]
    pub fn has_scan_rules(&self) -> bool {
        self.files.iter().any(|(path, _)| path.starts_with(SCAN_FOLDER))
    }

    /// The takedown rules, if the bundle has any.
    #[must_use]
    pub const fn takedown(&self) -> Option<&takedown::Rules> {
        self.takedown.as_ref()
    }

    /// What people are written, if the bundle has letters.
    #[must_use]
    pub const fn letters(&self) -> Option<&Letters> {
        self.letters.as_ref()
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[PolicyFileBytes] {
        &self.files
    }

    /// Digest of the bundle.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        Hash(*self.engine.digest())
    }
}

/// Rules are known by their names within their folder, so that a folder of them alone gives the same
/// digest.
///
/// # Errors
/// [`RuleError`], with the file and rule of the first fault.
pub fn load_scan_rules(files: &[PolicyFileBytes]) -> Result<RuleSet, RuleError> {
    let inside = |(path, bytes): &'_ PolicyFileBytes| -> Option<(String, Vec<u8>)> {
        let name = path.strip_prefix(SCAN_FOLDER).filter(|name| name.ends_with(".toml"))?;
        Some((name.to_owned(), bytes.clone()))
    };
    let files: Vec<(String, Vec<u8>)> = files.iter().filter_map(inside).collect();
    let named: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    // Most bundles differ in other files, and trying every example takes a while.
    static LAST: Mutex<Option<(Hash, RuleSet)>> = Mutex::new(None);
    let parts = named.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes]);
    let digests: Vec<u8> = parts.flat_map(|part| Hash::of(part).0).collect();
    let digest = Hash::of(&digests);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, rules)) = last.as_ref().filter(|(known, _)| *known == digest) {
        return Ok(rules.clone());
    }
    let rules = RuleSet::load(&named)?;
    *last = Some((digest, rules.clone()));
    Ok(rules)
}

impl Service {
    /// The bundle that decisions are made by now.
    #[must_use]
    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.policies.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// What a judgement rests on: the bundle's version in the log. To be read before the rules are
    /// asked, so that it is never newer than they are.
    pub(super) fn policy_unchanged(&self) -> Precondition {
        Precondition::Policy { version: self.policy_version() }
    }

    pub(super) fn policy_version(&self) -> u64 {
        self.policy_version.load(Ordering::Acquire)
    }

    /// Keeps the files of the bundle in force, and logs it as a new version if the log's last one is
    /// another.
    ///
    /// # Errors
    /// [`ServiceError::Malformed`] if a clause text of the last one was edited or is gone; a failing
    /// store or log.
    pub async fn register_policies(&self) -> Result<(), ServiceError> {
        let policies = self.policies();
        let version = self.keep_and_log(&policies).await?;
        self.policy_version.store(version, Ordering::Release);
        Ok(())
    }

    /// Puts another bundle in force: kept, then logged, then decided by. On an error the old one
    /// stays.
    ///
    /// # Errors
    /// As [`Service::register_policies`].
    pub async fn adopt_policies(&self, policies: Policies) -> Result<Hash, ServiceError> {
        let version = self.keep_and_log(&policies).await?;
        let digest = policies.digest();
        let mut in_force = self.policies.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *in_force = Arc::new(policies);
        self.policy_version.store(version, Ordering::Release);
        Ok(digest)
    }

    /// Answers with the bundle's version in the log.
    async fn keep_and_log(&self, policies: &Policies) -> Result<u64, ServiceError> {
        let (in_force, version) = self.ledger.policy().await?.unwrap_or_default();
        self.require_continued(policies, in_force).await?;
        let files: Vec<(Hash, &[u8])> =
            policies.files.iter().map(|(_, bytes)| (Hash::of(bytes), bytes.as_slice())).collect();
        self.ledger.people().keep_policy_files(&files).await?;
        if in_force == policies.digest() {
            return Ok(version);
        }
        loop {
            let candidate = policy_version(
                self.log.signers(),
                self.log.origin(),
                &policies.files,
                self.clock.now(),
                version + 1,
            )?;
            if self.log.append(candidate).await?.appended {
                break;
            }
            // A bundle that was in force earlier in this second is stated by the same bytes, which
            // adopt nothing again.
            tokio::time::sleep(SAME_SECOND).await;
        }
        tracing::info!(digest = %policies.digest(), version = version + 1, "policies in force");
        Ok(version + 1)
    }
}
