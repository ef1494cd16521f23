//! The answers file: what a contractor writes once per submission, in TOML, before signing.
//!
//! Scope: reading the file, and turning it together with the facts of the submission into the
//! payloads that will be shown and signed. The shape of each section is that of the payload's body;
//! what a program knows better than a person (digests of clause texts, manifests, time, salts) is
//! filled in here.
//!
//! Not here: showing, signing and sending.

use std::{collections::BTreeMap, fmt};

use attestry_policy::clauses::{ClauseCatalogue, ClauseText};
use attestry_proof::{
    hash::Hash,
    manifest::{self, Role},
    payload::{
        Attestation, AttestationBody, Payload, PayloadError, StatementKind,
        effort::Effort,
        envelope::{
            Answer, ClauseAnswer, ClauseReference, DutyToUpdate, EidasLevel, ElectronicSignature,
            Envelope, EsignDisclosures, Knowledge, ManifestCommitment, Period, Signer, Tool,
        },
        fields::{Digest, Salt, SubmissionId, Timestamp},
        nda_check::{
            Agreement, AgreementFinding, AgreementKind, Counsel, DtsaNotice, Exclusion, NdaCheck,
            Party, Permission, Presence, Sector,
        },
        own_work::OwnWork,
        redaction_check::{
            AcceptedFinding, ChannelCheck, ChannelResult, HiddenChannel, RedactionCheck, Removal,
            ResidualRisk, Substance,
        },
        task_authority::TaskAuthority,
        text::{Name, Passage, ValueError},
    },
};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer},
};
use uuid::Uuid;

use super::{newest::Newest, submit::Searched};

/// Most bytes of an answers file.
pub const MAX_ANSWERS_BYTES: usize = 1 << 20;

const ESIGN_SET: &str = "e-sign";
const DTSA_SET: &str = "dtsa-notice";

