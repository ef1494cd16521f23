//! Which transitions there are on a ground.

use super::{Actor, Ground, Quarantine, Reason, Rules, State, Transition};

impl Rules {
    /// Transitions out of a state, or into the beginning, for a case on this ground.
    pub fn next<'a>(
        &'a self,
        from: Option<State>,
        ground: &Ground,
    ) -> impl Iterator<Item = &'a Transition> {
        self.on_ground(ground).filter(move |transition| transition.from == from)
    }

    /// Reasons that can be given for a transition on this ground.
    pub fn reasons_for<'a>(
        &'a self,
        transition: &'a Transition,
        ground: &Ground,
    ) -> impl Iterator<Item = &'a Reason> {
        let at = self.position(ground);
        let reasons = transition.reasons.iter().filter_map(|reason| self.reasons.get(*reason));
        reasons.filter(move |reason| is_for(&reason.grounds, at))
    }

    /// Every transition of a case on this ground.
    pub(super) fn on_ground<'a>(&'a self, ground: &Ground) -> impl Iterator<Item = &'a Transition> {
        let at = self.position(ground);
        self.transitions
            .iter()
            .filter(move |transition| is_for(&transition.grounds, at) && transition.fits(ground))
    }

    fn position(&self, ground: &Ground) -> Option<usize> {
        self.grounds.iter().position(|candidate| candidate.id == ground.id)
    }
}

/// Whether a list of grounds, empty for all, has this one.
fn is_for(grounds: &[usize], ground: Option<usize>) -> bool {
    grounds.is_empty() || ground.is_some_and(|ground| grounds.contains(&ground))
}

impl Transition {
    /// Whether it makes sense on a ground, whatever grounds it lists: a partial outcome where there
    /// are parts, a counter-notice where there is a form for it, a remedy that the ground has.
    fn fits(&self, ground: &Ground) -> bool {
        match self.to {
            State::PartlyUpheld if !ground.is_divisible => return false,
            State::Countered if ground.counter_form.is_none() => return false,
            _ => {}
        }
        self.remedy.is_none_or(|remedy| ground.remedies.contains(&remedy))
    }
}

impl Ground {
    /// Whether this actor of a transition is meant by it on this ground, as one of the ground's
    /// deciders or directly.
    pub(super) fn means(&self, listed: Actor, asked: Actor) -> bool {
        listed == asked
            || match (listed, asked.role()) {
                (Actor::Deciders, Some(role)) => self.decides.contains(role),
                _ => false,
            }
    }

    /// Whether content is locked as soon as a case is there.
    #[must_use]
    pub fn locks_on_receipt(&self) -> bool {
        self.quarantine == Quarantine::OnReceipt
    }
}
