//! Which times run in a case, until when, and what is overdue.

use chrono::{DateTime, Utc};

use super::{Deadline, Ground, Rules, SetBy, State, calendar::Side};

/// A time that runs or ran in a case. One that started again after it ended is there twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock<'a> {
    /// Name of the deadline.
    pub name: &'a str,
    /// What has to happen.
    pub title: &'a str,
    /// Where it comes from.
    pub source: &'a str,
    /// Who said how long.
    pub set_by: SetBy,
    /// What started it.
    pub started: DateTime<Utc>,
    /// Before which it must not happen; `None` if it may happen at once.
    pub due_earliest: Option<DateTime<Utc>>,
    /// Before which it has to happen.
    pub due: DateTime<Utc>,
    /// How often it was made longer.
    pub extended: u32,
    /// Until when it can be made longer, from now; `None` if it cannot.
    pub extendable_until: Option<DateTime<Utc>>,
    /// When it happened, or the case was closed without it.
    pub met: Option<DateTime<Utc>>,
    /// Whether it has not happened and should have.
    pub overdue: bool,
}

/// That a time was made longer, by telling whoever has to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Name of the deadline.
    pub deadline: &'a str,
    /// When they were told.
    pub at: DateTime<Utc>,
}

/// From a start to the end that follows it.
struct Run {
    started: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
}

impl Rules {
    /// The times of a case on this ground, in the order of the file, at `now`.
    ///
    /// `history` has every state that the case entered and when, in the order of the log. An
    /// extension counts if the rules know one, it was not used up, and it was given while the time
    /// ran; others change nothing. A closed case ends every time that it does not start.
    #[must_use]
    pub fn clocks<'a>(
        &'a self,
        ground: &'a Ground,
        history: &[(State, DateTime<Utc>)],
        extensions: &[Extension<'_>],
        now: DateTime<Utc>,
    ) -> Vec<Clock<'a>> {
        let runs = |deadline: &'a Deadline| {
            deadline.runs(history).into_iter().map(move |run| (deadline, run))
        };
        let all = ground.deadlines.iter().flat_map(runs);
        all.map(|(deadline, run)| self.clock(deadline, &run, extensions, now)).collect()
    }

    /// Whether every time that must pass before the case enters `to` has passed at `now`: what
    /// [`super::Need::WaitingTimeOver`] asks. With no such time running nothing was waited for, and
    /// the answer is no.
    #[must_use]
    pub fn waiting_time_is_over(
        &self,
        ground: &Ground,
        to: State,
        history: &[(State, DateTime<Utc>)],
        now: DateTime<Utc>,
    ) -> bool {
        let waits = ground.deadlines.iter().filter(|deadline| deadline.ends.contains(&to));
        let mut earliest = waits.flat_map(|deadline| {
            let running = deadline.runs(history).into_iter().filter(|run| run.ended.is_none());
            running.filter_map(|run| self.earliest(deadline, run.started))
        });
        let latest = earliest.next().map(|first| earliest.fold(first, DateTime::max));
        latest.is_some_and(|earliest| earliest <= now)
    }

    fn clock<'a>(
        &self,
        deadline: &'a Deadline,
        run: &Run,
        extensions: &[Extension<'_>],
        now: DateTime<Utc>,
    ) -> Clock<'a> {
        let started = run.started;
        let (due, extended) = self.due(deadline, started, extensions, now);
        let may_extend = deadline.extension.as_ref().is_some_and(|rule| extended < rule.times);
        Clock {
            name: &deadline.name,
            title: &deadline.title,
            source: &deadline.source,
            set_by: deadline.set_by,
            started,
            due_earliest: self.earliest(deadline, started),
            due,
            extended,
            extendable_until: (may_extend && run.ended.is_none() && now < due).then_some(due),
            met: run.ended,
            overdue: run.ended.is_none() && due <= now,
        }
    }

    /// When a time is over with the extensions given by `now`, and how many of them counted.
    fn due(
        &self,
        deadline: &Deadline,
        started: DateTime<Utc>,
        extensions: &[Extension<'_>],
        now: DateTime<Utc>,
    ) -> (DateTime<Utc>, u32) {
        let end = |count| self.end(deadline, started, count, Side::NeverLate);
        let mut due = end(deadline.at_most);
        let Some(rule) = &deadline.extension else { return (due, 0) };
        let mut given: Vec<DateTime<Utc>> = extensions
            .iter()
            .filter(|extension| *extension.deadline == *deadline.name)
            .map(|extension| extension.at)
            .filter(|at| started <= *at && *at <= now)
            .collect();
        given.sort_unstable();
        let mut extended = 0;
        for at in given {
            if extended < rule.times && at < due {
                extended += 1;
                // Counted from the start, so that a month cut short is not cut short again.
                let more = rule.by.saturating_mul(extended);
                due = end(deadline.at_most.saturating_add(more));
            }
        }
        (due, extended)
    }

    fn earliest(&self, deadline: &Deadline, started: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.end(deadline, started, deadline.at_least?, Side::NeverEarly))
    }

    fn end(
        &self,
        deadline: &Deadline,
        started: DateTime<Utc>,
        count: u32,
        side: Side,
    ) -> DateTime<Utc> {
        match self.calendars.get(deadline.calendar) {
            Some(calendar) => calendar.end(started, count, deadline.unit, side),
            // Rules that were read have the calendar.
            None => started,
        }
    }
}

impl Deadline {
    fn runs(&self, history: &[(State, DateTime<Utc>)]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (state, at) in history {
            let running = runs.last_mut().filter(|run| run.ended.is_none());
            match running {
                None if self.starts.contains(state) => {
                    runs.push(Run { started: *at, ended: None });
                }
                Some(run) if self.ends.contains(state) => run.ended = Some(*at),
                Some(run) if state.is_final() && !self.starts.contains(state) => {
                    run.ended = Some(*at);
                }
                _ => {}
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests;