/// An answers file as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Answers {
    locale: Name,
    knowledge: Knowledge,
    duty_to_update: DutyToUpdate,
    signer: Signer,
    work_period: Period,
    electronic_signature: SignatureAnswers,
    own_work: OwnWork,
    nda_check: NdaAnswers,
    redaction_check: RedactionAnswers,
    task_authority: TaskAuthority,
    effort: Effort,
    clauses: BTreeMap<StatementKind, BTreeMap<Name, ClauseReply>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureAnswers {
    esign: Notice,
    ueta_intent: DutyToUpdate,
    eidas_level: EidasLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Notice {
    Shown,
    NotApplicable,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NdaAnswers {
    done_for: Vec<Party>,
    agreements: BTreeMap<AgreementKind, AgreementFinding>,
    exclusions: Vec<Exclusion>,
    permission: Permission,
    mnpi: Presence,
    regulated_sectors: Vec<Sector>,
    counsel: Counsel,
    dtsa_notice: Notice,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RedactionAnswers {
    removed: Vec<Removal>,
    hidden_channels: BTreeMap<HiddenChannel, ChannelResult>,
    accepted_findings: Vec<AcceptedFinding>,
    residual_risk: ResidualRisk,
    residual_risk_note: Option<Passage>,
    substance: Substance,
}

/// Reply to a clause: a bare `"yes"`, or the answer with its text.
#[derive(Clone, Debug)]
struct ClauseReply {
    answer: Answer,
    text: Option<Passage>,
}

/// The facts that a file of answers is joined with.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The submission.
    pub subject: Uuid,
    /// Commitments to its sides, as submitted.
    pub manifests: &'a [ManifestCommitment],
    /// The texts that are shown.
    pub catalogue: &'a ClauseCatalogue,
    /// What the search of the files found.
    pub searched: &'a Searched,
    /// Now.
    pub now: Timestamp,
    /// This program.
    pub tool: &'a Tool,
    /// What it takes the place of, statement by statement.
    pub amends: Option<&'a Newest>,
}

/// Why an answers file makes no payloads.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// Too many bytes.
    #[error("the answers file has {found} bytes; shorten it to {limit}")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// Not TOML, or not of the form of docs/samples/answers.example.toml.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A question that has to be answered is not.
    #[error("[{section}] does not answer `{key}`; add a line for it")]
    Unanswered {
        /// Section of the file.
        section: String,
        /// What is missing.
        key: String,
    },
    /// An answer to a clause that the text does not have.
    #[error("[clauses.{kind}] answers `{clause}`, which is no clause of the text; remove the line")]
    UnknownClause {
        /// Kind of the statement.
        kind: StatementKind,
        /// The clause.
        clause: String,
    },
    /// No text in the language wanted.
    #[error("there is no text `{set}` in the language `{locale}`; change `locale`")]
    NoText {
        /// Clause set.
        set: String,
        /// Language.
        locale: String,
    },
    /// A text whose identifiers a payload cannot carry.
    #[error("the clause catalogue has an identifier that statements cannot carry: {0}")]
    Catalogue(#[from] ValueError),
    /// The submission has no deliverable to speak about.
    #[error("there is no deliverable among the manifests of the submission")]
    NoDeliverable,
    /// The answers contradict each other or break a rule of their statement.
    #[error("the answers make no valid `{kind}`: {error}; `body` is the section [{kind}]")]
    Payload {
        /// Kind of the statement.
        kind: StatementKind,
        /// The rule.
        error: PayloadError,
    },
}

impl Answers {
    /// Reads an answers file.
    ///
    /// # Errors
    /// [`AnswersError::TooLarge`] or [`AnswersError::Toml`], which shows the line.
    pub fn parse(text: &str) -> Result<Self, AnswersError> {
        let (found, limit) = (text.len(), MAX_ANSWERS_BYTES);
        if found > limit {
            return Err(AnswersError::TooLarge { found, limit });
        }
        Ok(toml::from_str(text)?)
    }

    /// What is said of each hidden channel.
    #[must_use]
    pub const fn hidden_channels(&self) -> &BTreeMap<HiddenChannel, ChannelResult> {
        &self.redaction_check.hidden_channels
    }

    /// Findings that are left in place.
    #[must_use]
    pub fn accepted_findings(&self) -> &[AcceptedFinding] {
        &self.redaction_check.accepted_findings
    }

    /// The attestations about the submission: `own-work`, `nda-check`, `redaction-check`,
    /// `task-authority` and `effort`, in this order. `salt` is called once for each and must give
    /// fresh random bytes.
    ///
    /// # Errors
    /// See [`AnswersError`].
    pub fn attestations(
        &self,
        context: &Context<'_>,
        mut salt: impl FnMut() -> [u8; 32],
    ) -> Result<Vec<Payload>, AnswersError> {
        Ok(vec![
            self.attest(context, self.own_work.clone(), (None, salt()))?,
            self.attest(context, self.nda_check(context)?, (None, salt()))?,
            self.attest(context, self.redaction_check(context)?, (None, salt()))?,
            self.attest(context, self.task_authority.clone(), (None, salt()))?,
            self.attest(context, self.effort.clone(), (None, salt()))?,
        ])
    }

    /// The `manifest` payload for one side of the submission.
    ///
    /// # Errors
    /// See [`AnswersError`].
    pub fn manifest(
        &self,
        context: &Context<'_>,
        manifest: &manifest::Manifest,
        salt: [u8; 32],
    ) -> Result<Payload, AnswersError> {
        let body = attestry_proof::payload::manifest::Manifest::of(manifest);
        self.attest(context, body, (Some(manifest.role()), salt))
    }

    fn attest<B: AttestationBody>(
        &self,
        context: &Context<'_>,
        body: B,
        (side, salt): (Option<manifest::Role>, [u8; 32]),
    ) -> Result<Payload, AnswersError>
    where
        Payload: From<Attestation<B>>,
    {
        let envelope = self.envelope(context, (B::KIND, side))?;
        Attestation::new(Salt(salt), envelope, body)
            .map(Payload::from)
            .map_err(|error| AnswersError::Payload { kind: B::KIND, error })
    }

    fn envelope(
        &self,
        context: &Context<'_>,
        (kind, side): (StatementKind, Option<manifest::Role>),
    ) -> Result<Envelope, AnswersError> {
        let text = self.text(context, kind.as_str())?;
        let SignatureAnswers { esign, ueta_intent, eidas_level } = &self.electronic_signature;
        let esign = match esign {
            Notice::Shown => EsignDisclosures::Shown(reference(self.text(context, ESIGN_SET)?)?),
            Notice::NotApplicable => EsignDisclosures::NotApplicable,
        };
        Ok(Envelope {
            subject: SubmissionId(context.subject),
            stated_at: context.now,
            clauses: reference(text)?,
            answers: self.replies(kind, text)?,
            manifests: context.manifests.to_vec(),
            signer: self.signer.clone(),
            work_period: Some(self.work_period),
            knowledge: self.knowledge,
            duty_to_update: self.duty_to_update,
            electronic_signature: ElectronicSignature {
                esign,
                ueta_intent: *ueta_intent,
                eidas_level: *eidas_level,
            },
            supersedes: context.amends.and_then(|newest| newest.of(kind, side)),
            tool: context.tool.clone(),
        })
    }

    /// The replies to the clauses of `text`, in the order of the text.
    fn replies(
        &self,
        kind: StatementKind,
        text: &ClauseText,
    ) -> Result<Vec<ClauseAnswer>, AnswersError> {
        let none = BTreeMap::new();
        let replies = self.clauses.get(&kind).unwrap_or(&none);
        let unknown = replies
            .keys()
            .find(|clause| !text.clauses().iter().any(|known| known == clause.as_str()));
        if let Some(clause) = unknown {
            return Err(AnswersError::UnknownClause { kind, clause: clause.to_string() });
        }
        text.clauses()
            .iter()
            .map(|clause| {
                let clause = Name::new(clause)?;
                let Some(ClauseReply { answer, text }) = replies.get(&clause).cloned() else {
                    return Err(unanswered(format!("clauses.{kind}"), clause));
                };
                Ok(ClauseAnswer { clause, answer, text })
            })
            .collect()
    }

    fn nda_check(&self, context: &Context<'_>) -> Result<NdaCheck, AnswersError> {
        let answers = self.nda_check.clone();
        let agreement = |&kind: &AgreementKind| {
            let finding = answers.agreements.get(&kind).cloned();
            finding
                .map(|finding| Agreement { kind, finding })
                .ok_or_else(|| unanswered("nda-check.agreements".to_owned(), kind))
        };
        Ok(NdaCheck {
            agreements: AgreementKind::ALL.iter().map(agreement).collect::<Result<_, _>>()?,
            dtsa_notice: match answers.dtsa_notice {
                Notice::Shown => DtsaNotice::Shown(reference(self.text(context, DTSA_SET)?)?),
                Notice::NotApplicable => DtsaNotice::NotApplicable,
            },
            done_for: answers.done_for,
            exclusions: answers.exclusions,
            permission: answers.permission,
            mnpi: answers.mnpi,
            regulated_sectors: answers.regulated_sectors,
            counsel: answers.counsel,
        })
    }

    fn redaction_check(&self, context: &Context<'_>) -> Result<RedactionCheck, AnswersError> {
        let answers = self.redaction_check.clone();
        let check = |&channel: &HiddenChannel| {
            let result = answers.hidden_channels.get(&channel).copied();
            result
                .map(|result| ChannelCheck { channel, result })
                .ok_or_else(|| unanswered("redaction-check.hidden_channels".to_owned(), channel))
        };
        let deliverable =
            context.manifests.iter().find(|manifest| manifest.role == Role::Deliverable);
        Ok(RedactionCheck {
            hidden_channels: HiddenChannel::ALL.iter().map(check).collect::<Result<_, _>>()?,
            output: *deliverable.ok_or(AnswersError::NoDeliverable)?,
            scan: context.searched.scan.clone(),
            removed: answers.removed,
            accepted_findings: context.searched.accepted.clone(),
            residual_risk: answers.residual_risk,
            residual_risk_note: answers.residual_risk_note,
            substance: answers.substance,
        })
    }

    fn text<'a>(&self, context: &Context<'a>, set: &str) -> Result<&'a ClauseText, AnswersError> {
        context.catalogue.current(set, self.locale.as_str()).ok_or_else(|| AnswersError::NoText {
            set: set.to_owned(),
            locale: self.locale.to_string(),
        })
    }
}

