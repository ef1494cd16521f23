//! Judging a checkpoint by a policy.

use super::{Member, PolicyName, TrustError, TrustPolicy};
use crate::log::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::log::cosignature::cosigned_at;
use crate::log::note::{KeyId, Note, VerifierKey};

/// A witness that cosigned, and when it says it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigner {
    /// Name within the policy.
    pub name: PolicyName,
    /// Seconds since 1970; of several cosignatures the earliest.
    pub timestamp: u64,
}

/// How the quorum was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuorumMet {
    /// The policy asks for no witness: the log alone vouches for the checkpoint.
    NotAsked,
    /// Enough witnesses cosigned.
    Met {
        /// The witness or group that is the quorum.
        name: PolicyName,
        /// Its members that are satisfied; 1 for a single witness.
        found: usize,
        /// Members that had to be; 1 for a single witness.
        required: usize,
    },
}

/// A checkpoint that a policy trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedCheckpoint {
    checkpoint: Checkpoint,
    log: VerifierKey,
    cosigners: Vec<Cosigner>,
    quorum: QuorumMet,
}

impl TrustedCheckpoint {
    /// Origin, size and root.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The key of the log that signed.
    #[must_use]
    pub const fn log(&self) -> &VerifierKey {
        &self.log
    }

    /// All known witnesses that cosigned, in the policy's order, whether the quorum needs them or
    /// not.
    #[must_use]
    pub fn cosigners(&self) -> &[Cosigner] {
        &self.cosigners
    }

    /// How the quorum was met.
    #[must_use]
    pub const fn quorum(&self) -> &QuorumMet {
        &self.quorum
    }

    /// Whether a quorum of witnesses was asked for and met. `false` means that the log alone
    /// vouches for the checkpoint, and could be showing others a different one.
    #[must_use]
    pub const fn witnessed(&self) -> bool {
        matches!(self.quorum, QuorumMet::Met { .. })
    }
}

impl TrustPolicy {
    /// Judges a signed checkpoint: a known log signed it under its own name, no signature of any
    /// known key fails, and the quorum is met.
    ///
    /// # Errors
    /// See [`TrustError`].
    pub fn evaluate(&self, note: &[u8]) -> Result<TrustedCheckpoint, TrustError> {
        self.evaluate_parsed(&SignedCheckpoint::parse(note)?)
    }

    /// The same for a checkpoint that is parsed already.
    ///
    /// # Errors
    /// See [`TrustError`].
    pub fn evaluate_parsed(
        &self,
        signed: &SignedCheckpoint,
    ) -> Result<TrustedCheckpoint, TrustError> {
        let (note, origin) = (signed.note(), signed.checkpoint().origin());
        let mut log = None;
        for known in &self.logs {
            // Asked of every known key: one that fails refuses the note, whatever its name.
            let signs = note.signed_by(&known.key)?;
            if signs && known.key.name() == origin && log.is_none() {
                log = Some(known.key.clone());
            }
        }
        let timestamps = self.witnesses.iter().map(|witness| cosigned_at(note, &witness.key));
        let timestamps = timestamps.collect::<Result<Vec<_>, _>>()?;
        let log = log.ok_or_else(|| self.unknown_log(note, origin))?;
        let quorum = self.check_quorum(&timestamps)?;
        let cosigners = self.witnesses.iter().zip(timestamps).filter_map(|(witness, timestamp)| {
            Some(Cosigner { name: witness.name.clone(), timestamp: timestamp? })
        });
        let cosigners = cosigners.collect();
        Ok(TrustedCheckpoint { checkpoint: signed.checkpoint().clone(), log, cosigners, quorum })
    }

    fn unknown_log(&self, note: &Note, origin: &str) -> TrustError {
        let lines = note.signatures().iter().filter(|line| line.name() == origin);
        let found = lines.map(|line| line.key_id()).collect();
        let keys = self.logs.iter().map(|log| &log.key).filter(|key| key.name() == origin);
        let required: Vec<KeyId> = keys.map(VerifierKey::id).collect();
        if required.is_empty() {
            TrustError::UnknownOrigin { found }
        } else {
            TrustError::UnknownLogKey { found, required }
        }
    }

    fn check_quorum(&self, timestamps: &[Option<u64>]) -> Result<QuorumMet, TrustError> {
        let Some(member) = self.quorum else {
            return Ok(QuorumMet::NotAsked);
        };
        // Groups refer to earlier groups only, so one pass settles them all.
        let mut groups: Vec<usize> = Vec::with_capacity(self.groups.len());
        let satisfied = |member: &Member, groups: &[usize]| match *member {
            Member::Witness(place) => timestamps[place].is_some(),
            Member::Group(place) => groups[place] >= self.groups[place].threshold,
        };
        for group in &self.groups {
            groups.push(group.members.iter().filter(|member| satisfied(member, &groups)).count());
        }
        let (found, required) = match member {
            Member::Witness(place) => (usize::from(timestamps[place].is_some()), 1),
            Member::Group(place) => (groups[place], self.groups[place].threshold),
        };
        if found < required {
            let missing = self.missing(member, timestamps);
            return Err(TrustError::QuorumNotMet { found, required, missing });
        }
        Ok(QuorumMet::Met { name: self.name_of(member).clone(), found, required })
    }

