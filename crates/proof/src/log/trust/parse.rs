//! Reading a policy line by line.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Group, LineError, MAX_POLICY_BYTES, MAX_POLICY_ITEMS, Member, PolicyError, PolicyName,
    TrustPolicy, TrustedLog, Witness,
};
use crate::log::note::{KeyKind, VerifierKey};
use crate::log::text::decimal;

/// The predefined name: a quorum that asks for nobody.
const NONE: &[u8] = b"none";

impl TrustPolicy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// See [`PolicyError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let (found, limit) = (bytes.len(), MAX_POLICY_BYTES);
        if found > limit {
            return Err(PolicyError::TooLarge { found, limit });
        }
        let allowed = |octet: u8| matches!(octet, b'\t' | b'\n' | 0x20..=0x7e | 0x80..);
        if let Some(offset) = bytes.iter().position(|octet| !allowed(*octet)) {
            return Err(PolicyError::Octet { offset, found: bytes[offset] });
        }
        let lines = match bytes {
            [] => return Err(PolicyError::NoQuorum),
            [lines @ .., b'\n'] => lines,
            _ => return Err(PolicyError::Unterminated),
        };
        let mut reader = Reader::default();
        for (place, line) in lines.split(|octet| *octet == b'\n').enumerate() {
            let words = line.split(|octet| matches!(octet, b' ' | b'\t'));
            let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
            reader.line(&words).map_err(|error| PolicyError::Line { line: place + 1, error })?;
        }
        reader.finish()
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<TrustedLog>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    names: BTreeMap<PolicyName, Member>,
    /// Whoever is a member of some group.
    members: BTreeSet<Member>,
    quorum: Option<Option<Member>>,
}

impl Reader {
    fn line(&mut self, words: &[&[u8]]) -> Result<(), LineError> {
        match words {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", words @ ..] => self.log(words),
            [b"witness", words @ ..] => self.witness(words),
            [b"group", words @ ..] => self.group(words),
            [b"quorum", words @ ..] => self.quorum(words),
            _ => Err(LineError::Keyword),
        }
    }

    fn log(&mut self, words: &[&[u8]]) -> Result<(), LineError> {
        let (key, url) = match words {
            [key] => (key, None),
            [key, url] => (key, Some(url.to_vec())),
            _ => return Err(LineError::Words { found: words.len(), min: 1, max: 2 }),
        };
        let key = verifier_key(key, KeyKind::Ed25519)?;
        if self.logs.iter().any(|log| log.key.public_key() == key.public_key()) {
            return Err(LineError::DuplicateKey);
        }
        check_room(&self.logs)?;
        self.logs.push(TrustedLog { key, url });
        Ok(())
    }