/// By hand, since an untagged enum would not say which words are allowed.
impl<'de> Deserialize<'de> for ClauseReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Explained {
            answer: Answer,
            text: Passage,
        }

        struct Reply;

        impl<'de> Visitor<'de> for Reply {
            type Value = ClauseReply;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "\"yes\", \"no\" or { answer = \"exception\", text = \"what differs\" }",
                )
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<ClauseReply, E> {
                let answer = Answer::parse(word)
                    .ok_or_else(|| E::invalid_value(Unexpected::Str(word), &self))?;
                Ok(ClauseReply { answer, text: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClauseReply, A::Error> {
                let Explained { answer, text } =
                    Explained::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ClauseReply { answer, text: Some(text) })
            }
        }

        deserializer.deserialize_any(Reply)
    }
}

fn reference(text: &ClauseText) -> Result<ClauseReference, AnswersError> {
    Ok(ClauseReference {
        set: Name::new(text.set())?,
        version: Name::new(text.version())?,
        locale: Name::new(text.locale())?,
        text_sha256: Digest(Hash(*text.sha256())),
    })
}

fn unanswered(section: String, key: impl ToString) -> AnswersError {
    AnswersError::Unanswered { section, key: key.to_string() }
}

#[cfg(test)]
mod tests {
    use attestry_policy::clauses::CATALOGUE_PATH;
    use attestry_proof::payload::redaction_check::Scan;

