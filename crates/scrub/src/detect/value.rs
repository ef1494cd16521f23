//! What a value looks like: random, chosen by a person as a password, or made of words as names and
//! texts are.

use super::entropy;

/// For each pair of small letters how much more often the second follows the first in words than by
/// chance, as a power of two plus 4. Counted in identifiers of source code.
const PAIRS: [&[u8; 26]; 26] = [
    b"34541240402656040556321230",
    b"54435320541622530453510040",
    b"62426205405422620435410020",
    b"53347221610422430443423120",
    b"42563331201446232665132420",
    b"52345620600532620544410030",
    b"52227235500435420654500010",
    b"72336201602342630434312020",
    b"43554440001447530355040204",
    b"63317200504123630153623010",
    b"52337222601433420364412120",
    b"62237220601511540144420050",
    b"64237110601242560153400010",
    b"52555461502323420156331010",
    b"23441330302557340644534100",
    b"62336224502522540645422030",
    b"34233030200433220443722011",
    b"62437230602343520355321030",
    b"41416224602322441256512033",
    b"51326214600321530554401140",
    b"44434430400556250556000100",
    b"62317220600232420232100000",
    b"63335314602335530553121003",
    b"53546423501342361336222240",
    b"43434332501545470465233023",
    b"53347301501333430343322024",
];

/// The pair that is as frequent as chance has it.
const EVEN: u32 = 4;

/// Share of letters in words, in percent, from which a value is made of words.
const WORDY: usize = 50;

/// Values that name a way of working and no secret.
const METHODS: &[&str] = &[
    "sha",
    "md5",
    "hmac",
    "aes",
    "rsa",
    "ecdsa",
    "ed25519",
    "x25519",
    "argon2",
    "bcrypt",
    "scrypt",
    "pbkdf2",
    "base64",
    "base32",
    "base58",
    "base16",
    "utf",
    "oauth",
    "http",
    "sha256",
    "x509",
    "pkcs",
    "ssh-",
    "ansible",
    "arn:",
    "urn:",
    "projects/",
    "data:",
    "file:",
    "vault:",
    "op://",
    "kms:",
    "ref+",
    "iso-",
    "iso8859",
    "ipv4",
    "ipv6",
    "es256",
    "hs256",
    "rs256",
    "chacha20",
    "blake",
];

/// What a value has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Drawn at random, as tokens and keys are.
    Random,
    /// Chosen by a person or drawn, as passwords are.
    Password,
}

impl Look {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "random" => Some(Self::Random),
            "password" => Some(Self::Password),
            _ => None,
        }
    }

    pub(crate) fn holds(self, value: &str, is_quoted: bool) -> bool {
        match self {
            Self::Random => is_random(value, is_quoted),
            Self::Password => is_password(value, is_quoted),
        }
    }
}

/// Counts of what a value is made of.
struct Counts {
    letters: usize,
    digits: usize,
    signs: usize,
    lower: usize,
    upper: usize,
}

impl Counts {
    fn of(value: &str) -> Self {
        let count = |is: fn(&u8) -> bool| value.bytes().filter(is).count();
        let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
        let (letters, digits) = (lower + upper, count(u8::is_ascii_digit));
        Self { letters, digits, signs: value.len() - letters - digits, lower, upper }
    }
}

/// Whether a value looks drawn at random.
pub(crate) fn is_random(value: &str, is_quoted: bool) -> bool {
    let counts = Counts::of(value);
    let length = counts.letters + counts.digits;
    if length < 8 || counts.signs * 3 > value.len() || !is_token_text(value) || is_no_secret(value)
    {
        return false;
    }
    // A number or a date is no key, and letters alone have to be clearly no words.
    let words = percent_in_words(value);
    let is_hex = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_mixed = counts.lower > 1 && counts.upper > 1;
    let enough = match counts.digits {
        0 => counts.letters >= 20 && (is_mixed || is_quoted) && words < WORDY / 2,
        1 => counts.letters >= 8 && words < WORDY,
        _ if counts.letters == 0 => false,
        _ if counts.letters < 3 && !is_hex => false,
        _ => words < WORDY,
    };
    enough && entropy::hundredths(value) >= least_entropy(length, is_hex)
}

