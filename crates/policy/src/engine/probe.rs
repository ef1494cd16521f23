//! Whether the schema of a bundle fits the facts that this program gives: each action is asked for
//! with all optional facts and with none, checked against the schema. Otherwise rules would be
//! checked against one world and evaluated in another.

use std::collections::BTreeMap;

use cedar_policy::{Context, Entities, EntityUid, Request, Schema};

use super::{PolicyEngine, slice::Slice};
use crate::{
    access::{
        AccessRequest, Action, ContextFacts, KEY_ID_BYTES, KeyId, MemberFacts, PrincipalFacts,
        ResourceFacts, ResourceKind, SubmissionFacts, entities::Question,
    },
    clearance::{
        self, AttestationFact, AttestationKind, ClearanceFacts, ReviewFact, ScanFact, dossier,
    },
    load::LoadError,
    words::{Purpose, ResidualRisk, Role, RoleSet, State, Verdict},
};

pub(super) fn probe(engine: &PolicyEngine, schema: &Schema) -> Result<(), LoadError> {
    for (action, slice) in Action::ALL.iter().zip(&engine.access) {
        let fits = |request: &AccessRequest<'_>| {
            fits(schema, slice, action.as_str(), Question::about(&engine.words, request))
        };
        for (number, person) in [(1, Some("person")), (2, None)] {
            let request = request(*action, number, person, State::Received);
            fits(&request)?;
            if action.is_open_to_visitors() {
                fits(&AccessRequest { principal: PrincipalFacts::Visitor, ..request })?;
            }
        }
        if action.resource() == ResourceKind::Submission {
            for state in State::ALL {
                fits(&request(*action, 1, None, *state))?;
            }
        }
    }
    let verdicts = Verdict::ALL.iter().map(|verdict| fullest(*verdict));
    for facts in verdicts.chain([barest()]) {
        let question = dossier(&engine.words, &facts).map(|entity| Question {
            principal: engine.words.service.clone(),
            resource: engine.words.dossier.clone(),
            context: Context::empty(),
            entities: vec![entity],
        });
        fits(schema, &engine.clearance, clearance::ACTION, question)?;
    }
    Ok(())
}

fn fits(
    schema: &Schema,
    slice: &Slice,
    action: &'static str,
    question: Result<Question, super::Fault>,
) -> Result<(), LoadError> {
    let mismatch = |error: &dyn std::fmt::Display| LoadError::SchemaMismatch {
        action,
        message: error.to_string().into(),
    };
    let Question { principal, resource, context, entities } =
        question.map_err(|fault| mismatch(&fault))?;
    let uid: EntityUid = slice.action().clone();
    Request::new(principal, uid, resource, context, Some(schema))
        .map_err(|error| mismatch(&error))?;
    Entities::from_entities(entities, Some(schema)).map_err(|error| mismatch(&error))?;
    Ok(())
}

/// A request with all optional facts if there is a person, else with none.
fn request(action: Action, number: u8, person: Option<&str>, state: State) -> AccessRequest<'_> {
    let member = |number: u8| MemberFacts {
        key: KeyId([number; KEY_ID_BYTES]),
        roles: if person.is_some() { Role::ALL.iter().copied().collect() } else { RoleSet::EMPTY },
        program: "program",
        revoked: false,
        person,
        replaces: person.map(|_| KeyId([0; KEY_ID_BYTES])),
    };
    let resource = match action.resource() {
        ResourceKind::Log => ResourceFacts::Log { public_entries: false },
        ResourceKind::Program => ResourceFacts::Program("program"),
        ResourceKind::Member => ResourceFacts::Member(member(number + 10)),
        ResourceKind::Submission => ResourceFacts::Submission(SubmissionFacts {
            id: "00000000-0000-4000-8000-000000000000",
            owner: KeyId([number; KEY_ID_BYTES]),
            owner_person: person,
            program: "program",
            withdrawn: false,
            held: false,
            state,
        }),
    };
    let takes_second = action == Action::ReplaceKey && person.is_some();
    let second_officer = takes_second.then(|| member(number + 20));
    AccessRequest {
        principal: PrincipalFacts::Member(member(number)),
        action,
        resource,
        context: ContextFacts { second_officer },
    }
}

/// Whether facts that leave nothing to be wished for are cleared under this clearance policy.
pub(super) fn could_clear(engine: &PolicyEngine, clearance_policy: &str) -> bool {
    let facts = ClearanceFacts {
        clearance_policy: clearance_policy.to_owned(),
        allowed_risk: ResidualRisk::High,
        ..fullest(Verdict::Accepted)
    };
    engine.clear_afresh(&facts).cleared
}

fn barest() -> ClearanceFacts {
    ClearanceFacts {
        purpose: Purpose::Training,
        clearance_policy: String::new(),
        allowed_risk: ResidualRisk::NoneKnown,
        attestations: BTreeMap::new(),
        withdrawn: false,
        scan: None,
        review: None,
        holds: None,
        open_cases: None,
    }
}

fn fullest(verdict: Verdict) -> ClearanceFacts {
    let attestation = AttestationFact {
        position: 0,
        current: true,
        withdrawn: false,
        key_valid: true,
        purposes: Purpose::ALL.iter().copied().collect(),
        refusals: 0,
        declared_risk: Some(ResidualRisk::Low),
    };
    let kinds = AttestationKind::ALL.iter();
    ClearanceFacts {
        attestations: kinds.map(|kind| (*kind, attestation.clone())).collect(),
        scan: Some(ScanFact { position: 0, residual_risk: ResidualRisk::Low }),
        review: Some(ReviewFact {
            position: 0,
            reviewer: KeyId([0; KEY_ID_BYTES]),
            same_person: false,
            current: true,
            key_valid: true,
            verdict,
        }),
        holds: Some(0),
        open_cases: Some(0),
        ..barest()
    }
}