    use super::*;

    const EXAMPLE: &str = include_str!("../../docs/samples/answers.example.toml");

    fn catalogue() -> ClauseCatalogue {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/policies"));
        let read = |path: &str| (path.to_owned(), std::fs::read(root.join(path)).unwrap());
        let mut files = vec![read(CATALOGUE_PATH)];
        for entry in std::fs::read_dir(root.join("clauses/en")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            files.push(read(&format!("clauses/en/{name}")));
        }
        let borrowed: Vec<_> = files.iter().map(|(path, c)| (path.as_str(), &c[..])).collect();
        ClauseCatalogue::parse(&borrowed).unwrap()
    }

    fn by_reading() -> Searched {
        let how = "Read from end to end.".parse().unwrap();
        Searched::new(Scan::Manual(how), Vec::new(), [])
    }

    fn commitments() -> [ManifestCommitment; 2] {
        [(Role::Request, 1), (Role::Deliverable, 2)].map(|(role, count)| ManifestCommitment {
            role,
            commitment: Digest(Hash::of(role.as_str().as_bytes())),
            count,
        })
    }

    fn payloads_for(
        text: &str,
        manifests: &[ManifestCommitment],
    ) -> Result<Vec<Payload>, AnswersError> {
        let catalogue = catalogue();
        let tool = Tool { name: Name::new("attestry")?.as_str().parse()?, version: "1".parse()? };
        let context = Context {
            subject: Uuid::from_u128(7),
            manifests,
            catalogue: &catalogue,
            searched: &by_reading(),
            now: Timestamp::from_unix_seconds(1_772_366_400).unwrap(),
            tool: &tool,
            amends: None,
        };
        let mut counter = 0;
        Answers::parse(text)?.attestations(&context, || {
            counter += 1;
            [counter; 32]
        })
    }

    fn fault(from: &str, to: &str) -> AnswersError {
        assert!(EXAMPLE.contains(from), "{from}");
        payloads_for(&EXAMPLE.replacen(from, to, 1), &commitments()).unwrap_err()
    }

    #[test]
    fn the_example_makes_five_attestations_that_read_back_and_fit_the_catalogue() {
        let payloads = payloads_for(EXAMPLE, &commitments()).unwrap();
        let kinds: Vec<_> = payloads.iter().map(|payload| payload.kind().as_str()).collect();
        let expected = ["own-work", "nda-check", "redaction-check", "task-authority", "effort"];
        assert_eq!(kinds, expected);
        for (index, payload) in (1..).zip(&payloads) {
            assert_eq!(Payload::parse(&payload.to_bytes(), true).as_ref(), Ok(payload));
            assert_eq!(payload.salt(), Some(&Salt([index; 32])));
            let envelope = payload.envelope().unwrap();
            assert_eq!(envelope.manifests, commitments());
            let ClauseReference { set, version, locale, text_sha256 } = &envelope.clauses;
            let shown = attestry_policy::clauses::ClauseReference {
                set: set.as_str(),
                version: version.as_str(),
                locale: locale.as_str(),
                text_sha256: text_sha256.0.0,
            };
            let answered = envelope.answers.iter().map(|answer| answer.clause.as_str());
            assert!(catalogue().check(&shown, answered).is_ok());
        }
    }

