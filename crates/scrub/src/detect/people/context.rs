//! What the words around a name say about it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Entity;

/// Words, in small letters, after which a name of a person stands.
const BEFORE_PERSON: &[&str] = &[
    "name",
    "attn",
    "attention",
    "patient",
    "customer",
    "client",
    "employee",
    "applicant",
    "contact",
    "from",
    "to",
    "cc",
    "bcc",
    "call",
    "note",
    "with you",
    "contacted",
    "visited",
    "signed",
    "by",
    "tenant",
    "contractor",
    "author",
    "beneficiary",
    "holder",
    "driver",
    "claimant",
    "witness",
    "dear",
    "hi",
    "hello",
    "hey",
    "regards",
    "thanks",
    "name is",
    "i am",
    "i'm",
    "this is",
    "called",
    "ask",
    "asked",
    "told",
    "met",
    "tell",
    "nephew",
    "daughter",
    "son",
    "wife",
    "husband",
    "brother",
    "sister",
    "mother",
    "father",
    "colleague",
    "owner",
    "manager",
    "director",
    "appoint",
    "with",
    "and",
    "when",
    "for",
    "that",
    "hired",
    "fullname",
    "full name",
    "first name",
    "last name",
    "surname",
    "card",
    "cheers",
    "morning",
    "did",
    "is",
    "chair",
    "references",
    "boss",
    "friend",
    "doctor",
    "nurse",
    "spoke to",
    "speak to",
    "contact person",
    "witnesses",
    "present",
    "apologies",
    "applicants",
    "attending",
    "signature",
    "nom",
    "prénom",
    "nombre",
    "apellido",
    "cognome",
    "nome",
    "naam",
    "namn",
    "vorname",
    "nachname",
    "frau",
    "herr",
    "herrn",
    "madame",
    "monsieur",
    "señor",
    "señora",
    "señor(a)",
    "hej",
    "hallo",
    "bonjour",
    "hola",
    "ciao",
    "liebe",
    "lieber",
    "chère",
    "cher",
    "employeename",
    "contactname",
    "spoken to",
    "reported by",
    "ordered by",
    "prepared by",
    "approved by",
    "guardian",
    "spouse",
    "contact name",
    "co-applicant",
    "deceased",
    "insured",
    "recipient",
    "sender",
    "user",
    "guest",
    "it's",
    "its",
    "send",
    "without",
    "says",
    "said",
    "neighbour",
    "uncle",
    "aunt",
    "cousin",
    "niece",
    "lawyer",
    "partner",
];

/// Words after which an organisation stands.
const BEFORE_ORGANISATION: &[&str] = &[
    "at",
    "company",
    "employer",
    "organisation",
    "organization",
    "firm",
    "bank",
    "hospital",
    "works for",
    "worked for",
    "work for",
    "working for",
    "bill to",
    "supplier",
    "vendor",
    "of",
    "insurer",
    "joined",
    "left",
    "between",
    "firma",
    "entreprise",
    "empresa",
    "azienda",
    "founded",
    "account with",
    "savings with",
    "years with",
    "represent",
    "behalf of",
    "client",
    "does",
    "school",
    "university",
];

/// Words after which a place stands.
const BEFORE_PLACE: &[&str] = &[
    "in",
    "near",
    "from",
    "to",
    "of",
    "through",
    "around",
    "city",
    "town",
    "country",
    "for",
    "born in",
    "at",
    "location",
    "birthplace",
    "place of birth",
    "stadt",
    "ville",
    "ciudad",
    "città",
    "via",
    "and",
];

/// Fields whose value is a person.
const FIELDS: &[&str] = &[
    "first",
    "last",
    "names",
    "caller",
    "lead",
    "buyer",
    "seller",
    "student",
    "teacher",
    "agent",
    "member",
    "passenger",
    "nurse",
    "tutor",
    "assignee",
    "reporter",
    "requester",
    "landlord",
    "plaintiff",
    "defendant",
    "subject",
    "candidate",
    "interviewer",
    "responsible",
    "kin",
    "parent",
    "victim",
    "suspect",
    "bearer",
    "payee",
    "payer",
    "consignee",
];

/// Words that end a letter.
const CLOSINGS: &[&str] = &[
    "regards",
    "sincerely",
    "cheers",
    "best",
    "thanks",
    "thank you",
    "faithfully",
    "grüßen",
    "grüße",
    "wishes",
    "truly",
    "respectfully",
    "love",
    "cordially",
    "cordialement",
    "saludos",
    "saluti",
    "groet",
    "groeten",
    "hälsningar",
    "hilsen",
    "pozdrowieniami",
    "many thanks",
    "atentamente",
    "signed",
    "witnesses",
    "--",
];