    fn witness(&mut self, words: &[&[u8]]) -> Result<(), LineError> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(url.to_vec())),
            _ => return Err(LineError::Words { found: words.len(), min: 2, max: 3 }),
        };
        let key = verifier_key(key, KeyKind::Cosignature)?;
        if self.witnesses.iter().any(|witness| witness.key.public_key() == key.public_key()) {
            return Err(LineError::DuplicateKey);
        }
        check_room(&self.witnesses)?;
        let name = self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name, key, url });
        Ok(())
    }

    fn group(&mut self, words: &[&[u8]]) -> Result<(), LineError> {
        let [name, threshold, listed @ ..] = words else {
            return Err(LineError::GroupWords { found: words.len() });
        };
        if listed.is_empty() {
            return Err(LineError::GroupWords { found: words.len() });
        }
        let mut members = Vec::with_capacity(listed.len());
        for (place, name) in listed.iter().enumerate() {
            let word = place + 3;
            let member = self.resolve(name).ok_or(LineError::Undefined { word })?;
            if !self.members.insert(member) {
                return Err(LineError::MemberTwice { word });
            }
            members.push(member);
        }
        let threshold = match *threshold {
            b"any" => Some(1),
            b"all" => Some(members.len()),
            number => std::str::from_utf8(number)
                .ok()
                .and_then(decimal)
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| (1..=members.len()).contains(number)),
        };
        let threshold = threshold.ok_or(LineError::Threshold { members: members.len() })?;
        check_room(&self.groups)?;
        let name = self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { name, threshold, members });
        Ok(())
    }

    fn quorum(&mut self, words: &[&[u8]]) -> Result<(), LineError> {
        let [name] = words else {
            return Err(LineError::Words { found: words.len(), min: 1, max: 1 });
        };
        if self.quorum.is_some() {
            return Err(LineError::QuorumTwice);
        }
        self.quorum = Some(match *name {
            NONE => None,
            name => Some(self.resolve(name).ok_or(LineError::Undefined { word: 1 })?),
        });
        Ok(())
    }

    fn define(&mut self, name: &[u8], member: Member) -> Result<PolicyName, LineError> {
        let name = PolicyName(name.to_vec());
        if name.as_bytes() == NONE || self.names.contains_key(&name) {
            return Err(LineError::NameTaken);
        }
        self.names.insert(name.clone(), member);
        Ok(name)
    }

    fn resolve(&self, name: &[u8]) -> Option<Member> {
        self.names.get(&PolicyName(name.to_vec())).copied()
    }

    fn finish(self) -> Result<TrustPolicy, PolicyError> {
        let quorum = self.quorum.ok_or(PolicyError::NoQuorum)?;
        let Self { logs, witnesses, groups, .. } = self;
        Ok(TrustPolicy { logs, witnesses, groups, quorum })
    }
}

fn verifier_key(word: &[u8], required: KeyKind) -> Result<VerifierKey, LineError> {
    let text = std::str::from_utf8(word).map_err(|_| LineError::KeyEncoding)?;
    let key = VerifierKey::parse(text).map_err(LineError::Key)?;
    let found = key.kind();
    if found == required { Ok(key) } else { Err(LineError::WrongKind { found, required }) }
}

