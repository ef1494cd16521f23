//! Names of people, organisations and places among the capitalised words of a line.

use std::sync::LazyLock;

use regex::Regex;

use super::lexicon::class::{
    COMMON, GIVEN, INSTITUTION, LEGAL, NATION, PARTICLE, PLACE, STREET, SURNAME, TITLE,
};
use super::line::{Style, Token};
use super::{Entity, Found, Line, context};

/// Most words of a name.
const WORDS_MAX: usize = 6;

/// Finds the names of a line.
pub(crate) fn find(line: &Line<'_>, tokens: &[Token], found: &mut Vec<Found>) {
    let first = found.len();
    let mut at = 0;
    while at < tokens.len() {
        let joined = tokens[at + 1..].iter().take_while(|token| token.is_joined).count();
        let end = at + 1 + joined;
        let is_known = |token: &Token| token.class & !(COMMON | STREET) != 0;
        if line.style == Style::Prose || tokens[at..end].iter().any(is_known) {
            run(line, tokens, (at, end), found);
        }
        at = end;
    }
    merge(line, first, found);
    if line.style == Style::Prose {
        firms(line, found);
    }
}

/// Makes one of a surname and the given name after its comma.
fn merge(line: &Line<'_>, first: usize, found: &mut Vec<Found>) {
    let mut at = first;
    while at + 1 < found.len() {
        let (one, two) = (found[at], found[at + 1]);
        let word = |f: Found| &line.text[f.start..f.end];
        let given = word(two).split(' ').next().unwrap_or_default();
        let is_pair = one.entity == Entity::Person
            && two.entity == Entity::Person
            && &line.text[one.end..two.start] == ", "
            && !word(one).contains(' ')
            && line.lexicon.of(word(one)) & GIVEN == 0
            && line.lexicon.of(given) & GIVEN != 0;
        if is_pair {
            found[at].end = two.end;
            found.remove(at + 1);
        }
        at += 1;
    }
}

/// Firms named after their partners, and those whose legal form has dots in it.
fn firms(line: &Line<'_>, found: &mut Vec<Found>) {
    if !may_have_firm(line.text) {
        return;
    }
    for hit in QUOTED
        .iter()
        .filter(|_| line.text.contains('»'))
        .flat_map(|quoted| quoted.find_iter(line.text))
    {
        found.retain(|f| f.start < hit.start() || f.end > hit.end());
        found.push(Found { start: hit.start(), end: hit.end(), entity: Entity::Organisation });
    }
    for pattern in [&FIRM, &PARTNERS] {
        for hit in pattern.as_ref().into_iter().flat_map(|pattern| pattern.find_iter(line.text)) {
            let words =
                hit.as_str().split([' ', ',']).filter(|word| word.starts_with(char::is_uppercase));
            let names = words.filter(|word| {
                let class = line.lexicon.classes(word);
                class & (SURNAME | LEGAL) != 0 || class & !PLACE == 0
            });
            let given = hit
                .as_str()
                .split([' ', ','])
                .filter(|word| line.lexicon.of(word) & (GIVEN | SURNAME) == GIVEN);
            if names.count() >= 2 && given.count() < 2 {
                found.retain(|f| f.start < hit.start() || f.end > hit.end());
                found.push(Found {
                    start: hit.start(),
                    end: hit.end(),
                    entity: Entity::Organisation,
                });
            }
        }
    }
}

/// A legal form and a name between quotation marks, as in Russia.
static QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b\p{Lu}{2,4} «[^«»\n]{2,60}»").ok());

/// Whether a line has a word between partners before another name, or what legal forms have.
fn may_have_firm(line: &str) -> bool {
    const BETWEEN: [&str; 11] =
        ["and ", "& ", "e ", "et ", "y ", "und ", "és ", "en ", "og ", "och ", "i "];
    let is_next = |next: &str| next.starts_with(char::is_uppercase) || next.starts_with(['v', 'd']);
    let bytes = line.as_bytes();
    (0..bytes.len()).any(|at| match &bytes[at..] {
        [b' ', ..] => {
            let rest = &line[at + 1..];
            BETWEEN.iter().any(|word| rest.strip_prefix(word).is_some_and(is_next))
        }
        [b'S', b'.', ..]
        | [b's', b'.', b'r', ..]
        | [b'.', b'V' | b'L' | b'A' | b'o', b'.', ..]
        | [b'a', b'.', b's', b'.', ..]
        | [b'A', b'/', b'S', ..]
        | [b'.', b',', ..]
        | [b'K', b'f' | b'h', b't', ..]
        | [b'Z', b'r', b't', ..]
        | [b'B', b't', b'.', ..]
        | [b'C', b'o', b'm', b'm', b'V', ..] => true,
        // The mark that ends a quotation.
        [0xc2, 0xbb, ..] => true,
        _ => false,
    })
}

static PARTNERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)\p{Lu}[\p{L}'’-]+(?:, (?:(?:van|de|der|den) ){0,2}\p{Lu}[\p{L}'’-]+ (?:and|e|y|et|und|és|en|og|och|&) (?:(?:van|de|der|den) ){0,2}\p{Lu}[\p{L}'’-]+",
        r"| (?:and|&|e|et|und|y|és|en|og|och) (?:Sons|Fils|Figli|figli|Filhos|társa|Sønner|Søn|Söner|Partners?|Co|Co\.|Söhne|Hijos|Asociados|Associates|Daughters|Zonen|(?:van|de|der|den) (?:(?:de|der|den) )?\p{Lu}[\p{L}'’-]+)",
        r"| & \p{Lu}[\p{L}'’-]+)(?: (?:Group|Ltd|LLC|Inc|PLC|GmbH|AG|HB|AB|KG|SA|s\.r\.l\.|S\.L\.|S\.A\.|SPA|S\.p\.A\.|SARL))?"
    ))
    .ok()
});

static FIRM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)\p{Lu}[\p{L}0-9&'’-]*(?:,? (?:&|e|y|et|de|van|und|i|és|en|\p{Lu}[\p{L}0-9&'’.-]*)){0,6},? ",
        r"(?:S\.A\.R\.L\.?|S\.L\.[UL.]{0,4}|S\.A\.[SU.]{0,3}|S\.?p\.?A\.?|[Ss]\.r\.l\.?|S\.Com\.|S\.Coop\.|B\.V\.|N\.V\.|a\.s\.|s\.r\.o\.|A/S|I/S|P/S|",
        r"[Ss]p\. ?(?:z o\.o\.|j\.|k\.)|d\.o\.o\.|Kft\.|Zrt\.|Bt\.|Kht\.|Nyrt\.|CommV|VOF|BVBA|ZRt\.|v\.o\.s\.|k\.s\.|S\. de R\.L\.|S\.A\. de C\.V\.|A\.Ş\.|L\.L\.C\.)"
    ))
    .ok()
});

/// Goes through words that stand together.
fn run(line: &Line<'_>, all: &[Token], (start, end): (usize, usize), found: &mut Vec<Found>) {
    let mut at = start;
    while at < end {
        let rest = &all[at..end];
        let taken = organisation(line, rest, found)
            .or_else(|| titled(line, rest, found))
            .or_else(|| place(line, rest, found))
            .or_else(|| person(line, rest, at == start || all[at - 1].is_plain(), found));
        at += taken.unwrap_or(1).max(1);
    }
}

fn push(found: &mut Vec<Found>, tokens: &[Token], entity: Entity) {
    if let (Some(first), Some(last)) = (tokens.first(), tokens.last()) {
        found.push(Found { start: first.start, end: last.end, entity });
    }
}

/// A name that ends in a legal form, or that has a word for an institution in it.
fn organisation(line: &Line<'_>, rest: &[Token], found: &mut Vec<Found>) -> Option<usize> {
    let few = &rest[..rest.len().min(WORDS_MAX + 1)];
    let word = |token: &Token| &line.text[token.start..token.end];
    let is_legal = |token: &Token| {
        let short = token.end - token.start <= 2 && !token.is_upper;
        token.is(LEGAL) && (!short || matches!(word(token), "Oy" | "Co"))
    };
    // What begins with an ordinary word begins later, unless the form is near.
    let legal = few.iter().rposition(is_legal).filter(|at| *at > 0);
    let named =
        |tokens: &[Token]| tokens.iter().any(|token| !token.is_plain() && !token.is_initial);
    if let Some(at) = legal {
        let is_named = named(&few[..at]);
        let is_sure = matches!(
            word(&few[at]),
            "Inc"
                | "LLC"
                | "Ltd"
                | "GmbH"
                | "PLC"
                | "Plc"
                | "LLP"
                | "BV"
                | "NV"
                | "AB"
                | "AG"
                | "Oy"
        );
        let first_is_verb = few[0].class == COMMON && at > 1;
        if first_is_verb && (is_named || is_sure) {
            return None;
        }
        let is_strict = line.style == Style::Code;
        if is_named && (!is_strict || is_sure) || is_sure && at > 1 && !is_strict {
            push(found, &few[..=at], Entity::Organisation);
            return Some(at + 1);
        }
    }
    if line.style == Style::Code || line.is_german && few.len() < 2 {
        return None;
    }
    let at = few.iter().position(|token| token.is(INSTITUTION))?;
    let others = few.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, token)| *token);
    let others: Vec<Token> = others.collect();
    let is_named =
        others.iter().any(|token| !token.is_plain() && !token.is_initial || token.is(PLACE));
    if is_named && (few[0].class != COMMON || at == 0) {
        push(found, few, Entity::Organisation);
        return Some(few.len());
    }
    None
}

