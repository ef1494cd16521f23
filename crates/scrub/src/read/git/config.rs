//! The configuration of a repository: remotes, identities, and how objects are named
//! (git-config(1)).

use super::object::text;

/// What matters of a configuration.
pub(super) struct Config {
    pub(super) hash: gix_hash::Kind,
    /// Objects are fetched when they are needed.
    pub(super) is_partial: bool,
    /// Names and addresses of remotes and submodules.
    pub(super) remotes: Vec<(String, String)>,
    /// Name and e-mail address of whoever works here.
    pub(super) identity: Vec<String>,
}

impl Config {
    /// A broken configuration says nothing; it is searched as text all the same.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut config = Self {
            hash: gix_hash::Kind::Sha1,
            is_partial: false,
            remotes: Vec::new(),
            identity: Vec::new(),
        };
        let content = text(bytes);
        let Ok(file) = gix_config::File::try_from(content.as_ref()) else { return config };
        for section in file.sections() {
            let header = section.header();
            let name = header.name().to_string().to_ascii_lowercase();
            let inner = header.subsection_name().map(ToString::to_string).unwrap_or_default();
            let values = |key: &str| section.body().values(key).into_iter().map(|v| v.to_string());
            match name.as_str() {
                "remote" | "submodule" => {
                    let urls = values("url").chain(values("pushurl"));
                    config.remotes.extend(urls.map(|url| (inner.clone(), url)));
                    config.is_partial |= values("promisor").any(|value| value == "true");
                }
                "extensions" => {
                    let is_sha256 =
                        values("objectformat").any(|v| v.eq_ignore_ascii_case("sha256"));
                    if is_sha256 {
                        config.hash = gix_hash::Kind::Sha256;
                    }
                }
                "user" | "author" | "committer" => {
                    config.identity.extend(values("name").chain(values("email")));
                }
                _ => {}
            }
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_and_identities_are_found() {
        let config = Config::of(
            b"[core]\n\tbare = false\n[extensions]\n\tobjectFormat = sha256\n[user]\n\tname = A B\n\
              [remote \"origin\"]\n\turl = https://x.example/a.git\n\tpromisor = true\n",
        );
        assert_eq!(config.hash, gix_hash::Kind::Sha256);
        assert!(config.is_partial);
        assert_eq!(config.remotes, [("origin".to_owned(), "https://x.example/a.git".to_owned())]);
        assert_eq!(config.identity, ["A B"]);
        assert!(Config::of(b"[[[").remotes.is_empty());
    }
}
