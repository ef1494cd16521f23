//! Clearance facts in the form that Cedar reads.

use std::collections::HashMap;

use cedar_policy::{Entity, RestrictedExpression as Expression};

use super::{AttestationFact, AttestationKind, ClearanceFacts, ReviewFact};
use crate::{
    access::entities::{Vocabulary, entity},
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
    record([
        ("current", Expression::new_bool(fact.current)),
        ("withdrawn", Expression::new_bool(fact.withdrawn)),
        ("keyValid", Expression::new_bool(fact.key_valid)),
        ("purposes", Expression::new_set(purposes)),
    ])
}

fn review(words: &Vocabulary, fact: &ReviewFact) -> Result<Expression, Fault> {
    record([
        ("current", Expression::new_bool(fact.current)),
        ("keyValid", Expression::new_bool(fact.key_valid)),
        ("samePerson", Expression::new_bool(fact.same_person)),
        ("verdict", words.verdict(fact.verdict)),
    ])
}

fn record<const N: usize>(fields: [(&str, Expression); N]) -> Result<Expression, Fault> {
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    Expression::new_record(fields).map_err(|_| Fault::Facts)
}