/// A form of address and the name after it.
fn titled(line: &Line<'_>, rest: &[Token], found: &mut Vec<Found>) -> Option<usize> {
    let titles = rest.iter().take_while(|token| token.is(TITLE)).count();
    if titles == 0 {
        return None;
    }
    let is_name =
        |token: &&Token| !token.is_plain() || token.class & (PLACE | STREET | NATION) != 0;
    let names = rest[titles..].iter().take(4).take_while(is_name).count();
    let is_strict = line.style == Style::Code;
    let is_sure = rest[titles..titles + names].iter().any(|token| token.is(GIVEN | SURNAME));
    if names == 0
        || is_strict && !is_sure
        || rest[titles..].iter().take(names).all(|t| t.is_initial)
    {
        return None;
    }
    push(found, &rest[..titles + names], Entity::Person);
    Some(titles + names)
}

/// A town, country or nation.
fn place(line: &Line<'_>, rest: &[Token], found: &mut Vec<Found>) -> Option<usize> {
    if line.style == Style::Code {
        return None;
    }
    if let Some(count) = shaped_place(line, rest) {
        push(found, &rest[..count], Entity::Place);
        return Some(count);
    }
    if let [first, second, ..] = rest {
        let both = &line.text[first.start..second.end];
        if line.lexicon.of(both) & PLACE != 0 {
            push(found, &rest[..2], Entity::Place);
            return Some(2);
        }
        let is_person = first.is(GIVEN) && second.is(SURNAME)
            || first.is(SURNAME | GIVEN) && !second.is_plain();
        if is_person {
            return None;
        }
    }
    let first = rest.first()?;
    if first.is_upper && first.end - first.start < 4 {
        return None;
    }
    let is_name = first.is(GIVEN | SURNAME)
        && context::before(&line.text[..first.start]) != Some(Entity::Place);
    if first.is(PLACE) && !is_name {
        push(found, &rest[..1], Entity::Place);
        return Some(1);
    }
    if first.is(NATION) && !is_name {
        push(found, &rest[..1], Entity::Nationality);
        return Some(1);
    }
    None
}

/// Words of a name that has the form of a town's: `West Zyxa`, `Annaville`.
fn shaped_place(line: &Line<'_>, rest: &[Token]) -> Option<usize> {
    const BEFORE: &[&str] = &[
        "North", "South", "East", "West", "New", "Lake", "Port", "Fort", "Mount", "Saint", "Bad",
        "Upper", "Lower", "Great", "Little", "Old", "San", "Santa", "São", "Los", "Las", "El",
    ];
    const ENDS: &[&str] = &[
        "ville", "burgh", "borough", "bury", "chester", "mouth", "shire", "town", "ton", "port",
        "fort", "haven", "side", "view", "land", "furt", "stad", "berg", "burg", "stadt", "dorf",
        "hausen", "heim", "shaw", "ham", "field",
    ];
    let first = rest.first()?;
    let word = |token: &Token| &line.text[token.start..token.end];
    if let Some(second) = rest.get(1).filter(|_| BEFORE.contains(&word(first))) {
        let is_alone = rest.get(2).is_none_or(Token::is_plain) && !is_typeface(line, second);
        let is_name = second.class & COMMON == 0 || second.class & (GIVEN | SURNAME) == GIVEN;
        if is_alone
            && is_name
            && !second.is_initial
            && !second.is_upper
            && second.end - second.start > 3
        {
            return Some(2);
        }
    }
    let name = word(first);
    let is_town = first.class == 0
        && !first.is_upper
        && ENDS.iter().any(|end| {
            let stem = name.strip_suffix(end).filter(|stem| stem.len() > 2);
            stem.is_some_and(|stem| line.lexicon.of(stem) & (GIVEN | SURNAME) != 0)
        });
    is_town.then_some(1)
}

