//! Which kinds of bytes a line has, told in one pass, so that nothing is tried that cannot be there.

/// Kinds of bytes, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glance(u8);

const UPPER: u8 = 1;
const LOWER: u8 = 1 << 1;
const DIGIT: u8 = 1 << 2;
/// A byte of a character beyond ASCII.
const HIGH: u8 = 1 << 3;
/// What stands between the numbers of a day: `-`, `.` and `/`.
const BETWEEN: u8 = 1 << 4;
const DASH: u8 = 1 << 5;
const COLON: u8 = 1 << 6;
/// What code has more of than prose.
const MARK: u8 = 1 << 7;

static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        kinds[byte] = match byte as u8 {
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'0'..=b'9' => DIGIT,
            b'-' => BETWEEN | DASH,
            b'.' | b'/' => BETWEEN,
            b':' => COLON,
            b'{' | b'}' | b'\\' | b'=' | b';' => MARK,
            0x80.. => HIGH,
            _ => 0,
        };
        byte += 1;
    }
    kinds
}

impl Glance {
    pub(crate) fn of(line: &str) -> Self {
        Self(line.bytes().fold(0, |all, byte| all | KINDS[usize::from(byte)]))
    }

    const fn has(self, any: u8) -> bool {
        self.0 & any != 0
    }

    pub(crate) const fn has_digit(self) -> bool {
        self.has(DIGIT)
    }

    /// Whether a word may begin with a capital.
    pub(crate) const fn may_have_capital(self) -> bool {
        self.has(UPPER | HIGH)
    }

    pub(crate) const fn has_small(self) -> bool {
        self.has(LOWER)
    }

    /// Whether there is a letter of any script.
    pub(crate) const fn may_have_letter(self) -> bool {
        self.has(UPPER | LOWER | HIGH)
    }

    /// Whether the numbers of a day may stand here, with a month or with signs between them.
    pub(crate) const fn may_have_day(self) -> bool {
        self.has_digit() && self.has(UPPER | LOWER | HIGH | BETWEEN)
    }

    /// Whether something has the form of a post code that is more than digits.
    pub(crate) const fn may_have_code(self) -> bool {
        self.has_digit() && self.has(UPPER | DASH)
    }

    /// Whether there may be pairs of digits with signs between them, as in the address of a network
    /// card.
    pub(crate) const fn may_have_pairs(self) -> bool {
        self.has_digit() && self.has(COLON | DASH)
    }

    pub(crate) const fn has_marks(self) -> bool {
        self.has(MARK)
    }

    pub(crate) const fn has_capital(self) -> bool {
        self.has(UPPER)
    }
}

#[cfg(test)]
mod tests {
    use super::Glance;

    #[test]
    fn a_glance_tells_what_may_be_there() {
        let digits = Glance::of("4915 112");
        assert!(digits.has_digit() && !digits.may_have_letter() && !digits.may_have_day());
        assert!(Glance::of("1.2.2003").may_have_day() && Glance::of("3 May").may_have_day());
        assert!(!Glance::of("small words").may_have_capital());
        assert!(Glance::of("état").may_have_capital() && Glance::of("Zyx").has_capital());
        assert!(
            Glance::of("12345-678").may_have_code() && !Glance::of("12345.678").may_have_code()
        );
        assert!(Glance::of("06:ea").may_have_pairs() && !Glance::of("06.ea").may_have_pairs());
        assert!(Glance::of("Ab").has_small() && !Glance::of("AB").has_small());
    }
}
