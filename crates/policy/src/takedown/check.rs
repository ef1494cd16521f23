//! Whether the transitions make sense together: on each ground, every case can be closed, and
//! nothing is destroyed or decided without what that asks for.

use super::{Actor, Deadline, Ground, Need, Remedy, Rules, RulesError, State, Transition};
use crate::load::Place;

/// Where things begin in the file, in the order of the rules.
#[derive(Default)]
pub(super) struct Places {
    pub grounds: Vec<Place>,
    pub transitions: Vec<Place>,
    /// For each ground, its deadlines.
    pub deadlines: Vec<Vec<Place>>,
}

/// A set of states.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct States(u16);

impl States {
    const fn contains(self, state: State) -> bool {
        self.0 & (1 << state as u16) != 0
    }

    /// Whether the state was not there before.
    const fn insert(&mut self, state: State) -> bool {
        let is_new = !self.contains(state);
        self.0 |= 1 << state as u16;
        is_new
    }

    fn iter(self) -> impl Iterator<Item = State> {
        State::ALL.iter().copied().filter(move |state| self.contains(*state))
    }
}

/// Checks rules in which every word is known.
pub(super) fn check(rules: &Rules, places: &Places) -> Result<(), RulesError> {
    for (transition, place) in rules.transitions.iter().zip(&places.transitions) {
        alone(transition, place)?;
    }
    let mut reached = States::default();
    for (at, (ground, place)) in rules.grounds.iter().zip(&places.grounds).enumerate() {
        let case = Case { rules, ground, transitions: rules.on_ground(ground).collect() };
        case.actors_are_apart(places)?;
        case.reasons_can_be_given(place, places)?;
        case.waiting_can_be_over(place, places)?;
        case.is_always_closed(place)?;
        case.is_locked_before_it_is_upheld(place)?;
        case.remedies_are_carried_out(place)?;
        for (deadline, place) in ground.deadlines.iter().zip(&places.deadlines[at]) {
            case.time_can_end(deadline, place)?;
        }
        reached.0 |= case.reached().0;
    }
    match State::ALL.iter().find(|state| !reached.contains(**state)) {
        Some(state) => Err(RulesError::Unreachable { state: *state }),
        None => Ok(()),
    }
}

/// What can be said of a transition without looking at others.
fn alone(transition: &Transition, place: &Place) -> Result<(), RulesError> {
    let Transition { from, to, actors, needs, remedy, .. } = transition;
    let place = || place.clone();
    let has = |need| needs.contains(&need);
    if *from == Some(*to) {
        return Err(RulesError::SameState { place: place() });
    }
    if from.is_none() != (*to == State::Received) {
        return Err(RulesError::Beginning { place: place() });
    }
    let goes_on = matches!(to, State::Reopened | State::Countered);
    if from.is_some_and(State::is_final) && !goes_on {
        return Err(RulesError::OutOfFinal { place: place() });
    }
    if transition.reasons.is_empty() == has(Need::ReasonCode) {
        return Err(RulesError::ReasonsWithoutNeed { place: place() });
    }
    let by_deciders = *actors == [Actor::Deciders];
    if to.is_outcome() && !by_deciders {
        return Err(RulesError::OutcomeByOthers { place: place() });
    }
    if to.is_outcome() && !has(Need::StatementOfReasons) {
        return Err(RulesError::OutcomeUnexplained { place: place() });
    }
    let destroys = *to == State::Remediating;
    let is_safe = matches!(from, Some(State::Upheld | State::PartlyUpheld))
        && by_deciders
        && [Need::Concerned, Need::SecondOfficer, Need::NoHold].into_iter().all(has);
    if destroys != (*remedy == Some(Remedy::Erase)) || destroys && !is_safe {
        return Err(RulesError::Destruction { place: place() });
    }
    if *from == Some(State::Remediating) && !has(Need::Erased) {
        return Err(RulesError::DestructionUnproven { place: place() });
    }
    if *to == State::Restored && !has(Need::ContentKept) {
        return Err(RulesError::RestoredUnchecked { place: place() });
    }
    Ok(())
}

/// Any case on a ground.
struct Case<'a> {
    rules: &'a Rules,
    ground: &'a Ground,
    transitions: Vec<&'a Transition>,
}

