//! What the operator says about an identity provider, in one TOML file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use attestry_proof::payload::text::Name;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::fetch::{AddressError, require_confidential};
use crate::{
    settings::{self, SettingsFault},
    store::ledger::{Role, Roles},
};

/// Claim that lists groups, unless the file names another.
const GROUPS_CLAIM: &str = "groups";
/// The scope that makes a request one of OpenID Connect.
const OPENID: &str = "openid";

/// A provider, and what its groups may do here.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// Exactly as the provider writes it.
    pub issuer: String,
    /// This service, as the provider knows it.
    pub client_id: String,
    /// `None` for a public client.
    pub client_secret: Option<ClientSecret>,
    /// Scopes to ask for, `openid` not among them: it always is.
    pub scopes: Vec<String>,
    /// Claim of the ID token that lists groups.
    pub groups_claim: String,
    /// What groups give.
    pub grants: Vec<Grant>,
}

/// A secret that does not print itself.
#[derive(Clone)]
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// The secret, for the provider alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// Members of a group have these roles in a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// As the provider names it.
    pub group: String,
    /// Not empty.
    pub roles: Roles,
    /// In which program.
    pub program: String,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file, or one that it names, is none.
    #[error(transparent)]
    File(#[from] SettingsFault),
    /// The issuer is no address that can be asked.
    #[error("{path}: issuer: {source}")]
    Issuer {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: AddressError,
    },
    /// Nobody could sign in.
    #[error("{path}: there is no [[grant]], so nobody could sign in")]
    NoGrant {
        /// Which file.
        path: PathBuf,
    },
    /// A grant names a role that does not exist, or none.
    #[error(
        "{path}: the grant for the group {group:?}: roles are admin, contractor, reviewer, legal, consumer, auditor, \
         and at least one is needed"
    )]
    Roles {
        /// Which file.
        path: PathBuf,
        /// Of which grant.
        group: String,
    },
    /// A grant names a program that cannot exist.
    #[error("{path}: the grant for the group {group:?}: {program:?} is no name of a program")]
    Program {
        /// Which file.
        path: PathBuf,
        /// Of which grant.
        group: String,
        /// What it names.
        program: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    scopes: Vec<String>,
    groups_claim: Option<String>,
    #[serde(default)]
    grant: Vec<FileGrant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileGrant {
    group: String,
    roles: Vec<String>,
    program: String,
}

impl OidcSettings {
    /// Reads the file, and that of the secret; a relative path is taken from the file's folder.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let file: File = settings::read(path)?;
        require_confidential(&file.issuer)
            .map_err(|source| SettingsError::Issuer { path: path.into(), source })?;
        let client_secret = file.client_secret_file.as_ref().map(|name| {
            let secret = settings::secret(&settings::beside(path, name), "the client secret")?;
            Ok::<_, SettingsFault>(ClientSecret(secret))
        });
        let groups_claim = file.groups_claim.unwrap_or_else(|| GROUPS_CLAIM.to_owned());
        settings::filled(path, "client_id", &file.client_id)?;
        settings::filled(path, "groups_claim", &groups_claim)?;
        let grants = file.grant.into_iter().map(|grant| grant.check(path));
        let grants = grants.collect::<Result<Vec<_>, _>>()?;
        if grants.is_empty() {
            return Err(SettingsError::NoGrant { path: path.into() });
        }
        Ok(Self {
            issuer: file.issuer,
            client_id: file.client_id,
            client_secret: client_secret.transpose()?,
            scopes: file.scopes.into_iter().filter(|scope| scope != OPENID).collect(),
            groups_claim,
            grants,
        })
    }

    /// What these groups give, by program. Nothing is given that no grant names.
    #[must_use]
    pub fn granted(&self, groups: &BTreeSet<String>) -> BTreeMap<String, Roles> {
        let mut granted: BTreeMap<String, Vec<Role>> = BTreeMap::new();
        for grant in self.grants.iter().filter(|grant| groups.contains(&grant.group)) {
            let roles = granted.entry(grant.program.clone()).or_default();
            roles.extend_from_slice(grant.roles.as_slice());
        }
        granted.into_iter().map(|(program, roles)| (program, Roles::new(roles))).collect()
    }
}

