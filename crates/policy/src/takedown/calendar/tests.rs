//! Known days, and what holds for all.

use proptest::prelude::*;

use super::{
    super::{
        Rules,
        tests::{shipped, with_observed},
    },
    *,
};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn closed_weekdays(calendar: &Calendar, year: i32) -> Vec<String> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let days = first.iter_days().take_while(|day| day.year() == year);
    let closed = days.filter(|day| !calendar.is_weekend(*day) && !calendar.is_business_day(*day));
    closed.map(|day| day.to_string()).collect()
}

#[test]
fn federal_holidays_of_2026_are_those_that_the_office_of_personnel_management_lists() {
    // https://www.opm.gov/policy-data-oversight/pay-leave/federal-holidays/
    let rules = shipped();
    let calendar = rules.calendar("us-federal").unwrap();
    assert_eq!(
        closed_weekdays(calendar, 2026),
        [
            "2026-01-01",
            "2026-01-19",
            "2026-02-16",
            "2026-05-25",
            "2026-06-19",
            "2026-07-03",
            "2026-09-07",
            "2026-10-12",
            "2026-11-11",
            "2026-11-26",
            "2026-12-25",
        ]
    );
    // New Year's Day of 2028 is a Saturday, Independence Day of 2027 a Sunday.
    let of_2027 = closed_weekdays(calendar, 2027);
    for day in ["2027-07-05", "2027-06-18", "2027-12-24", "2027-12-31"] {
        assert!(of_2027.iter().any(|closed| closed == day), "{day}");
    }
    assert_eq!(of_2027.len(), 12);
}

#[test]
fn closing_days_of_target_go_with_easter() {
    let rules = shipped();
    let calendar = rules.calendar("target2").unwrap();
    assert_eq!(
        closed_weekdays(calendar, 2024),
        ["2024-01-01", "2024-03-29", "2024-04-01", "2024-05-01", "2024-12-25", "2024-12-26"]
    );
    assert_eq!(
        closed_weekdays(calendar, 2027),
        ["2027-01-01", "2027-03-26", "2027-03-29"],
        "a holiday on a weekend is not moved"
    );
}

#[test]
fn holidays_on_a_weekend_move_to_the_next_days_that_are_open() {
    // Christmas Day of 2027 is a Saturday: Monday and Tuesday after it are closed for it and for the
    // day after it, as in the United Kingdom.
    let rules: Rules = with_observed("next-business-day");
    let calendar = rules.calendar("target2").unwrap();
    let closed = closed_weekdays(calendar, 2027);
    assert!(closed.ends_with(&["2027-12-27".to_owned(), "2027-12-28".to_owned()]), "{closed:?}");
    // In 2022 only Christmas Day was on a Sunday, and the Monday was taken.
    let closed = closed_weekdays(calendar, 2022);
    assert!(closed.ends_with(&["2022-12-26".to_owned(), "2022-12-27".to_owned()]), "{closed:?}");
}

#[test]
fn months_end_on_the_same_number_or_on_the_last_day() {
    let rules = shipped();
    let (every, target) = (rules.calendar("none").unwrap(), rules.calendar("target2").unwrap());
    for (from, months, to) in [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-05-15", 1, "2026-06-15"),
    ] {
        assert_eq!(every.last_day(date(from), months, Unit::Months), date(to), "{from}");
    }
    // 28 February 2026 is a Saturday; 25 December is followed by another holiday and a weekend.
    assert_eq!(target.last_day(date("2026-01-31"), 1, Unit::Months), date("2026-03-02"));
    assert_eq!(target.last_day(date("2026-11-25"), 1, Unit::Months), date("2026-12-28"));
}

#[test]
fn short_times_have_two_working_days() {
    // Regulation 1182/71, Art. 3(5): two days from the Thursday before Good Friday.
    let rules = shipped();
    let target = rules.calendar("target2").unwrap();
    assert_eq!(target.last_day(date("2026-04-02"), 2, Unit::Days), date("2026-04-08"));
    assert_eq!(target.last_day(date("2026-04-02"), 1, Unit::Days), date("2026-04-07"));
    let federal = rules.calendar("us-federal").unwrap();
    assert_eq!(federal.last_day(date("2026-04-03"), 2, Unit::Days), date("2026-04-06"));
}