    #[test]
    fn the_answers_of_every_sample_are_valid() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/samples");
        let mut seen = 0;
        for entry in std::fs::read_dir(samples).unwrap() {
            let path = entry.unwrap().path().join("answers.toml");
            if let Ok(text) = std::fs::read_to_string(&path) {
                let payloads = payloads_for(&text, &commitments());
                assert!(payloads.is_ok(), "{}: {}", path.display(), payloads.unwrap_err());
                seen += 1;
            }
        }
        assert!(seen >= 6, "{seen} files of answers found");
    }

    #[test]
    fn a_manifest_is_attested_with_the_same_envelope() {
        let record = manifest::FileRecord {
            path: "report.txt".to_owned(),
            size: 5,
            media_type: "text/plain".to_owned(),
            sha256: Hash::of(b"words"),
            salt: [3; 32],
        };
        let deliverable = manifest::Manifest::new(Role::Deliverable, vec![record]).unwrap();
        let catalogue = catalogue();
        let tool = Tool { name: "attestry".parse().unwrap(), version: "1".parse().unwrap() };
        let mut context = Context {
            subject: Uuid::from_u128(7),
            manifests: &[ManifestCommitment::of(&deliverable)],
            catalogue: &catalogue,
            searched: &by_reading(),
            now: Timestamp::from_unix_seconds(0).unwrap(),
            tool: &tool,
            amends: None,
        };
        let answers = Answers::parse(EXAMPLE).unwrap();
        let payload = answers.manifest(&context, &deliverable, [1; 32]).unwrap();
        assert_eq!(payload.kind(), StatementKind::Manifest);
        context.manifests = &[];
        let verdict = answers.manifest(&context, &deliverable, [1; 32]);
        assert!(matches!(verdict, Err(AnswersError::Payload { .. })));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = fault("nda = \"none\"\n", "").to_string();
        assert!(error.contains("[nda-check.agreements]") && error.contains("`nda`"), "{error}");
        let error = fault("tracked-changes = \"removed\"\n", "").to_string();
        assert!(error.contains("`tracked-changes`"), "{error}");
        let error = fault("authorship = \"yes\"\n", "").to_string();
        assert!(error.contains("[clauses.own-work]") && error.contains("`authorship`"), "{error}");
        let error = fault("authorship_percent = 100\n", "").to_string();
        assert!(error.contains("authorship_percent"), "{error}");
        let none = payloads_for(EXAMPLE, &commitments()[..1]);
        assert!(matches!(none, Err(AnswersError::NoDeliverable)));
    }

    #[test]
    fn what_is_unknown_or_contradictory_is_refused() {
        let unknown = fault("authorship = \"yes\"\n", "authorship = \"yes\"\npay = \"yes\"\n");
        assert!(matches!(
            unknown,
            AnswersError::UnknownClause { kind: StatementKind::OwnWork, clause } if clause == "pay"
        ));
        assert!(matches!(fault("locale = \"en\"", "locale = \"xx\""), AnswersError::NoText { .. }));
        let field = fault("locale = \"en\"", "locale = \"en\"\nhidden = 1");
        assert!(matches!(field, AnswersError::Toml(_)));
        assert!(matches!(
            fault("authorship_percent = 100", "authorship_percent = 60"),
            AnswersError::Payload { kind: StatementKind::OwnWork, .. }
        ));
        let bare = fault("authorship = \"yes\"", "authorship = \"exception\"");
        assert!(matches!(bare, AnswersError::Payload { .. }), "{bare}");
        let typo = fault("authorship = \"yes\"", "authorship = \"yess\"").to_string();
        assert!(typo.contains("\"exception\""), "{typo}");
        let (found, limit) = (MAX_ANSWERS_BYTES + 1, MAX_ANSWERS_BYTES);
        let large = Answers::parse(&" ".repeat(found));
        assert!(matches!(
            large,
            Err(AnswersError::TooLarge { found: f, limit: l }) if (f, l) == (found, limit)
        ));
    }
}
