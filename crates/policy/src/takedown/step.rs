//! Whether a step may be taken.

use std::{collections::BTreeSet, fmt};

use super::{Actor, Ground, Need, Rules, State, Transition};
use crate::words::{Role, RoleSet};

/// A step that somebody wants to take.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// Where the case is; `None` to begin one.
    pub from: Option<State>,
    /// Where it is to go.
    pub to: State,
    /// On which ground.
    pub ground: &'a Ground,
    /// Who wants it.
    pub actor: ActorFacts,
    /// What is there. [`Need::ReasonCode`] follows from the reason, and need not be given.
    pub given: &'a BTreeSet<Need>,
    /// The reason, by its code.
    pub reason: Option<&'a str>,
}

/// What is known of whoever wants to take a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActorFacts {
    /// Roles in the program of the case.
    pub roles: RoleSet,
    /// Whether it is the service itself. It has no roles.
    pub is_service: bool,
    /// Whether it is a person who has a part in the case: who submitted the content, or objects.
    /// Such a person takes no step, whatever the roles.
    pub is_party: bool,
    /// Whether it is an officer, and another person than the one who decided, so that taking the
    /// step is itself the second officer's agreement.
    pub is_second_officer: bool,
}

/// Why a step may not be taken, and which may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRefused {
    /// Why.
    pub why: Refusal,
    /// States that a case on this ground can go to from where it is.
    pub next: Vec<State>,
}

/// Why a step may not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such transition on any ground.
    NoTransition {
        /// Where the case is.
        from: Option<State>,
        /// Where it was to go.
        to: State,
    },
    /// There is such a transition, but not on this ground.
    NotOnGround {
        /// Where the case is.
        from: Option<State>,
        /// Where it was to go.
        to: State,
    },
    /// Somebody else takes this step.
    WrongActor {
        /// Who does: the service or roles.
        required: Vec<Actor>,
    },
    /// Whoever wants it has a part in the case.
    Party,
    /// Something is not there.
    Missing {
        /// What, all of it.
        needs: Vec<Need>,
    },
    /// The reason given is none for this step.
    WrongReason {
        /// Codes that are.
        allowed: Vec<Box<str>>,
    },
}

impl Rules {
    /// Whether a step may be taken; the answer is the transition that it takes.
    ///
    /// # Errors
    /// [`StepRefused`] if it may not.
    pub fn step(&self, step: &Step<'_>) -> Result<&Transition, StepRefused> {
        self.judge(step).map_err(|why| StepRefused { why, next: self.states_after(step) })
    }

    fn judge(&self, step: &Step<'_>) -> Result<&Transition, Refusal> {
        let (from, to) = (step.from, step.to);
        let leads = |transition: &&Transition| transition.to == to;
        let candidates: Vec<&Transition> = self.next(from, step.ground).filter(leads).collect();
        if candidates.is_empty() {
            let mut others = self.transitions.iter().filter(|other| other.from == from);
            return Err(match others.any(|other| other.to == to) {
                true => Refusal::NotOnGround { from, to },
                false => Refusal::NoTransition { from, to },
            });
        }
        if step.actor.is_party {
            return Err(Refusal::Party);
        }
        let mut refusal = None;
        for transition in candidates.iter().filter(|candidate| step.is_taken_by(candidate)) {
            match self.lacks(step, transition) {
                None => return Ok(transition),
                Some(why) => refusal = refusal.or(Some(why)),
            }
        }
        Err(refusal.unwrap_or_else(|| Refusal::WrongActor {
            required: actors_of(&candidates, step.ground),
        }))
    }

    /// What a step lacks to be this transition.
    fn lacks(&self, step: &Step<'_>, transition: &Transition) -> Option<Refusal> {
        let is_there = |need: &Need| match need {
            Need::ReasonCode => step.reason.is_some(),
            Need::SecondOfficer => {
                step.actor.is_second_officer && !step.actor.is_service || step.given.contains(need)
            }
            _ => step.given.contains(need),
        };
        let allowed = || self.reasons_for(transition, step.ground).map(|reason| &reason.code);
        // The wrong reason is told first: with another one it may be another transition.
        if let Some(reason) = step.reason
            && !allowed().any(|code| **code == *reason)
        {
            return Some(Refusal::WrongReason { allowed: allowed().cloned().collect() });
        }
        let needs: Vec<Need> =
            transition.needs.iter().copied().filter(|need| !is_there(need)).collect();
        (!needs.is_empty()).then_some(Refusal::Missing { needs })
    }

    fn states_after(&self, step: &Step<'_>) -> Vec<State> {
        let states: BTreeSet<State> =
            self.next(step.from, step.ground).map(|transition| transition.to).collect();
        states.into_iter().collect()
    }
}

impl Step<'_> {
    fn is_taken_by(&self, transition: &Transition) -> bool {
        let is_meant = |listed: &Actor| match listed {
            Actor::Service => self.actor.is_service,
            _ if self.actor.is_service => false,
            Actor::Deciders => {
                self.ground.decides.iter().any(|role| self.actor.roles.contains(role))
            }
            _ => listed.role().is_some_and(|role| self.actor.roles.contains(role)),
        };
        transition.actors.iter().any(is_meant)
    }
}

/// Who takes any of these transitions, with the ground's deciders by their roles.
fn actors_of(transitions: &[&Transition], ground: &Ground) -> Vec<Actor> {
    let is_meant = |asked: &Actor| {
        let mut listed = transitions.iter().flat_map(|transition| &transition.actors);
        listed.any(|listed| ground.means(*listed, *asked))
    };
    Actor::ALL.iter().copied().filter(|a| *a != Actor::Deciders).filter(is_meant).collect()
}

impl From<Role> for Actor {
    fn from(role: Role) -> Self {
        match role {
            Role::Contractor => Self::Contractor,
            Role::Reviewer => Self::Reviewer,
            Role::Legal => Self::Legal,
            Role::Consumer => Self::Consumer,
            Role::Admin => Self::Admin,
            Role::Auditor => Self::Auditor,
        }
    }
}

impl std::error::Error for StepRefused {}

impl fmt::Display for StepRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; ", self.why)?;
        if self.next.is_empty() {
            return f.write_str("no step is possible from here");
        }
        write!(f, "possible from here: {}", list(&self.next))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = |from: Option<State>| from.map_or("the beginning", State::as_str);
        match self {
            Self::NoTransition { from, to } => {
                write!(f, "nothing leads from {} to {to}", state(*from))
            }
            Self::NotOnGround { from, to } => {
                write!(f, "on this ground nothing leads from {} to {to}", state(*from))
            }
            Self::WrongActor { required } => write!(f, "this step is for {}", list(required)),
            Self::Party => f.write_str("whoever has a part in the case takes no step in it"),
            Self::Missing { needs } => write!(f, "missing: {}", list(needs)),
            Self::WrongReason { allowed } if allowed.is_empty() => {
                f.write_str("no reason is given for this step")
            }
            Self::WrongReason { allowed } => {
                write!(f, "the reason of this step is one of {}", list(allowed))
            }
        }
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
