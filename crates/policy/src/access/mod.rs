//! Who may do what: a request made of facts, and the decision about it.

mod action;
pub(crate) mod entities;
mod facts;
pub(crate) mod shape;

pub use action::{Action, ResourceKind};
pub use facts::{
    ContextFacts, KEY_ID_BYTES, KeyId, MemberFacts, PrincipalFacts, ResourceFacts, SubmissionFacts,
};

use crate::engine::{Fault, PolicyId};

/// A question: may this principal do this to this resource?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccessRequest<'a> {
    /// Who asks.
    pub principal: PrincipalFacts<'a>,
    /// To do what.
    pub action: Action,
    /// To what.
    pub resource: ResourceFacts<'a>,
    /// With what else.
    pub context: ContextFacts<'a>,
}

/// What the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the act is allowed.
    pub allowed: bool,
    /// The rules that decided, sorted: the permits if allowed; else the forbids that apply, or the
    /// rules that failed, or `default-deny`. Never empty.
    pub deciding: Vec<PolicyId>,
    /// Where nothing allowed: the permits for this action, whose conditions were not met.
    pub near: Vec<PolicyId>,
    /// Rules that could not be evaluated. If there are any, nothing is allowed.
    pub failed: Vec<PolicyId>,
    /// Why no rule could be asked. If there is a reason, nothing is allowed.
    pub fault: Option<Fault>,
}