/// Least entropy of a random value, in hundredths of a bit: what short ones can have at all.
const fn least_entropy(length: usize, is_hex: bool) -> u32 {
    match length {
        _ if is_hex => 240,
        0..=11 => 250,
        12..=15 => 280,
        16..=23 => 310,
        _ => 330,
    }
}

/// Whether a value may be a password: no mere word, no name, no piece of code.
pub(crate) fn is_password(value: &str, is_quoted: bool) -> bool {
    let counts = Counts::of(value);
    let has_space = value.bytes().any(|byte| byte.is_ascii_whitespace());
    if value.len() < 6
        || !value.is_ascii()
        || has_space
        || counts.letters == 0 && !is_quoted
        || is_no_secret(value)
    {
        return false;
    }
    if is_random(value, is_quoted) {
        return true;
    }
    let odd_signs = value.bytes().filter(|byte| !is_name_byte(*byte)).count();
    if !is_quoted {
        // A constant is no value.
        if counts.lower == 0 && value.contains('_') {
            return false;
        }
        // Unquoted code is full of names with a digit.
        return !is_code(value)
            && counts.digits > 0
            && (odd_signs > 0 || counts.digits > 1 || counts.upper > 0 && counts.lower > 0);
    }
    // A name of parts is no password, `Db-Password1` aside.
    if counts.letters == 0 {
        return counts.signs == 0 && !is_row(value);
    }
    let is_one_case = counts.lower == 0 || counts.upper == 0;
    let parts = value.split(['_', '-', '.']).filter(|part| !part.is_empty()).count();
    match (counts.digits, odd_signs) {
        (0, 0) => is_one_case && counts.signs == 0 && counts.letters >= 12,
        (0, odd) => odd < counts.letters && !is_text(value),
        (_, 0) => parts < 3 && (parts == 1 || counts.digits > 1),
        (_, odd) => odd < counts.letters + counts.digits && !is_text(value),
    }
}

/// A byte of names and paths.
const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b':')
}

/// Whether all bytes may stand in a token.
fn is_token_text(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic() && !b"()[]{}<>\"'`\\;".contains(&byte))
}

/// Code, markup and messages in quotes.
fn is_text(value: &str) -> bool {
    let holds = |byte: &u8| b"()[]{}<>\\|;\"`".contains(byte);
    value.bytes().filter(holds).count() > 1 || value.ends_with([':', ',', '='])
}

/// Calls, members and the like outside quotes.
fn is_code(value: &str) -> bool {
    let holds = |byte: u8| b"()[]{}<>;\\".contains(&byte);
    value.bytes().any(holds)
        || value.contains("::")
        || percent_in_words(value) > 60 && value.contains('.')
}

/// Placeholders, references and names of methods.
fn is_no_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let starts = |start: &str| {
        // `sha` in `sha512-crypt` is a method, in `shadow7!` it is not.
        lower.strip_prefix(start).is_some_and(|rest| {
            start.len() > 3 || rest.bytes().next().is_none_or(|byte| !byte.is_ascii_lowercase())
        })
    };
    entropy::is_placeholder(value)
        || value.starts_with(['$', '%', '{', '<', '[', '^', '&', '(', '#', ':', '!', '='])
        || value.starts_with("./")
        || lower.contains("://")
        || METHODS.iter().any(|method| starts(method))
        || lower.ends_with(".json")
        || lower.ends_with(".pem")
        || lower.ends_with(".key")
        || is_row(&lower)
        || is_path(&lower)
        || is_number(&lower)
}

/// A number with its type, or in hex and no longer than a machine word, or the type alone.
fn is_number(value: &str) -> bool {
    let typed =
        ["u8", "u16", "u32", "u64", "usize", "i32", "i64", "isize", "x16_t", "x8_t", "x4_t"];
    let is_typed = typed.iter().any(|end| value.ends_with(end));
    (value.starts_with("0x") && value.len() <= 20)
        || value.starts_with("__m")
        || is_typed && (value.as_bytes()[0].is_ascii_digit() || value.ends_with("_t"))
}

