//! What a token states (TSTInfo, RFC 3161 §2.4.2).

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use der::Tag;
use der::oid::ObjectIdentifier;

use crate::algorithm::Digest;
use crate::fault::{Fault, Part};
use crate::walk::{Item, Walk, inside, magnitude, plain};

const PART: Part = Part::Info;
/// RFC 3161 §2.4.2: users must be ready for 160 bits.
const SERIAL_BYTES_MAX: usize = 32;
const NANOSECOND_DIGITS: usize = 9;

/// How far the true time can be from the stated one, on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accuracy {
    /// Whole seconds.
    pub seconds: u32,
    /// Thousandths of a second, below 1,000.
    pub milliseconds: u16,
    /// Millionths of a second, below 1,000.
    pub microseconds: u16,
}

impl Accuracy {
    /// As one length of time.
    #[must_use]
    pub fn as_time_delta(self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.seconds))
            + TimeDelta::milliseconds(i64::from(self.milliseconds))
            + TimeDelta::microseconds(i64::from(self.microseconds))
    }
}

pub(crate) struct Info<'a> {
    pub policy: ObjectIdentifier,
    pub imprint: (Digest, &'a [u8]),
    pub serial: &'a [u8],
    pub time: DateTime<Utc>,
    pub accuracy: Option<Accuracy>,
    pub nonce: Option<&'a [u8]>,
}

impl<'a> Info<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut walk = Walk::sequence(bytes, PART)?;
        walk.version(1)?;
        let policy = walk.decode()?;
        let mut imprint = walk.take(Tag::Sequence)?.walk(PART)?;
        let digest = Digest::parse(imprint.take(Tag::Sequence)?)?;
        let hashed = imprint.take(Tag::OctetString)?.content;
        imprint.end()?;
        let serial = magnitude(walk.take(Tag::Integer)?.content)
            .filter(|serial| serial.len() <= SERIAL_BYTES_MAX)
            .ok_or_else(|| walk.fault())?;
        let time = walk.take(Tag::GeneralizedTime)?.content;
        let time = generalized_time(time).ok_or_else(|| walk.fault())?;
        let accuracy = match walk.optional(Tag::Sequence)? {
            Some(accuracy) => Some(parse_accuracy(accuracy.walk(PART)?)?),
            None => None,
        };
        // Whether tokens of this authority can be ordered; we never order two by it.
        if let Some(ordering) = walk.optional(Tag::Boolean)? {
            ordering.decode::<bool>(PART)?;
        }
        let nonce = match walk.optional(Tag::Integer)? {
            Some(nonce) => Some(magnitude(nonce.content).ok_or_else(|| walk.fault())?),
            None => None,
        };
        // The authority's name is a hint; its certificate says who it is.
        walk.optional(inside(0))?;
        if let Some(extensions) = walk.optional(inside(1))? {
            check_extensions(extensions)?;
        }
        walk.end()?;
        Ok(Self { policy, imprint: (digest, hashed), serial, time, accuracy, nonce })
    }
}

/// No extension is understood here, so none may be critical (RFC 5280 §4.2).
fn check_extensions(extensions: Item<'_>) -> Result<(), Fault> {
    let mut extensions = extensions.walk(PART)?;
    while !extensions.is_at_end() {
        let mut extension = extensions.take(Tag::Sequence)?.walk(PART)?;
        let found = extension.decode()?;
        let critical = match extension.optional(Tag::Boolean)? {
            Some(critical) => critical.decode::<bool>(PART)?,
            None => false,
        };
        extension.take(Tag::OctetString)?;
        extension.end()?;
        if critical {
            return Err(Fault::CriticalExtension { found });
        }
    }
    Ok(())
}

