//! Clearance facts in the form that Cedar reads.

use std::collections::HashMap;

use cedar_policy::{Entity, RestrictedExpression as Expression};

use super::{AttestationFact, AttestationKind, ClearanceFacts, ReviewFact};
use crate::{
    access::{
        KEY_ID_BYTES, KeyId,
        entities::{Vocabulary, entity},
    },
    engine::Fault,
    words::ResidualRisk,
};

/// The one entity that rules about clearance ask about.
pub(crate) fn dossier(words: &Vocabulary, facts: &ClearanceFacts) -> Result<Entity, Fault> {
    let mut attributes = HashMap::from([
        ("purpose".to_owned(), words.purpose(facts.purpose)),
        ("clearancePolicy".to_owned(), Expression::new_string(facts.clearance_policy.clone())),
        ("allowedRisk".to_owned(), risk(facts.allowed_risk)),
        ("withdrawn".to_owned(), Expression::new_bool(facts.withdrawn)),
    ]);
    for (kind, fact) in &facts.attestations {
        attributes.insert(attribute(*kind).to_owned(), attestation(words, fact)?);
    }
    let review = facts.review.as_ref().map(|fact| review(words, fact)).transpose()?;
    let known = [
        ("scanRisk", facts.scan.map(|scan| risk(scan.residual_risk))),
        ("review", review),
        ("holds", facts.holds.map(|count| Expression::new_long(count.into()))),
        ("openCases", facts.open_cases.map(|count| Expression::new_long(count.into()))),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    attributes.extend(known);
    entity(words.dossier.clone(), attributes)
}

/// Facts without what rules do not see: positions in the log and the reviewer's key. Facts that are
/// the same in this have one decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Weighed(ClearanceFacts);

impl From<&ClearanceFacts> for Weighed {
    fn from(facts: &ClearanceFacts) -> Self {
        let mut facts = facts.clone();
        for fact in facts.attestations.values_mut() {
            fact.position = 0;
        }
        if let Some(scan) = &mut facts.scan {
            scan.position = 0;
        }
        if let Some(review) = &mut facts.review {
            review.position = 0;
            review.reviewer = KeyId([0; KEY_ID_BYTES]);
        }
        Self(facts)
    }
}

const fn attribute(kind: AttestationKind) -> &'static str {
    match kind {
        AttestationKind::RequestManifest => "requestManifest",
        AttestationKind::DeliverableManifest => "deliverableManifest",
        AttestationKind::OwnWork => "ownWork",
        AttestationKind::NdaCheck => "ndaCheck",
        AttestationKind::RedactionCheck => "redactionCheck",
        AttestationKind::TaskAuthority => "taskAuthority",
        AttestationKind::Effort => "effort",
    }
}

/// As the schema counts: 0 none known, 1 low, 2 medium, 3 high.
fn risk(risk: ResidualRisk) -> Expression {
    Expression::new_long(match risk {
        ResidualRisk::NoneKnown => 0,
        ResidualRisk::Low => 1,
        ResidualRisk::Medium => 2,
        ResidualRisk::High => 3,
    })
}

fn attestation(words: &Vocabulary, fact: &AttestationFact) -> Result<Expression, Fault> {
    let purposes = fact.purposes.iter().map(|purpose| words.purpose(*purpose));
    let mut fields = vec![
        ("current", Expression::new_bool(fact.current)),
        ("withdrawn", Expression::new_bool(fact.withdrawn)),
        ("keyValid", Expression::new_bool(fact.key_valid)),
        ("purposes", Expression::new_set(purposes)),
        ("refusals", Expression::new_long(fact.refusals.into())),
    ];
    fields.extend(fact.declared_risk.map(|declared| ("declaredRisk", risk(declared))));
    record(fields)
}

fn review(words: &Vocabulary, fact: &ReviewFact) -> Result<Expression, Fault> {
    record([
        ("current", Expression::new_bool(fact.current)),
        ("keyValid", Expression::new_bool(fact.key_valid)),
        ("samePerson", Expression::new_bool(fact.same_person)),
        ("verdict", words.verdict(fact.verdict)),
    ])
}

fn record<'a>(
    fields: impl IntoIterator<Item = (&'a str, Expression)>,
) -> Result<Expression, Fault> {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    Expression::new_record(fields).map_err(|_| Fault::Facts)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{
        clearance::ScanFact,
        words::{Purpose, Verdict},
    };

    fn facts(position: u64, reviewer: u8) -> ClearanceFacts {
        let attestation = AttestationFact {
            position,
            current: true,
            withdrawn: false,
            key_valid: true,
            purposes: BTreeSet::from([Purpose::Training]),
            refusals: 0,
            declared_risk: Some(ResidualRisk::Low),
        };
        ClearanceFacts {
            purpose: Purpose::Training,
            clearance_policy: "standard".into(),
            allowed_risk: ResidualRisk::Low,
            attestations: BTreeMap::from([(AttestationKind::OwnWork, attestation)]),
            withdrawn: false,
            scan: Some(ScanFact { position, residual_risk: ResidualRisk::Low }),
            review: Some(ReviewFact {
                position,
                reviewer: KeyId([reviewer; KEY_ID_BYTES]),
                same_person: false,
                current: true,
                key_valid: true,
                verdict: Verdict::Accepted,
            }),
            holds: Some(0),
            open_cases: Some(0),
        }
    }

    #[test]
    fn positions_and_the_reviewers_key_do_not_count_and_all_else_does() {
        let weighed = |facts: &ClearanceFacts| Weighed::from(facts);
        assert_eq!(weighed(&facts(1, 1)), weighed(&facts(2, 9)));
        let changes: [fn(&mut ClearanceFacts); 9] = [
            |facts| facts.purpose = Purpose::Evaluation,
            |facts| facts.clearance_policy.push('s'),
            |facts| facts.allowed_risk = ResidualRisk::High,
            |facts| facts.attestations.clear(),
            |facts| facts.withdrawn = true,
            |facts| facts.scan = None,
            |facts| facts.review = None,
            |facts| facts.holds = None,
            |facts| facts.open_cases = Some(1),
        ];
        for change in changes {
            let mut changed = facts(1, 1);
            change(&mut changed);
            assert_ne!(weighed(&changed), weighed(&facts(1, 1)));
        }
    }

    #[test]
    fn what_rules_see_is_the_same_where_what_is_weighed_is_the_same() {
        let words = Vocabulary::new();
        let seen = |facts: &ClearanceFacts| dossier(&words, facts).unwrap();
        assert!(seen(&facts(1, 1)).deep_eq(&seen(&facts(2, 9))));
        let other = ClearanceFacts { holds: None, ..facts(1, 1) };
        assert!(!seen(&facts(1, 1)).deep_eq(&seen(&other)));
    }
}