#[test]
fn business_days_leave_out_holidays_and_the_day_itself() {
    let rules = shipped();
    let federal = rules.calendar("us-federal").unwrap();
    let last = |day, count| federal.last_day(date(day), count, Unit::BusinessDays).to_string();
    // Thanksgiving is on the 26th, Christmas on a Friday, New Year's Day too.
    assert_eq!(last("2026-11-25", 1), "2026-11-27");
    assert_eq!(last("2026-12-18", 10), "2027-01-05");
    assert_eq!(last("2026-12-18", 14), "2027-01-11");
    assert_eq!(last("2026-07-01", 2), "2026-07-06");
    assert_eq!(last("2026-11-28", 1), "2026-11-30", "from a Saturday");
}

#[test]
fn a_time_is_over_by_the_first_clock_and_waits_for_the_last() {
    let rules = shipped();
    let federal = rules.calendar("us-federal").unwrap();
    // 04:30 UTC on Wednesday is Tuesday evening in Washington in winter.
    let start = instant("2026-12-02T04:30:00Z");
    let end = |side| federal.end(start, 1, Unit::BusinessDays, side).to_rfc3339();
    assert_eq!(end(Side::NeverLate), "2026-12-03T04:00:00+00:00");
    assert_eq!(end(Side::NeverEarly), "2026-12-04T05:00:00+00:00");
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let rules = shipped();
    for id in ["us-federal", "target2", "none"] {
        let calendar = rules.calendar(id).unwrap();
        for unit in Unit::ALL {
            for start in [DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
                for side in [Side::NeverLate, Side::NeverEarly] {
                    let _ = calendar.end(start, 1_000, *unit, side);
                }
            }
        }
    }
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (-3_650_i32..400 * 365).prop_map(|days| {
        let first = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap();
        first.checked_add_signed(TimeDelta::days(days.into())).unwrap()
    })
}

proptest! {
    #[test]
    fn business_days_end_on_one_with_as_many_before_it(day in any_day(), count in 1_u32..60) {
        let rules = shipped();
        for id in ["us-federal", "target2"] {
            let calendar = rules.calendar(id).unwrap();
            let last = calendar.last_day(day, count, Unit::BusinessDays);
            prop_assert!(calendar.is_business_day(last));
            let after = day.iter_days().skip(1).take_while(|each| *each <= last);
            let open = after.filter(|each| calendar.is_business_day(*each)).count();
            prop_assert_eq!(open, usize::try_from(count).unwrap());
        }
    }

    #[test]
    fn times_that_roll_end_on_a_business_day_and_never_sooner(
        day in any_day(), count in 1_u32..60, months in proptest::bool::ANY,
    ) {
        let rules = shipped();
        let unit = if months { Unit::Months } else { Unit::Days };
        let plain = rules.calendar("none").unwrap().last_day(day, count, unit);
        for id in ["us-federal", "target2"] {
            let calendar = rules.calendar(id).unwrap();
            let last = calendar.last_day(day, count, unit);
            prop_assert!(calendar.is_business_day(last));
            prop_assert!(last >= plain);
            prop_assert!(last <= plain + TimeDelta::days(8));
        }
    }

    #[test]
    fn months_keep_the_number_or_take_the_last_day(day in any_day(), count in 1_u32..60) {
        let rules = shipped();
        let last = rules.calendar("none").unwrap().last_day(day, count, Unit::Months);
        let months = |day: NaiveDate| day.year() * 12 + i32::try_from(day.month0()).unwrap();
        prop_assert_eq!(months(last) - months(day), i32::try_from(count).unwrap());
        let is_last_of_month = day_after(last).month() != last.month();
        prop_assert!(last.day() == day.day() || last.day() < day.day() && is_last_of_month);
    }

    #[test]
    fn a_longer_time_ends_no_sooner(day in any_day(), count in 1_u32..60) {
        let rules = shipped();
        for id in ["us-federal", "target2", "none"] {
            let calendar = rules.calendar(id).unwrap();
            for unit in Unit::ALL {
                let last = |count| calendar.last_day(day, count, *unit);
                prop_assert!(last(count) <= last(count + 1));
            }
        }
    }
}