impl Case<'_> {
    /// Nobody finds two transitions between the same states: it would not be clear which needs
    /// count.
    fn actors_are_apart(&self, places: &Places) -> Result<(), RulesError> {
        for (at, later) in self.transitions.iter().enumerate() {
            let same = |other: &&&Transition| (other.from, other.to) == (later.from, later.to);
            let meet = |other: &&Transition| {
                let means = |listed: &Actor, asked| self.ground.means(*listed, asked);
                Actor::ALL.iter().any(|asked| {
                    other.actors.iter().any(|listed| means(listed, *asked))
                        && later.actors.iter().any(|listed| means(listed, *asked))
                })
            };
            if self.transitions[..at].iter().filter(same).any(meet) {
                return Err(RulesError::Repeated { place: self.place(later, places) });
            }
        }
        Ok(())
    }

    fn reasons_can_be_given(&self, ground: &Place, places: &Places) -> Result<(), RulesError> {
        let is_stuck = |transition: &&&Transition| {
            let mut reasons = self.rules.reasons_for(transition, self.ground);
            !transition.reasons.is_empty() && reasons.next().is_none()
        };
        match self.transitions.iter().find(is_stuck) {
            Some(transition) => {
                let place = self.place(transition, places);
                Err(RulesError::NoReason { place, ground: ground.clone() })
            }
            None => Ok(()),
        }
    }

    fn waiting_can_be_over(&self, ground: &Place, places: &Places) -> Result<(), RulesError> {
        let is_stuck = |transition: &&&Transition| {
            let ends = |deadline: &Deadline| {
                deadline.at_least.is_some() && deadline.ends.contains(&transition.to)
            };
            transition.needs.contains(&Need::WaitingTimeOver)
                && !self.ground.deadlines.iter().any(ends)
        };
        match self.transitions.iter().find(is_stuck) {
            Some(transition) => {
                let place = self.place(transition, places);
                Err(RulesError::NothingToWaitFor { place, ground: ground.clone() })
            }
            None => Ok(()),
        }
    }

    fn is_always_closed(&self, place: &Place) -> Result<(), RulesError> {
        for state in self.reached().iter() {
            if !self.reachable(&[Some(state)], None).contains(State::Closed) {
                return Err(RulesError::NeverCloses { ground: place.clone(), state });
            }
        }
        Ok(())
    }

    fn is_locked_before_it_is_upheld(&self, place: &Place) -> Result<(), RulesError> {
        let unlocked = self.reachable(&[None], Some(State::Quarantined));
        let is_upheld = [State::Upheld, State::PartlyUpheld].iter().any(|s| unlocked.contains(*s));
        match self.ground.locks_on_receipt() && is_upheld {
            true => Err(RulesError::DecidedUnlocked { ground: place.clone() }),
            false => Ok(()),
        }
    }

    fn remedies_are_carried_out(&self, place: &Place) -> Result<(), RulesError> {
        let reached = self.reached();
        let is_idle = |remedy: &&Remedy| {
            let mut carried_out =
                self.transitions.iter().filter(|transition| transition.remedy == Some(**remedy));
            !carried_out.any(|transition| reached.contains(transition.to))
        };
        match self.ground.remedies.iter().find(is_idle) {
            Some(remedy) => {
                Err(RulesError::RemedyWithoutTransition { ground: place.clone(), remedy: *remedy })
            }
            None => Ok(()),
        }
    }

    fn time_can_end(&self, deadline: &Deadline, place: &Place) -> Result<(), RulesError> {
        let reached = self.reached();
        let starts: Vec<Option<State>> =
            deadline.starts.iter().copied().filter(|s| reached.contains(*s)).map(Some).collect();
        let after = self.reachable(&starts, None);
        let is_at_once = deadline.ends.iter().any(|state| deadline.starts.contains(state));
        match is_at_once || !deadline.ends.iter().any(|state| after.contains(*state)) {
            true => Err(RulesError::NeverEnds { place: place.clone() }),
            false => Ok(()),
        }
    }

    fn reached(&self) -> States {
        self.reachable(&[None], None)
    }

    /// States that a case can come to from any of these, and these, without entering one.
    fn reachable(&self, from: &[Option<State>], without: Option<State>) -> States {
        let mut pending = from.to_vec();
        let mut found = States::default();
        for state in from.iter().flatten() {
            found.insert(*state);
        }
        while let Some(state) = pending.pop() {
            for transition in self.transitions.iter().filter(|each| each.from == state) {
                if Some(transition.to) != without && found.insert(transition.to) {
                    pending.push(Some(transition.to));
                }
            }
        }
        found
    }

    fn place(&self, transition: &Transition, places: &Places) -> Place {
        let is_it = |each: &&Transition| std::ptr::eq(*each, transition);
        let at = self.rules.transitions.iter().position(|each| is_it(&each));
        at.map_or_else(|| places.transitions[0].clone(), |at| places.transitions[at].clone())
    }
}