/// A name of a person, or some name that only its context tells.
fn person(
    line: &Line<'_>,
    rest: &[Token],
    is_first: bool,
    found: &mut Vec<Found>,
) -> Option<usize> {
    let may_be = |(at, token): &(usize, &Token)| {
        let next = rest.get(at + 1).is_some_and(|next| !next.is_plain() && !next.is_initial);
        !token.is_plain()
            || token.class & (PLACE | STREET | NATION) != 0 && token.class & COMMON == 0
            || token.is(PARTICLE) && *at > 0 && next
    };
    let count = rest.iter().enumerate().take(WORDS_MAX).take_while(may_be).count();
    let name = &rest[..count];
    let (first, last) = (name.first()?, name.last()?);
    if last.is_initial && count < 3 && !first.is(GIVEN) {
        return None;
    }
    if is_typeface(line, last) {
        return Some(count);
    }
    let surname = last.is(SURNAME);
    let given = first.is(GIVEN);
    let sure_given = given && !first.is(COMMON);
    let sure_surname = surname && !last.is(COMMON);
    if line.style == Style::Code {
        let is_full = (2..5).contains(&count) && sure_given && sure_surname && !first.is_upper;
        if is_full && is_alone(line, first, last) {
            push(found, name, Entity::Person);
        }
        return Some(count);
    }
    let before = context::before(&line.text[..first.start]);
    let is_comma = line.text[first.end..].starts_with(", ") && count == 1;
    let follows = found.last().is_some_and(|f| {
        line.text[f.end..].trim_start().starts_with(',')
            && matches!(line.text[f.end..first.start.max(f.end)].trim(), ",")
    });
    let is_whole = line.text.trim() == &line.text[first.start..last.end];
    let entity = match count {
        1 if line.is_signature && !first.is(COMMON) => Some(Entity::Person),
        1 if sure_given && !first.is_upper => Some(Entity::Person),
        1 if given && (before == Some(Entity::Person) || is_comma) => Some(Entity::Person),
        1 if sure_surname && !first.is_upper => Some(Entity::Person),
        1 if first.is_initial => None,
        _ if first.is_initial && last.class & COMMON == 0 && !last.is_initial && !last.is_upper => {
            Some(Entity::Person)
        }
        _ if follows && !line.is_german && first.class & COMMON == 0 && !given => {
            Some(Entity::Place)
        }
        1 => unknown(line, name, before, is_first),
        _ if given && (surname || !last.is(COMMON)) => Some(Entity::Person),
        _ if surname && !first.is(COMMON) => Some(Entity::Person),
        _ if line.is_signature => Some(Entity::Person),
        2..5 if is_whole && !first.is(COMMON) && !first.is_upper => Some(Entity::Person),
        _ => unknown(line, name, before, is_first),
    };
    if let Some(entity) = entity {
        push(found, name, entity);
    }
    Some(count)
}

/// Whether a name ends as those of typefaces do, which office programs write into every file.
fn is_typeface(line: &Line<'_>, last: &Token) -> bool {
    match &line.text[last.start..last.end] {
        "Sans" | "Serif" | "Mono" => true,
        "Roman" => line.text[..last.end].ends_with("Times New Roman"),
        _ => false,
    }
}

/// A name that no list holds: only its context tells.
fn unknown(
    line: &Line<'_>,
    name: &[Token],
    before: Option<Entity>,
    is_first: bool,
) -> Option<Entity> {
    let (first, last) = (name.first()?, name.last()?);
    if line.is_german || name.iter().all(|token| token.is_upper) || first.is(COMMON) {
        return None;
    }
    let lead = line.text[..first.start].trim_end();
    let is_opening = lead.is_empty()
        || lead.ends_with(['.', '!', '?', '•', '#'])
        || lead == "-"
        || lead == "*"
        || lead.ends_with(']');
    let has_prose = || {
        let is_small = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase());
        line.text.split(' ').filter(is_small).nth(1).is_some()
    };
    let is_plain = last.is_plain() && last.is(COMMON);
    if is_plain || first.end - first.start < 3 {
        return None;
    }
    match name.len() {
        _ if before.is_some() && !is_opening && is_first => before,
        1 if [" office", " branch", " plant", " site"]
            .iter()
            .any(|word| line.text[last.end..].starts_with(word)) =>
        {
            Some(Entity::Place)
        }
        1 if !is_opening && lead.ends_with(',') && has_number(lead) => Some(Entity::Person),
        1 => {
            let after = line.text[last.end..].trim_start();
            (is_opening && (line.text[last.end..].starts_with(": ") && has_prose())
                || lead.ends_with('@')
                || after.starts_with("'s ") && !is_opening)
                .then_some(Entity::Person)
        }
        _ if before.is_some() || has_prose() => Some(Entity::Person),
        _ => None,
    }
}

/// Whether what stands before a comma ends in a number, as in `At 34, Zyxa`.
fn has_number(lead: &str) -> bool {
    let lead = lead.trim_end_matches(',');
    lead.len() < 8 && lead.ends_with(|c: char| c.is_ascii_digit())
}

/// Whether a name in code stands for itself: no call, path or longer phrase.
fn is_alone(line: &Line<'_>, first: &Token, last: &Token) -> bool {
    let before = line.text[..first.start].chars().next_back();
    let after = line.text[last.end..].chars().next();
    before.is_none_or(|c| matches!(c, ' ' | '"' | '\'' | '(' | '<' | '>' | ':' | ',' | '\t' | '@'))
        && after.is_none_or(|c| {
            matches!(c, ' ' | '"' | '\'' | ')' | '<' | '>' | ',' | '.' | ';' | '\t' | '&')
        })
}