fn parse_accuracy(mut walk: Walk<'_>) -> Result<Accuracy, Fault> {
    let seconds = match walk.optional(Tag::Integer)? {
        Some(seconds) => seconds.decode(PART)?,
        None => 0,
    };
    let mut thousandths = |number| {
        let Some(item) = walk.optional(plain(number))? else { return Ok(0) };
        let digits = magnitude(item.content).filter(|digits| digits.len() <= 2);
        let value = digits.map(|digits| digits.iter().fold(0, |n, b| n << 8 | u16::from(*b)));
        value.filter(|value| *value < 1000).ok_or_else(|| walk.fault())
    };
    let (milliseconds, microseconds) = (thousandths(0)?, thousandths(1)?);
    walk.end()?;
    Ok(Accuracy { seconds, milliseconds, microseconds })
}

/// `YYYYMMDDhhmmss[.s…]Z`, without zeros at the end of the fraction (RFC 3161 §2.4.2).
fn generalized_time(content: &[u8]) -> Option<DateTime<Utc>> {
    const WHOLE: usize = 14;
    let digits = content.strip_suffix(b"Z")?;
    let (whole, fraction) = digits.split_at_checked(WHOLE)?;
    let number = |range: std::ops::Range<usize>| decimal(whole.get(range)?);
    let date =
        NaiveDate::from_ymd_opt(i32::try_from(number(0..4)?).ok()?, number(4..6)?, number(6..8)?)?;
    let nanoseconds = match fraction {
        [] => 0,
        [b'.', digits @ .., last] if *last != b'0' => {
            let length = digits.len() + 1;
            let missing = u32::try_from(NANOSECOND_DIGITS.checked_sub(length)?).ok()?;
            decimal(&fraction[1..])? * 10_u32.pow(missing)
        }
        _ => return None,
    };
    let time =
        date.and_hms_nano_opt(number(8..10)?, number(10..12)?, number(12..14)?, nanoseconds)?;
    Some(time.and_utc())
}

/// At most nine decimal digits.
fn decimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        let value = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_the_nanosecond_in_one_form() {
        let read = |text: &str| generalized_time(text.as_bytes()).map(|time| time.to_rfc3339());
        assert_eq!(read("20261125174059Z").as_deref(), Some("2026-11-25T17:40:59+00:00"));
        let fraction = read("20261125174059.000000001Z");
        assert_eq!(fraction.as_deref(), Some("2026-11-25T17:40:59.000000001+00:00"));
        assert_eq!(read("20261125174059.5Z").as_deref(), Some("2026-11-25T17:40:59.500+00:00"));
        for malformed in [
            "20261125174059",
            "20261125174059+0100",
            "20261125174059.Z",
            "20261125174059.50Z",
            "20261125174059.0Z",
            "20261125174059.1234567891Z",
            "20261125174059,5Z",
            "202611251740Z",
            "20261325174059Z",
            "20260230174059Z",
            "20261125244059Z",
            "20261125174060Z",
            "2026112517405xZ",
            "+0261125174059Z",
            "Z",
            "",
        ] {
            assert_eq!(read(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn parts_of_an_accuracy_are_added_and_bounded() {
        let parse = |content: &[u8]| parse_accuracy(Walk::over(content, PART).unwrap());
        let accuracy = parse(&[2, 1, 1, 0x80, 2, 1, 0xf4, 0x81, 1, 100]).unwrap();
        assert_eq!(accuracy, Accuracy { seconds: 1, milliseconds: 500, microseconds: 100 });
        assert_eq!(accuracy.as_time_delta(), TimeDelta::microseconds(1_500_100));
        assert_eq!(parse(&[]).unwrap().as_time_delta(), TimeDelta::zero());
        // 1,000 thousandths, a negative number, parts in the wrong order.
        for malformed in
            [&[0x80, 2, 3, 0xe8][..], &[0x80, 1, 0xff], &[0x81, 1, 1, 0x80, 1, 1], &[2, 1, 0xff]]
        {
            assert_eq!(parse(malformed), Err(Fault::Structure { part: PART }), "{malformed:?}");
        }
    }
}