/// Bytes that those words end with.
const CLOSING_LASTS: &[u8] = b"deinorstuy-";

/// What a name after this text is likely to be; the best guess first.
pub(crate) fn before(text: &str) -> Option<Entity> {
    let tail = &text[text.floor_char_boundary(text.len().saturating_sub(24))..];
    let tail = tail
        .trim_end_matches([
            ' ', ':', '=', '"', '\'', '\t', '(', '@', '-', '.', '|', ',', '>', '*', '_',
        ])
        .to_lowercase();
    let last = tail.rsplit(|c: char| !c.is_alphanumeric() && c != '\'').next().unwrap_or_default();
    let is_field = text.trim_end().ends_with(':');
    if is_field && FIELDS.contains(&last) || tail.ends_with("c/o") {
        return Some(Entity::Person);
    }
    let phrases = PHRASES.get(last)?;
    let holds = |phrase: &str, entity: Entity| {
        let rest = tail.strip_suffix(phrase);
        rest.is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
            && !(is_field && entity == Entity::Place)
    };
    phrases.iter().find(|(phrase, entity)| holds(phrase, *entity)).map(|(_, entity)| *entity)
}

/// Phrases by their last word; only ever asked by word, so the order of the words does not matter.
static PHRASES: LazyLock<HashMap<&str, Vec<(&str, Entity)>>> = LazyLock::new(|| {
    let mut phrases: HashMap<&str, Vec<(&str, Entity)>> = HashMap::new();
    let lists = [
        (BEFORE_PLACE, Entity::Place),
        (BEFORE_ORGANISATION, Entity::Organisation),
        (BEFORE_PERSON, Entity::Person),
    ];
    for (list, entity) in lists {
        for phrase in list {
            let last = phrase.rsplit([' ', '-']).next().unwrap_or(phrase);
            phrases.entry(last).or_default().push((phrase, entity));
        }
    }
    phrases
});

/// Whether a line ends a letter, such as `Kind regards,`.
pub(crate) fn is_closing(line: &str) -> bool {
    let line = line.trim().trim_end_matches([',', '.', '!', ':']);
    if line.len() >= 40 || line.split(' ').count() >= 6 {
        return false;
    }
    if !line.is_ascii() {
        let lower = line.to_lowercase();
        return CLOSINGS.iter().any(|closing| lower.ends_with(closing));
    }
    let line = line.as_bytes();
    let ends = |closing: &&str| {
        let start = line.len().checked_sub(closing.len());
        start.is_some_and(|start| line[start..].eq_ignore_ascii_case(closing.as_bytes()))
    };
    let last = line.last().map(u8::to_ascii_lowercase);
    last.is_some_and(|last| CLOSING_LASTS.contains(&last)) && CLOSINGS.iter().any(ends)
}

/// Whether a line is in a language whose nouns all have capitals: two of its words stand between
/// spaces, and none of English does.
pub(crate) fn is_german(line: &str) -> bool {
    const WORDS: &[&str] = &[
        "der", "die", "das", "und", "mit", "für", "ist", "wir", "ihre", "einen", "ein", "eine",
        "nicht", "von", "zu", "auf", "im", "dem", "den", "sie", "vielen", "geehrte", "bitte",
    ];
    let mut seen = 0_u32;
    let mut words = line.split(' ').skip(1).peekable();
    while let Some(word) = words.next() {
        if words.peek().is_none() {
            break;
        }
        match word {
            "the" | "of" => return false,
            _ if !(2..=7).contains(&word.len()) => {}
            _ => {
                let at = WORDS.iter().position(|known| *known == word);
                seen |= at.map_or(0, |at| 1 << at);
            }
        }
    }
    seen.count_ones() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_ends_with_one_of_some_words() {
        for closing in CLOSINGS {
            assert!(is_closing(&format!("{},", closing.to_ascii_uppercase())), "{closing}");
        }
        assert!(is_closing("Mit freundlichen Grüßen") && is_closing("Best Regards"));
        assert!(!is_closing("Regards to all") && !is_closing("") && !is_closing("4915112"));
    }

    #[test]
    fn german_is_told_by_two_of_its_words() {
        assert!(is_german("Das ist der Brief von Frau Zyx"));
        assert!(is_german("x für y nicht z"));
        for other in [
            "Das ist Frau Zyx",
            "der ist",
            "a der der b",
            "so ist der end of it",
            "das ist the der one",
            "in die, und-der. Zyx",
        ] {
            assert!(!is_german(other), "{other}");
        }
    }
}