/// A path from the root, which begins with a word.
fn is_path(value: &str) -> bool {
    let first = value.strip_prefix('/').and_then(|rest| rest.split_once('/'));
    first.is_some_and(|(first, _)| {
        first.bytes().all(|byte| byte.is_ascii_lowercase()) && first.len() > 2
    })
}

/// Runs of the alphabet or of digits, as in `abcdefgh12345678`.
fn is_row(value: &str) -> bool {
    let bytes = value.as_bytes();
    let steps =
        bytes.windows(2).filter(|pair| pair[1] == pair[0] + 1 || pair[1] == pair[0]).count();
    steps * 2 > bytes.len()
}

/// Share of a value's letters and digits that stand in words, in percent.
pub(crate) fn percent_in_words(value: &str) -> usize {
    let bytes = value.as_bytes();
    let (mut total, mut in_words, mut at) = (0, 0, 0);
    while at < bytes.len() {
        let start = at;
        if bytes[at].is_ascii_digit() {
            total += 1;
            at += 1;
            continue;
        }
        if !bytes[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        // `HTTPServer` is split where a capital follows a small letter.
        at += 1;
        while at < bytes.len() && bytes[at].is_ascii_alphabetic() {
            if bytes[at].is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase() {
                break;
            }
            at += 1;
        }
        total += at - start;
        if is_word(&bytes[start..at]) {
            in_words += at - start;
        }
    }
    (in_words * 100).checked_div(total).unwrap_or(100)
}

/// Whether letters follow each other as in words.
fn is_word(letters: &[u8]) -> bool {
    let index = |byte: u8| usize::from(byte.to_ascii_lowercase() - b'a');
    let score = |pair: &[u8]| u32::from(PAIRS[index(pair[0])][index(pair[1])] - b'0');
    // A capital after the first letter of small ones is no word: `aBc`.
    let upper = letters[1..].iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let is_even = upper == 0 || upper == letters.len() - 1;
    let pairs = letters.len() as u32 - 1;
    letters.len() >= 3
        && (is_even || letters.len() > 5)
        && letters.windows(2).map(score).sum::<u32>() * 10 >= pairs * (EVEN * 10 + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_chance() {
        for text in
            ["created_at_timestamp", "tokenizerFactory", "HTTPServerError", "us-east-region"]
        {
            assert!(percent_in_words(text) >= 60, "{text}: {}", percent_in_words(text));
        }
        for text in ["q7Lw2Zt9Vb4NxPk3", "xkqzvjwpbtgd", "8f3kd0qm2zp7ls1vt6", "aGVsbG8gd29ybGQ"] {
            assert!(percent_in_words(text) < 50, "{text}: {}", percent_in_words(text));
        }
    }

    #[test]
    fn random_values_are_told_from_names_and_numbers() {
        for text in ["q7Lw2Zt9Vb4N", "0f3c9d2e7b6a4815", "8f3kd0qm2zp7ls1vt6", "zXk-93_Lq0vB7tRwPq"]
        {
            assert!(is_random(text, true), "{text}");
        }
        let names = [
            "next_token_value",
            "settings.secretKeyName",
            "20240312120000",
            "sha256",
            "v1.2.3",
            "created_at_2024",
            "AKIAIOSFODNN7EXAMPLE",
            "/usr/lib/x86_64-linux-gnu",
            "utf8mb4_unicode_ci",
        ];
        for text in names {
            assert!(!is_random(text, true), "{text}");
        }
    }

    #[test]
    fn passwords_are_told_from_words_and_code() {
        for text in ["hunter2!", "Falcon@2231", "t5Gq9v!Wx", "dragonCastle77"] {
            assert!(is_password(text, true), "{text}");
            assert!(is_password(text, false), "{text}");
        }
        for text in
            ["changeme", "<password>", "${DB_PASSWORD}", "required", "sha512-crypt", "is it?", "%s"]
        {
            assert!(!is_password(text, true), "{text}");
            assert!(!is_password(text, false), "{text}");
        }
        for text in ["args[1]", "get(2)", "self.pass1", "string", "x1"] {
            assert!(!is_password(text, false), "{text}");
        }
    }
}
