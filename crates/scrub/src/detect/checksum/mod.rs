//! Check digits and check letters from their public definitions.

mod americas;
mod asia;
mod crc32;
mod europe;
mod general;
mod nordic;

macro_rules! checksums {
    ($($variant:ident = $name:literal => $function:path,)+) => {
        /// A way to check a value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Checksum {
            $(#[doc = $name] $variant,)+
        }

        impl Checksum {
            /// The checksum of a name used in rules.
            pub(crate) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// Whether a value, with its usual separators, passes.
            pub(crate) fn holds(self, value: &str) -> bool {
                match self {
                    $(Self::$variant => $function(value),)+
                }
            }
        }
    };
}

checksums! {
    Luhn = "luhn" => general::luhn,
    Card = "card" => general::card,
    Iban = "iban" => general::iban,
    Ipv4 = "ipv4" => general::ipv4,
    Ipv6 = "ipv6" => general::ipv6,
    Date = "date" => general::date,
    Phone = "phone" => general::phone,
    Base62Crc32 = "base62-crc32" => crc32::base62_tail,
    Austria = "at-social-security" => europe::austria,
    Belgium = "be-national-number" => europe::belgium,
    Switzerland = "ch-ahv" => europe::switzerland,
    Czechia = "cz-birth-number" => europe::czechia,
    Germany = "de-tax-id" => europe::germany,
    Spain = "es-dni-nie" => europe::spain,
    France = "fr-nir" => europe::france,
    BritainNhs = "gb-nhs" => europe::britain_nhs,
    Ireland = "ie-pps" => europe::ireland,
    Italy = "it-codice-fiscale" => europe::italy,
    Netherlands = "nl-bsn" => europe::netherlands,
    Poland = "pl-pesel" => europe::poland,
    Portugal = "pt-nif" => europe::portugal,
    Romania = "ro-cnp" => europe::romania,
    Turkey = "tr-identity" => europe::turkey,
    Baltic = "ee-lt-personal-code" => nordic::baltic,
    Finland = "fi-hetu" => nordic::finland,
    Norway = "no-birth-number" => nordic::norway,
    Sweden = "se-personal-number" => nordic::sweden,
    Brazil = "br-cpf" => americas::brazil_cpf,
    BrazilCompany = "br-cnpj" => americas::brazil_cnpj,
    Mexico = "mx-curp" => americas::mexico,
    UsRouting = "us-routing" => americas::us_routing,
    UsProvider = "us-npi" => americas::us_npi,
    UsSsn = "us-ssn" => americas::us_ssn,
    Australia = "au-tfn" => asia::australia,
    China = "cn-resident" => asia::china,
    Israel = "il-identity" => asia::israel,
    India = "in-aadhaar" => asia::india,
    Japan = "jp-my-number" => asia::japan,
    Korea = "kr-resident" => asia::korea,
    Singapore = "sg-nric" => asia::singapore,
    SouthAfrica = "za-identity" => asia::south_africa,
}

/// The digits of a value, whatever stands between them.
fn digits(value: &str) -> Vec<u32> {
    value.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// The letters and digits of a value, in capitals.
fn alphanumerics(value: &str) -> Vec<char> {
    value.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Sum of products of digits and weights.
fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Digits read as a number.
fn number(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |n, digit| n.wrapping_mul(10).wrapping_add(u64::from(*digit)))
}

/// Whether two digits each make a month and a day.
fn is_month_day(month: u64, day: u64) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// Requires that a value passes and that it fails with each of its digits changed, except at the
/// given positions, where the definition lets a change pass.
#[cfg(test)]
fn assert_guards(holds: fn(&str) -> bool, value: &str) {
    assert!(holds(value), "{value}");
    for (at, c) in value.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        let other = if c == '9' { '0' } else { char::from(c as u8 + 1) };
        let changed = format!("{}{other}{}", &value[..at], &value[at + 1..]);
        assert!(!holds(&changed), "{changed}");
    }
    for wrong in ["", "1", "é", &value[1..]] {
        assert!(!holds(wrong), "{wrong:?}");
    }
}
