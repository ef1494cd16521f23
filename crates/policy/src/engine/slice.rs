//! The rules that can have a say about one action. All others are left out before anybody asks.

use cedar_policy::{Authorizer, Decision, Entities, Entity, EntityUid, PolicySet, Request, Schema};

use super::Fault;
use crate::{
    access::entities::Question,
    rules::{Effect, LoadedRule, PolicyId, Scope},
};

pub(crate) struct Slice {
    action: EntityUid,
    /// The action with the groups that the schema puts it in.
    action_entity: Option<Entity>,
    set: PolicySet,
    /// Positions among the rules of the bundle, in order.
    rules: Vec<usize>,
    authorizer: Authorizer,
}

/// What the rules of a slice say to one question.
pub(crate) struct Verdict {
    pub allowed: bool,
    /// Sorted, never empty.
    pub deciding: Vec<PolicyId>,
    /// Sorted.
    pub failed: Vec<PolicyId>,
}

impl Verdict {
    /// Whether nothing permits, nothing forbids and nothing failed.
    pub fn is_default(&self) -> bool {
        !self.allowed && self.deciding.iter().all(|id| id.as_str() == PolicyId::DEFAULT_DENY)
    }
}

impl Slice {
    pub fn new(schema: &Schema, all: &[LoadedRule], scope: Scope) -> Self {
        let admitted = |index: &usize| scope.admits(&all[*index].policy);
        let rules: Vec<usize> = (0..all.len()).filter(admitted).collect();
        let set = set_of(rules.iter().map(|index| &all[*index]));
        let action = scope.action;
        let entities = schema.action_entities().ok();
        let action_entity = entities.and_then(|entities| entities.get(&action).cloned());
        Self { action, action_entity, set, rules, authorizer: Authorizer::new() }
    }

    /// This slice with one rule only.
    pub fn alone(&self, rule: &LoadedRule) -> Self {
        Self {
            action: self.action.clone(),
            action_entity: self.action_entity.clone(),
            set: set_of(std::iter::once(rule)),
            rules: Vec::new(),
            authorizer: Authorizer::new(),
        }
    }

    /// Positions among the rules of the bundle, in order.
    pub fn rules(&self) -> impl Iterator<Item = usize> {
        self.rules.iter().copied()
    }

    /// Names of the permits.
    pub fn permits(&self, all: &[LoadedRule]) -> Vec<PolicyId> {
        let rules = self.rules.iter().map(|index| &all[*index].rule);
        rules.filter(|rule| rule.effect == Effect::Permit).map(|rule| rule.id.clone()).collect()
    }

    /// Name of the action.
    pub fn action(&self) -> &EntityUid {
        &self.action
    }

    pub fn ask(&self, question: Question) -> Result<Verdict, Fault> {
        let Question { principal, resource, context, entities } = question;
        let entities = entities.into_iter().chain(self.action_entity.clone());
        let entities = Entities::from_entities(entities, None).map_err(|_| Fault::Facts)?;
        let request = Request::new(principal, self.action.clone(), resource, context, None)
            .map_err(|_| Fault::Facts)?;
        let response = self.authorizer.is_authorized(&request, &self.set, &entities);
        let diagnostics = response.diagnostics();
        let name = |id: &cedar_policy::PolicyId| PolicyId::new(id.as_ref());
        let mut deciding: Vec<PolicyId> = diagnostics.reason().map(name).collect();
        let mut failed: Vec<PolicyId> = diagnostics
            .errors()
            .map(|cedar_policy::AuthorizationError::PolicyEvaluationError(e)| name(e.policy_id()))
            .collect();
        deciding.sort_unstable();
        failed.sort_unstable();
        let permitted = response.decision() == Decision::Allow && !deciding.is_empty();
        let allowed = permitted && failed.is_empty();
        if permitted && !allowed {
            deciding.clone_from(&failed);
        } else if deciding.is_empty() {
            deciding = if failed.is_empty() {
                vec![PolicyId::new(PolicyId::DEFAULT_DENY)]
            } else {
                failed.clone()
            };
        }
        Ok(Verdict { allowed, deciding, failed })
    }
}

fn set_of<'a>(rules: impl Iterator<Item = &'a LoadedRule>) -> PolicySet {
    // Names of loaded rules differ, which is all that can keep a rule out of a set.
    PolicySet::from_policies(rules.map(|rule| rule.policy.clone()))
        .expect("rules with different names make a set")
}