impl FileGrant {
    fn check(self, path: &Path) -> Result<Grant, SettingsError> {
        settings::filled(path, "a group", &self.group)?;
        let roles: Option<Vec<Role>> = self.roles.iter().map(|word| Role::parse(word)).collect();
        let Some(roles) = roles.filter(|roles| !roles.is_empty()) else {
            return Err(SettingsError::Roles { path: path.into(), group: self.group });
        };
        if Name::new(&self.program).is_err() {
            let Self { group, program, .. } = self;
            return Err(SettingsError::Program { path: path.into(), group, program });
        }
        Ok(Grant { group: self.group, roles: Roles::new(roles), program: self.program })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        issuer = "https://id.example.com"
        client_id = "attestry"
        scopes = ["openid", "groups"]
        [[grant]]
        group = "legal-team"
        roles = ["legal"]
        program = "main"
        [[grant]]
        group = "leads"
        roles = ["reviewer", "legal"]
        program = "main"
        [[grant]]
        group = "leads"
        roles = ["admin"]
        program = "other"
    "#;

    fn parse(text: &str) -> Result<OidcSettings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("oidc.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
        std::fs::write(folder.path().join("nothing"), "\n").unwrap();
        OidcSettings::read(&path)
    }

    #[test]
    fn a_good_file_is_read() {
        let settings = parse(GOOD).unwrap();
        assert_eq!(settings.scopes, ["groups"]);
        assert_eq!(settings.groups_claim, "groups");
        assert!(settings.client_secret.is_none());
        let secret = format!("client_secret_file = \"secret\"\n{GOOD}");
        let settings = parse(&secret).unwrap();
        assert_eq!(settings.client_secret.as_ref().unwrap().expose(), "s3cret");
        assert!(!format!("{settings:?}").contains("s3cret"));
        parse(&GOOD.replace("https://id.example.com", "http://127.0.0.1:9000")).unwrap();
    }

    #[test]
    fn groups_give_what_grants_name_and_nothing_else() {
        let settings = parse(GOOD).unwrap();
        let granted = |groups: &[&str]| {
            settings.granted(&groups.iter().map(|group| (*group).to_owned()).collect())
        };
        assert!(granted(&[]).is_empty());
        assert!(granted(&["Legal-team", "legal"]).is_empty());
        assert_eq!(granted(&["legal-team"])["main"], Roles::new(vec![Role::Legal]));
        let both = granted(&["legal-team", "leads"]);
        assert_eq!(both["main"], Roles::new(vec![Role::Legal, Role::Reviewer]));
        assert_eq!(both["other"], Roles::new(vec![Role::Admin]));
    }

    #[test]
    fn every_fault_is_named() {
        use SettingsError as E;
        use SettingsFault as F;
        let with = |from: &str, to: &str| parse(&GOOD.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(with("https", "http"), E::Issuer { .. }));
        assert!(matches!(with("https", "ftp"), E::Issuer { .. }));
        assert!(matches!(
            with("\"attestry\"", "\" \""),
            E::File(F::Empty { what: "client_id", .. })
        ));
        assert!(matches!(with("client_id", "clientid"), E::File(F::Malformed { .. })));
        assert!(matches!(with("[\"legal\"]", "[\"boss\"]"), E::Roles { .. }));
        assert!(matches!(with("[\"legal\"]", "[]"), E::Roles { .. }));
        assert!(matches!(with("\"main\"", "\"\""), E::Program { .. }));
        let top = GOOD.split("[[").next().unwrap();
        assert!(matches!(parse(top), Err(E::NoGrant { .. })));
        let secret = |name: &str| parse(&format!("client_secret_file = \"{name}\"\n{GOOD}"));
        assert!(matches!(secret("gone"), Err(E::File(F::Unreadable { .. }))));
        assert!(matches!(secret("nothing"), Err(E::File(F::Empty { .. }))));
        let gone = OidcSettings::read(Path::new("/nonexistent/oidc.toml"));
        assert!(matches!(gone, Err(E::File(F::Unreadable { .. }))));
    }
}
