//! When a time is over: days, business days and months.
//!
//! The day on which something happens is not counted, and a time is over at the end of its last
//! day (Regulation (EEC, Euratom) No 1182/71, Article 3(1) and (2); Federal Rule of Civil Procedure
//! 6(a)(1)). The end of a day differs from place to place and between summer and winter; a calendar
//! has the western and the eastern offset from UTC that its places use, and a time is reckoned so
//! that it is over by any of them: never later than the law has it, and up to a day earlier for
//! what happens within the hour around midnight.

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday,
};

use super::{
    Holiday, Observed, Unit,
    holiday::{DayOfYear, day_after, day_before},
};

/// Most days of the week without business. With four left, and no more holidays than allowed, every
/// year has days on which business is done.
pub(super) const MAX_WEEKEND_DAYS: usize = 3;

/// Most holidays of a calendar.
pub(super) const MAX_HOLIDAYS: usize = 64;

/// On which days business is done, and what that means for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub(super) id: Box<str>,
    /// What it is called.
    pub title: Box<str>,
    /// Where it comes from.
    pub source: Box<str>,
    /// Days of the week without business.
    pub weekend: Vec<Weekday>,
    /// Days of the year without business.
    pub holidays: Vec<Holiday>,
    /// What happens to a fixed holiday on a day of the weekend.
    pub observed: Observed,
    /// Whether a time in days or months that would be over on a day without business is over on
    /// the next day with business.
    pub rolls: bool,
    /// Business days that a time of two days or more has at least; 0 if nothing is said.
    pub business_days_min: u8,
    /// Minutes that the westernmost clock is ahead of UTC.
    pub offset_west: i32,
    /// Minutes that the easternmost clock is ahead of UTC.
    pub offset_east: i32,
}

/// On which side of the truth a time may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Over at the latest then.
    NeverLate,
    /// Over at the earliest then.
    NeverEarly,
}

impl Calendar {
    /// Its name in the file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// Whether business is done on a day.
    #[must_use]
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        !self.is_weekend(date) && !self.is_holiday(date)
    }

    /// Whether a day is a holiday of the calendar, or one that is observed on it.
    #[must_use]
    pub fn is_holiday(&self, date: NaiveDate) -> bool {
        if self.is_named(date) {
            return true;
        }
        match self.observed {
            Observed::SameDay => false,
            Observed::NearestWeekday => match date.weekday() {
                Weekday::Fri => self.moves(day_after(date)),
                Weekday::Mon => self.moves(day_before(date)),
                _ => false,
            },
            Observed::NextBusinessDay => self.takes_in(date),
        }
    }

    /// Whether there are days without business at all.
    pub(super) fn ever_closes(&self) -> bool {
        !self.weekend.is_empty() || !self.holidays.is_empty()
    }

    /// The last day of a time that something on `day` starts.
    #[must_use]
    pub fn last_day(&self, day: NaiveDate, count: u32, unit: Unit) -> NaiveDate {
        let end = match unit {
            Unit::BusinessDays => return self.business_days_after(day, count),
            Unit::Days => day.checked_add_days(Days::new(count.into())),
            // Without such a day in the month it is the last day (Regulation 1182/71, Art. 3(2)(c)).
            Unit::Months => day.checked_add_months(Months::new(count)),
        };
        let mut end = end.unwrap_or(NaiveDate::MAX);
        if !(unit == Unit::Days && count < 2) {
            let least = self.business_days_after(day, self.business_days_min.into());
            end = end.max(least);
        }
        if self.rolls { self.business_day_from(end) } else { end }
    }

    /// The instant at which a time is over that something at `start` starts.
    pub(super) fn end(
        &self,
        start: DateTime<Utc>,
        count: u32,
        unit: Unit,
        side: Side,
    ) -> DateTime<Utc> {
        let (start_offset, end_offset) = match side {
            Side::NeverLate => (self.offset_west, self.offset_east),
            Side::NeverEarly => (self.offset_east, self.offset_west),
        };
        let local = start.checked_add_signed(TimeDelta::minutes(start_offset.into()));
        let day = local.unwrap_or(start).date_naive();
        let midnight =
            day_after(self.last_day(day, count, unit)).and_time(NaiveTime::MIN).and_utc();
        midnight.checked_sub_signed(TimeDelta::minutes(end_offset.into())).unwrap_or(midnight)
    }

    fn is_weekend(&self, date: NaiveDate) -> bool {
        self.weekend.contains(&date.weekday())
    }

    /// Whether a holiday falls on this very day.
    fn is_named(&self, date: NaiveDate) -> bool {
        let falls = |day: DayOfYear| match day {
            // Easter and the days around it are in one year.
            DayOfYear::Easter { .. } | DayOfYear::Fixed { .. } => true,
            DayOfYear::Nth { weekday, .. } | DayOfYear::Last { weekday, .. } => {
                weekday == date.weekday()
            }
        };
        let mut holidays = self.holidays.iter().map(|holiday| holiday.day);
        holidays.any(|day| falls(day) && day.in_year(date.year()) == Some(date))
    }

    /// Whether a fixed holiday falls on a weekend day, so that it is observed on another.
    fn moves(&self, date: NaiveDate) -> bool {
        let is_fixed = |holiday: &&Holiday| matches!(holiday.day, DayOfYear::Fixed { .. });
        let mut fixed = self.holidays.iter().filter(is_fixed);
        self.is_weekend(date) && fixed.any(|holiday| holiday.day.in_year(date.year()) == Some(date))
    }

    /// Whether a holiday of the days before, which fell on the weekend, is observed on this day:
    /// going back over days that were closed anyway, more holidays fell than found a day.
    fn takes_in(&self, date: NaiveDate) -> bool {
        if self.is_weekend(date) || self.is_named(date) {
            return false;
        }
        // Two weeks before, nothing is left over: no calendar has that many holidays in a row.
        let first = date.checked_sub_days(Days::new(14)).unwrap_or(NaiveDate::MIN);
        let days = first.iter_days().take_while(|day| *day < date);
        let waiting = days.fold(0_u32, |waiting, day| match () {
            () if self.moves(day) => waiting + 1,
            () if self.is_weekend(day) || self.is_named(day) => waiting,
            () => waiting.saturating_sub(1),
        });
        waiting > 0
    }

    fn business_day_from(&self, mut date: NaiveDate) -> NaiveDate {
        while !self.is_business_day(date) && date < NaiveDate::MAX {
            date = day_after(date);
        }
        date
    }

    fn business_days_after(&self, mut date: NaiveDate, count: u32) -> NaiveDate {
        for _ in 0..count {
            date = self.business_day_from(day_after(date));
        }
        date
    }
}

#[cfg(test)]
mod tests;