    /// Witnesses under a member that did not cosign, in the policy's order of groups.
    fn missing(&self, member: Member, timestamps: &[Option<u64>]) -> Vec<PolicyName> {
        let mut missing = Vec::new();
        let mut pending = vec![member];
        while let Some(member) = pending.pop() {
            match member {
                Member::Witness(place) if timestamps[place].is_some() => {}
                Member::Witness(place) => missing.push(self.witnesses[place].name.clone()),
                Member::Group(place) => pending.extend(self.groups[place].members.iter().rev()),
            }
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;
    use crate::hash::Hash;
    use crate::key::PublicKey;
    use crate::log::checkpoint::CheckpointError;
    use crate::log::cosignature::{self, CosignatureError};
    use crate::log::note::{KeyKind, NoteError, NoteSignature, NoteText, SignatureError};
    use crate::size::TreeSize;

    const ORIGIN: &str = "log.example";

    fn signing(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn key(name: &str, kind: KeyKind, seed: u8) -> VerifierKey {
        let public = PublicKey::from_bytes(signing(seed).verifying_key().as_bytes()).unwrap();
        VerifierKey::new(name, kind, public).unwrap()
    }

    fn log_key(name: &str, seed: u8) -> VerifierKey {
        key(name, KeyKind::Ed25519, seed)
    }

    fn witness_key(seed: u8) -> VerifierKey {
        key("witness.example", KeyKind::Cosignature, seed)
    }

    fn text(origin: &str) -> NoteText {
        Checkpoint::new(origin, TreeSize(42), Hash([3; 32])).unwrap().text().unwrap()
    }

    fn log_line(origin: &str, name: &str, seed: u8) -> NoteSignature {
        let signature = signing(seed).sign(text(origin).to_be_signed()).to_bytes();
        NoteSignature::by(&log_key(name, seed), &signature).unwrap()
    }

    fn cosign(seed: u8) -> NoteSignature {
        let timestamp = 1_764_000_000 + u64::from(seed);
        let message = cosignature::to_be_signed(timestamp, &text(ORIGIN));
        let signature = signing(seed).sign(&message).to_bytes();
        cosignature::signature(&witness_key(seed), timestamp, &signature).unwrap()
    }

    /// Log 1 and the witnesses 11 to 16, of which the quorum needs two of X and one of Y.
    fn policy(quorum: &str) -> TrustPolicy {
        let mut text = format!("log {}\n", log_key(ORIGIN, 1));
        for (name, seed) in [("X1", 11), ("X2", 12), ("X3", 13), ("Y1", 14), ("Y2", 15), ("Y3", 16)]
        {
            text.push_str(&format!("witness {name} {}\n", witness_key(seed)));
        }
        text.push_str("group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup X-and-Y all X Y\n");
        TrustPolicy::parse(format!("{text}quorum {quorum}\n").as_bytes()).unwrap()
    }

    fn judge(quorum: &str, witnesses: &[u8]) -> Result<TrustedCheckpoint, TrustError> {
        let lines = [log_line(ORIGIN, ORIGIN, 1)].into_iter();
        let lines = lines.chain(witnesses.iter().map(|seed| cosign(*seed))).collect();
        policy(quorum).evaluate(&Note::new(text(ORIGIN), lines).unwrap().to_bytes())
    }

    fn names(trusted: &TrustedCheckpoint) -> Vec<String> {
        trusted.cosigners().iter().map(|cosigner| cosigner.name.to_string()).collect()
    }

    #[test]
    fn a_quorum_of_none_leaves_the_log_alone_to_vouch() {
        let trusted = judge("none", &[]).unwrap();
        assert!(!trusted.witnessed());
        assert_eq!(trusted.quorum(), &QuorumMet::NotAsked);
        assert_eq!(trusted.log(), &log_key(ORIGIN, 1));
        assert_eq!(trusted.checkpoint().size(), TreeSize(42));
        let cosigned = judge("none", &[12]).unwrap();
        assert!(!cosigned.witnessed());
        assert_eq!(names(&cosigned), ["X2"]);
    }

    #[test]
    fn every_set_of_witnesses_is_judged_by_the_groups() {
        for set in 0..64u8 {
            let witnesses: Vec<u8> =
                (0..6).filter(|bit| set >> bit & 1 == 1).map(|bit| 11 + bit).collect();
            let x = (set & 0b111).count_ones() as usize;
            let y = (set >> 3).count_ones() as usize;
            let verdict = judge("X-and-Y", &witnesses);
            if x >= 2 && y >= 1 {
                let trusted = verdict.unwrap();
                assert!(trusted.witnessed());
                let seen: Vec<u64> = trusted.cosigners().iter().map(|one| one.timestamp).collect();
                let expected: Vec<u64> =
                    witnesses.iter().map(|seed| 1_764_000_000 + u64::from(*seed)).collect();
                assert_eq!(seen, expected);
            } else {
                let found = usize::from(x >= 2) + usize::from(y >= 1);
                match verdict {
                    Err(TrustError::QuorumNotMet { found: k, required: 2, missing }) => {
                        assert_eq!((k, missing.len()), (found, 6 - witnesses.len()));
                    }
                    other => panic!("{set:06b}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_refusal_names_the_missing_witnesses() {
        let error = judge("X", &[12, 14]).unwrap_err();
        let expected = "the quorum has 1 of 2; no cosignature by X1, X3";
        assert_eq!(error.to_string(), expected);
        let error = judge("Y2", &[11]).unwrap_err();
        assert_eq!(error.to_string(), "the quorum has 0 of 1; no cosignature by Y2");
        let met = judge("X", &[11, 12, 13]).unwrap();
        assert!(matches!(met.quorum(), QuorumMet::Met { found: 3, required: 2, .. }));
        assert!(judge("Y2", &[15]).unwrap().witnessed());
    }

    #[test]
    fn one_witness_counts_once_however_often_it_cosigns() {
        assert!(matches!(judge("X", &[11, 11]), Err(TrustError::QuorumNotMet { found: 1, .. })));
    }

    #[test]
    fn strangers_are_ignored() {
        let trusted = judge("X", &[11, 12, 77]).unwrap();
        assert_eq!(names(&trusted), ["X1", "X2"]);
        assert!(matches!(judge("X", &[11, 77]), Err(TrustError::QuorumNotMet { .. })));
    }

    #[test]
    fn the_log_must_be_known_by_name_and_key() {
        let evaluate = |origin: &str, lines: Vec<NoteSignature>| {
            policy("none").evaluate(&Note::new(text(origin), lines).unwrap().to_bytes())
        };
        let stranger = log_key(ORIGIN, 2).id();
        let required = vec![log_key(ORIGIN, 1).id()];
        let unknown_key = TrustError::UnknownLogKey { found: vec![stranger], required };
        let by_stranger = evaluate(ORIGIN, vec![log_line(ORIGIN, ORIGIN, 2)]);
        assert_eq!(by_stranger, Err(unknown_key));
        let unsigned = evaluate(ORIGIN, vec![cosign(11)]);
        assert!(
            matches!(unsigned, Err(TrustError::UnknownLogKey { found, .. }) if found.is_empty())
        );
        let other = "other.example";
        let found = vec![log_key(other, 2).id()];
        let elsewhere = evaluate(other, vec![log_line(other, other, 2)]);
        assert_eq!(elsewhere, Err(TrustError::UnknownOrigin { found }));
        // The trusted key itself, signing under an origin that is not its name.
        let misnamed = evaluate(other, vec![log_line(other, ORIGIN, 1)]);
        assert!(matches!(misnamed, Err(TrustError::UnknownOrigin { .. })));
        let no_logs = TrustPolicy::parse(b"quorum none\n").unwrap();
        let note = Note::new(text(ORIGIN), vec![log_line(ORIGIN, ORIGIN, 1)]).unwrap();
        assert!(matches!(
            no_logs.evaluate(&note.to_bytes()),
            Err(TrustError::UnknownOrigin { .. })
        ));
    }

    #[test]
    fn one_failing_signature_of_a_known_key_refuses_all() {
        let good = [log_line(ORIGIN, ORIGIN, 1), cosign(11), cosign(12), cosign(14)];
        let bad_log = NoteSignature::by(&log_key(ORIGIN, 1), &[5; 64]).unwrap();
        let bad_witness = cosignature::signature(&witness_key(16), 7, &[5; 64]).unwrap();
        for quorum in ["none", "X-and-Y"] {
            let evaluate = |extra: &NoteSignature| {
                let lines = good.iter().chain([extra]).cloned().collect();
                policy(quorum).evaluate(&Note::new(text(ORIGIN), lines).unwrap().to_bytes())
            };
            let invalid = |key| SignatureError::Invalid { key };
            let refusal = TrustError::Signature(invalid(log_key(ORIGIN, 1).id()));
            assert_eq!(evaluate(&bad_log), Err(refusal));
            let refusal = CosignatureError::Signature(invalid(witness_key(16).id()));
            assert_eq!(evaluate(&bad_witness), Err(TrustError::Cosignature(refusal)));
            assert!(evaluate(&cosign(16)).is_ok());
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let policy = policy("none");
        let error = policy.evaluate(b"hello\n").unwrap_err();
        assert_eq!(error, TrustError::Checkpoint(NoteError::NoSeparator.into()));
        let hello = NoteText::new("hello\n".to_owned()).unwrap();
        let note = Note::new(hello, vec![cosign(11)]).unwrap();
        let error = policy.evaluate(&note.to_bytes()).unwrap_err();
        assert_eq!(error, TrustError::Checkpoint(CheckpointError::Lines { found: 1 }));
    }
}