fn check_room<T>(items: &[T]) -> Result<(), LineError> {
    let limit = MAX_POLICY_ITEMS;
    if items.len() < limit { Ok(()) } else { Err(LineError::TooMany { limit }) }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;

    use super::*;
    use crate::key::PublicKey;
    use crate::log::note::VerifierKeyError;

    fn key(seed: u8, kind: KeyKind) -> VerifierKey {
        let public = SigningKey::from_bytes(&[seed; 32]).verifying_key();
        let public = PublicKey::from_bytes(public.as_bytes()).unwrap();
        VerifierKey::new("key.example", kind, public).unwrap()
    }

    fn log(seed: u8) -> String {
        key(seed, KeyKind::Ed25519).to_string()
    }

    fn witness(seed: u8) -> String {
        key(seed, KeyKind::Cosignature).to_string()
    }

    /// Replaces L1, L2 … by log keys and W1, W2 … by witness keys.
    fn policy(text: &str) -> Vec<u8> {
        let mut text = text.to_owned();
        for seed in 1..=9 {
            text = text.replace(&format!("L{seed}"), &log(seed));
            text = text.replace(&format!("W{seed}"), &witness(seed));
        }
        text.into_bytes()
    }

    const GROUPS: &str = "log L1 https://log.example/\nwitness X1 W1\nwitness X2 W2 https://x2\n\
        witness X3 W3\ngroup X-witnesses 2 X1 X2 X3\nwitness Y1 W4\nwitness Y2 W5\n\
        group Y-witnesses any Y1 Y2\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";

    #[test]
    fn two_levels_of_groups_are_read_and_written_back() {
        let parsed = TrustPolicy::parse(&policy(GROUPS)).unwrap();
        assert_eq!((parsed.logs().len(), parsed.witnesses().len()), (1, 5));
        assert_eq!(parsed.logs()[0].url(), Some(b"https://log.example/".as_slice()));
        assert_eq!(parsed.witnesses()[1].name().to_string(), "X2");
        assert!(parsed.asks_for_witnesses());
        let thresholds: Vec<_> = parsed.groups.iter().map(|group| group.threshold).collect();
        assert_eq!(thresholds, [2, 1, 2]);
        assert_eq!(TrustPolicy::parse(&parsed.to_bytes()), Ok(parsed));
    }

    #[test]
    fn white_space_comments_and_opaque_octets_are_allowed() {
        let mut bytes = policy("# about\n \t\n\tlog  L1\t\n  # more\n witness K W1\n");
        let kelvin = policy("witness \u{212a} W2\nquorum \u{212a}\n# ");
        bytes.extend_from_slice(&kelvin);
        bytes.extend_from_slice(b"\xff\xfe\x80\n");
        let parsed = TrustPolicy::parse(&bytes).unwrap();
        assert_eq!(parsed.witnesses().len(), 2);
        assert_eq!(TrustPolicy::parse(&parsed.to_bytes()), Ok(parsed));
    }

    #[test]
    fn names_that_are_not_utf8_survive() {
        let bytes = policy("witness NAME W1\nquorum NAME\n");
        let text = String::from_utf8(bytes).unwrap();
        let bytes: Vec<u8> = text.split("NAME").collect::<Vec<_>>().join("\u{1}").into_bytes();
        let bytes: Vec<u8> =
            bytes.into_iter().map(|octet| if octet == 1 { 0xff } else { octet }).collect();
        let parsed = TrustPolicy::parse(&bytes).unwrap();
        assert_eq!(parsed.witnesses()[0].name().as_bytes(), [0xff]);
        assert_eq!(parsed.to_bytes(), bytes);
    }

    #[test]
    fn one_log_makes_a_policy() {
        let log = key(1, KeyKind::Ed25519);
        let policy = TrustPolicy::of_log(&log, Some("https://log.example/")).unwrap();
        assert_eq!(
            policy.to_bytes(),
            format!("log {log} https://log.example/\nquorum none\n").as_bytes()
        );
        assert!(!policy.asks_for_witnesses());
        assert!(TrustPolicy::of_log(&log, None).is_ok());
        for url in ["", "a b", "a\nquorum x", "\u{7}"] {
            assert_eq!(TrustPolicy::of_log(&log, Some(url)), Err(PolicyError::Url), "{url:?}");
        }
        assert!(TrustPolicy::of_log(&key(1, KeyKind::Cosignature), None).is_err());
    }

    #[test]
    fn every_broken_rule_has_its_own_refusal() {
        use LineError::*;
        let (found, required) = (KeyKind::Cosignature, KeyKind::Ed25519);
        let cases = [
            ("trust L1\n", 1, Keyword),
            ("QUORUM none\n", 1, Keyword),
            ("log\n", 1, Words { found: 0, min: 1, max: 2 }),
            ("log L1 u v\n", 1, Words { found: 3, min: 1, max: 2 }),
            ("witness X\n", 1, Words { found: 1, min: 2, max: 3 }),
            ("witness X W1 u v\n", 1, Words { found: 4, min: 2, max: 3 }),
            ("quorum\n", 1, Words { found: 0, min: 1, max: 1 }),
            ("quorum none none\n", 1, Words { found: 2, min: 1, max: 1 }),
            ("\n#\nlog x\n", 3, Key(VerifierKeyError::Form)),
            ("log W1\n", 1, WrongKind { found, required }),
            ("witness X L1\n", 1, WrongKind { found: required, required: found }),
            ("log L1\nlog L1\n", 2, DuplicateKey),
            ("witness X W1\nwitness Y W1\n", 2, DuplicateKey),
            ("witness X W1\nwitness X W2\n", 2, NameTaken),
            ("witness none W1\n", 1, NameTaken),
            ("witness X W1\ngroup X any X\n", 2, NameTaken),
            ("witness X W1\ngroup none any X\n", 2, NameTaken),
            ("witness X W1\ngroup g any X none\n", 2, Undefined { word: 4 }),
            ("group g\n", 1, GroupWords { found: 1 }),
            ("group g any\n", 1, GroupWords { found: 2 }),
            ("group g any g\n", 1, Undefined { word: 3 }),
            ("group g any X\nwitness X W1\n", 1, Undefined { word: 3 }),
            ("witness X W1\ngroup g any X X\n", 2, MemberTwice { word: 4 }),
            ("witness X W1\ngroup g any X\ngroup h any X\n", 3, MemberTwice { word: 3 }),
            ("witness X W1\ngroup g 0 X\n", 2, Threshold { members: 1 }),
            ("witness X W1\ngroup g 2 X\n", 2, Threshold { members: 1 }),
            ("witness X W1\ngroup g +1 X\n", 2, Threshold { members: 1 }),
            ("witness X W1\ngroup g 01 X\n", 2, Threshold { members: 1 }),
            ("witness X W1\ngroup g ALL X\n", 2, Threshold { members: 1 }),
            ("witness X W1\ngroup g 18446744073709551617 X\n", 2, Threshold { members: 1 }),
            ("quorum none\nquorum none\n", 2, QuorumTwice),
            ("quorum X\nwitness X W1\n", 1, Undefined { word: 1 }),
        ];
        for (text, line, error) in cases {
            let refusal = Err(PolicyError::Line { line, error });
            assert_eq!(TrustPolicy::parse(&policy(text)), refusal, "{text}");
        }
        let mut bytes = policy("log L1\nquorum none\n");
        bytes[6] = 0xff;
        let refusal = Err(PolicyError::Line { line: 1, error: KeyEncoding });
        assert_eq!(TrustPolicy::parse(&bytes), refusal);
    }

    #[test]
    fn the_file_as_a_whole_can_be_wrong() {
        let cases: [(&[u8], PolicyError); 7] = [
            (b"", PolicyError::NoQuorum),
            (b"# nothing\n", PolicyError::NoQuorum),
            (b"quorum none", PolicyError::Unterminated),
            (b"quorum none\r\n", PolicyError::Octet { offset: 11, found: 13 }),
            (b"#\x00\nquorum none\n", PolicyError::Octet { offset: 1, found: 0 }),
            (b"#\x7f\nquorum none\n", PolicyError::Octet { offset: 1, found: 0x7f }),
            (b"#\x0b\nquorum none\n", PolicyError::Octet { offset: 1, found: 0x0b }),
        ];
        for (bytes, error) in cases {
            assert_eq!(TrustPolicy::parse(bytes), Err(error));
        }
        let large = vec![b'\n'; MAX_POLICY_BYTES + 1];
        assert!(matches!(TrustPolicy::parse(&large), Err(PolicyError::TooLarge { .. })));
    }

    #[test]
    fn items_are_limited() {
        let keys = (0..=MAX_POLICY_ITEMS).map(|number| {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&number.to_be_bytes());
            let public = SigningKey::from_bytes(&seed).verifying_key();
            let public = PublicKey::from_bytes(public.as_bytes()).unwrap();
            VerifierKey::new("log.example", KeyKind::Ed25519, public).unwrap()
        });
        let lines: Vec<String> = keys.map(|key| format!("log {key}\n")).collect();
        let most = format!("quorum none\n{}", lines[..MAX_POLICY_ITEMS].concat());
        assert!(TrustPolicy::parse(most.as_bytes()).is_ok());
        let limit = MAX_POLICY_ITEMS;
        let refusal =
            Err(PolicyError::Line { line: limit + 2, error: LineError::TooMany { limit } });
        assert_eq!(TrustPolicy::parse(format!("{most}{}", lines[limit]).as_bytes()), refusal);
    }

    proptest! {
        #[test]
        fn no_octets_make_the_parser_panic(bytes: Vec<u8>, words in prop::collection::vec("(log|witness|group|quorum|any|all|none|[a-c]|[0-3]|L1|W1|W2|\n){1}", 0..60)) {
            let _ = TrustPolicy::parse(&bytes);
            let mut text = words.join(" ");
            text.push('\n');
            if let Ok(parsed) = TrustPolicy::parse(&policy(&text)) {
                prop_assert_eq!(TrustPolicy::parse(&parsed.to_bytes()), Ok(parsed));
            }
        }
    }
}
