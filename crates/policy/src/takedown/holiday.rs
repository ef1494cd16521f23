//! Days of the year as a person says them, such as `third monday in january`.

use chrono::{Days, Month, NaiveDate, Weekday};

/// Most days before or after Easter.
const MAX_DAYS_FROM_EASTER: i64 = 100;

/// A day without business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// What it is called.
    pub name: Box<str>,
    /// When it is.
    pub day: DayOfYear,
}

/// A day that comes every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOfYear {
    /// The same day of the same month: `4 july`. 29 February comes in leap years only.
    Fixed {
        /// The month.
        month: Month,
        /// The day of the month.
        day: u8,
    },
    /// A weekday of a month, counted from its beginning: `third monday in january`.
    Nth {
        /// The month.
        month: Month,
        /// The day of the week.
        weekday: Weekday,
        /// Which one, from 1 to 4.
        nth: u8,
    },
    /// The last of a weekday in a month: `last monday in may`.
    Last {
        /// The month.
        month: Month,
        /// The day of the week.
        weekday: Weekday,
    },
    /// So many days after Easter Sunday of the Gregorian calendar: `easter`, `1 day after easter`,
    /// `2 days before easter`.
    Easter {
        /// Days after, less than 0 for days before.
        offset: i64,
    },
}

impl DayOfYear {
    /// Reads a day; `None` if it is written differently or never comes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        match *words.as_slice() {
            ["easter"] => Some(Self::Easter { offset: 0 }),
            [count, "day" | "days", side @ ("before" | "after"), "easter"] => {
                let days: i64 = number(count)?.into();
                let offset = if side == "after" { days } else { -days };
                (1..=MAX_DAYS_FROM_EASTER).contains(&days).then_some(Self::Easter { offset })
            }
            [day, month] => {
                let (month, day) = (month_of(month)?, number(day)?);
                // 2000 was a leap year.
                NaiveDate::from_ymd_opt(2000, month.number_from_month(), day.into())?;
                Some(Self::Fixed { month, day })
            }
            [which, weekday, "in", month] => {
                let (weekday, month) = (weekday_of(weekday)?, month_of(month)?);
                match which {
                    "first" => Some(1),
                    "second" => Some(2),
                    "third" => Some(3),
                    "fourth" => Some(4),
                    "last" => return Some(Self::Last { month, weekday }),
                    _ => None,
                }
                .map(|nth| Self::Nth { month, weekday, nth })
            }
            _ => None,
        }
    }

    /// The day in a year; `None` if it does not come in that year.
    #[must_use]
    pub fn in_year(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Fixed { month, day } => {
                NaiveDate::from_ymd_opt(year, month.number_from_month(), day.into())
            }
            Self::Nth { month, weekday, nth } => {
                NaiveDate::from_weekday_of_month_opt(year, month.number_from_month(), weekday, nth)
            }
            Self::Last { month, weekday } => [5, 4].into_iter().find_map(|nth| {
                NaiveDate::from_weekday_of_month_opt(year, month.number_from_month(), weekday, nth)
            }),
            Self::Easter { offset } => {
                let (easter, days) = (easter(year)?, Days::new(offset.unsigned_abs()));
                match offset < 0 {
                    true => easter.checked_sub_days(days),
                    false => easter.checked_add_days(days),
                }
            }
        }
    }
}

/// A day of the week by its English name in small letters.
pub(super) fn weekday_of(name: &str) -> Option<Weekday> {
    let is_named = name.len() >= 6 && name.bytes().all(|byte| byte.is_ascii_lowercase());
    is_named.then(|| name.parse().ok()).flatten()
}

fn month_of(name: &str) -> Option<Month> {
    let month: Month = name.parse().ok()?;
    (month.name().to_ascii_lowercase() == name).then_some(month)
}

fn number(text: &str) -> Option<u8> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain.then(|| text.parse().ok()).flatten()
}

/// Easter Sunday of the Gregorian calendar, by the rule of 1582 in the form in which J. Meeus gives
/// it (Astronomical Algorithms, chapter 8).
fn easter(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let (leap_centuries, century_rest) = (century.div_euclid(4), century.rem_euclid(4));
    let moon = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - leap_centuries - moon + 15).rem_euclid(30);
    let (leap_years, year_rest) = (of_century / 4, of_century % 4);
    let sunday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * sunday) / 451;
    let days = epact + sunday - 7 * late + 114;
    NaiveDate::from_ymd_opt(
        year,
        u32::try_from(days / 31).ok()?,
        u32::try_from(days % 31 + 1).ok()?,
    )
}

/// The day after; the last day that can be written has none.
pub(super) fn day_after(date: NaiveDate) -> NaiveDate {
    date.succ_opt().unwrap_or(date)
}

/// The day before; the first day that can be written has none.
pub(super) fn day_before(date: NaiveDate) -> NaiveDate {
    date.pred_opt().unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use chrono::Datelike as _;

    use super::*;

    fn day(text: &str, year: i32) -> String {
        let day = DayOfYear::parse(text).unwrap_or_else(|| panic!("{text}"));
        day.in_year(year).map(|date| date.to_string()).unwrap_or_default()
    }

    #[test]
    fn easter_is_where_the_churches_of_the_west_had_it() {
        // 1818 and 1943 are the extremes; 1954, 1981 and 2049 are where short rules fail.
        for (year, easter) in [
            (1818, "1818-03-22"),
            (1943, "1943-04-25"),
            (1954, "1954-04-18"),
            (1981, "1981-04-19"),
            (2000, "2000-04-23"),
            (2024, "2024-03-31"),
            (2025, "2025-04-20"),
            (2026, "2026-04-05"),
            (2027, "2027-03-28"),
            (2028, "2028-04-16"),
            (2049, "2049-04-18"),
        ] {
            assert_eq!(day("easter", year), easter);
        }
        assert_eq!(day("2 days before easter", 2026), "2026-04-03");
        assert_eq!(day("1 day after easter", 2024), "2024-04-01");
        for year in -3000..6000 {
            let easter = easter(year).unwrap();
            assert_eq!(easter.weekday(), Weekday::Sun, "{year}");
            assert!((81..=116).contains(&easter.ordinal()), "{year}");
        }
    }

    #[test]
    fn weekdays_of_a_month_are_counted_from_either_end() {
        assert_eq!(day("third monday in january", 2026), "2026-01-19");
        assert_eq!(day("last monday in may", 2026), "2026-05-25");
        assert_eq!(day("last monday in may", 2027), "2027-05-31");
        assert_eq!(day("fourth thursday in november", 2026), "2026-11-26");
        assert_eq!(day("29 february", 2028), "2028-02-29");
        assert_eq!(day("29 february", 2026), "");
    }

    #[test]
    fn days_written_otherwise_are_refused() {
        for text in [
            "",
            "july",
            "4 July",
            "04 july",
            "0 july",
            "31 june",
            "30 february",
            "4 jul",
            "4  july",
            "fifth monday in may",
            "third mon in january",
            "third Monday in january",
            "third monday of january",
            "easter ",
            "Easter",
            "0 days before easter",
            "101 days after easter",
            "-1 day after easter",
            "300 days after easter",
            "4 july 2026",
        ] {
            assert_eq!(DayOfYear::parse(text), None, "{text}");
        }
    }
}
