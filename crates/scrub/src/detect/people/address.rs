//! Postal addresses by the words and numbers of a street, with what follows them; days in prose.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::lexicon::class::{COMMON, GIVEN, STREET, SURNAME};
use super::line::{Style, Token};
use super::{Entity, Found, Glance, Line};

/// Bytes before the name of a street in which its number may stand.
const NEAR_BYTES: usize = 40;

/// Most bytes after the street that may belong to the address.
const REST_BYTES: usize = 160;

/// Words before the name of a street, in the languages that put them first.
const STREET_FIRST: &[&str] = &[
    "Via",
    "Viale",
    "Piazza",
    "Corso",
    "Strada",
    "Vicolo",
    "Piazzale",
    "Largo",
    "Borgo",
    "Calle",
    "C/",
    "Avenida",
    "Avda",
    "Plaza",
    "Paseo",
    "Camino",
    "Carretera",
    "Rua",
    "Travessa",
    "Praça",
    "Rue",
    "Avenue",
    "Boulevard",
    "Chemin",
    "Impasse",
    "Allée",
    "Quai",
    "Place",
    "Ulica",
    "Ul",
    "Aleja",
    "Cañada",
    "Ronda",
    "Rambla",
    "Pasaje",
    "Pasadizo",
    "Cuesta",
    "Glorieta",
    "Urbanización",
    "Acceso",
    "Callejón",
    "Vial",
    "Alameda",
    "Canale",
    "Contrada",
    "Incrocio",
    "Rotonda",
    "Stretto",
    "Circonvallazione",
    "Privada",
    "Prolongación",
    "Boulevar",
    "Periférico",
    "Cerrada",
    "Circuito",
    "Andador",
    "Eje",
    "Diagonal",
    "Aeroporto",
    "Campo",
    "Colônia",
    "Condomínio",
    "Distrito",
    "Esplanada",
    "Estação",
    "Favela",
    "Fazenda",
    "Jardim",
    "Ladeira",
    "Lagoa",
    "Lago",
    "Loteamento",
    "Morro",
    "Núcleo",
    "Parque",
    "Passarela",
    "Pátio",
    "Quadra",
    "Recanto",
    "Residencial",
    "Rodovia",
    "Setor",
    "Sítio",
    "Trecho",
    "Trevo",
    "Vale",
    "Vereda",
    "Viaduto",
    "Viela",
    "Vila",
];

/// Ends of words that are streets, in small letters.
const STREET_ENDS: &[&str] = &[
    "straße",
    "strasse",
    "str",
    "weg",
    "gasse",
    "platz",
    "allee",
    "ring",
    "ufer",
    "damm",
    "steig",
    "markt",
    "straat",
    "laan",
    "steeg",
    "plein",
    "singel",
    "baan",
    "dreef",
    "hof",
    "kade",
    "pad",
    "gracht",
    "gade",
    "vej",
    "gatan",
    "vägen",
    "gränd",
    "torget",
    "veien",
    "gata",
    "vegen",
    "katu",
    "tie",
    "kuja",
    "polku",
    "allé",
    "stræde",
    "svej",
    "sgade",
    "gränden",
    "backen",
    "stigen",
    "bakken",
    "gate",
    "boulevard",
    "toft",
    "vænget",
    "parken",
    "caddesi",
    "sokak",
    "ulice",
    "raitti",
    "polun",
    "stranda",
    "kroken",
    "lia",
    "haugen",
    "tunet",
    "svingen",
    "stubben",
];

/// What may follow a street: flats, places with a code, codes with a place.
static REST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\A(?:(?:,? ?|\n)(?:(?:Apt|Suite|Unit|Flat|Piano|Stiege|Wohnung|Studio|Appartamento|Piso|Puerta|Apto|Level|Floor|Apartamento|Box|Etage|Top|st|tv|th)\b\.? ?[0-9A-Za-zº]{0,5}",
        r"|(?:[ ]{1,2}(?:Bl|Sc|Ap|Et)\.? [0-9A-Z]{1,4}){1,3}|Edificio [0-9A-Z]{1,3}|Interior [0-9A-Z]{1,4}|#[0-9]{1,5}))?",
        r"(?:(?:, ?|\n| )(?:[A-Z]{1,3}-)?[0-9]{2,3}[ ]?[0-9]{2,3}(?:[- ][0-9]{2,4})?(?: [A-Z]{2})?)?",
        r"(?:(?:, ?|\n| - | )\p{Lu}[\p{L}'’.-]{1,24}(?:[ -](?:\p{Lu}[\p{L}'’.-]{1,24}|de|del|la|le|les|sur|en|am|an|der|i|na|aan|d'\p{Lu}\p{L}+)){0,4})?",
        r"(?:(?:,? ?|\n)(?:\(?[A-Z]{2,3}\)? ?)?(?:[0-9]{4,5}(?:-[0-9]{3,4})?|[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z][ -]?[0-9][A-Z][0-9]|[0-9]{3} [0-9]{2}|[0-9]{6})?)?",
    ))
    .ok()
});

/// A number of a house before or after the name of its street.
static NUMBER_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s,:(\t>])((?:(?:Flat|Studio|Unit|Apt|Suite|Level|No)\.? [0-9A-Za-z]{1,5}(?:,? |/|\n))?(?:#?[0-9]{1,6}[A-Za-z]?(?:[-/][0-9]{1,5})?|(?:Flat|Studio|Unit) [0-9A-Za-z]{1,5},)(?:,? (?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Cc]hemin|[Pp]lace|bis|ter|[NSEW]\.?|de|de la|du|des|\w'))*) $").ok()
});
static NUMBER_AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\A\.?(?:,? ?(?:n\.?º? ?)?[0-9]{1,5} ?[A-Za-z]?\b(?:[-/][0-9]{1,4}[A-Za-z]?)?|, s/n)",
    )
    .ok()
});

/// Lower-case words for streets, with a number before them.
static STREET_SMALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s,:(])((?:[0-9]{1,5}(?: bis| ter)?,? )?(?:rue|avenue|boulevard|chemin|place|calle|ul\.|via|rua) (?:(?:de|du|des|la|le|d'|del|los|las|l') ?){0,2}\p{Lu}[\p{L}'-]+(?: \p{Lu}[\p{L}'-]+){0,3}(?:,? [0-9]{1,5})?)").ok()
});

/// Finds the addresses of a line; `text` starts where the line does and goes on after it.
pub(crate) fn find(line: &Line<'_>, tokens: &[Token], text: &str, found: &mut Vec<Found>) {
    if line.style == Style::Code || !line.text.bytes().any(|b| b.is_ascii_digit()) {
        return;
    }
    let mut streets: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let joined = tokens[at + 1..].iter().take_while(|token| token.is_joined).count();
        let run = &tokens[at..=at + joined];
        streets.extend(street(line, run));
        at += joined + 1;
    }
    let small = STREET_SMALL.as_ref().filter(|_| {
        ["rue ", "venue ", "oulevard ", "hemin ", "lace ", "alle ", "ul. ", "via ", "rua "]
            .iter()
            .any(|w| line.text.contains(w))
    });
    for hit in small.into_iter().flat_map(|small| small.find_iter(line.text)) {
        if hit.as_str().bytes().any(|b| b.is_ascii_digit()) {
            streets.push(after_lead(hit));
        }
    }
    streets.extend(field(line.text));
    streets.extend(boxes(line.text));
    streets.extend(flat(text));
    if line.text.contains([' ', '.']) {
        let other = OTHER.as_ref().filter(|_| may_be_other(line.text));
        streets.extend(other.into_iter().flat_map(|o| o.find_iter(line.text)).map(after_lead));
    }
    for (start, end) in streets {
        let most = text.floor_char_boundary((end + REST_BYTES).min(text.len()));
        let rest =
            REST.as_ref().and_then(|rest| rest.find(&text[end..most])).map_or(0, |m| m.end());
        let end =
            start + text[start..end + rest].trim_end_matches([' ', '\t', '.', ',', ';']).len();
        found.retain(|f| f.start < start || f.end > end);
        found.push(Found { start, end, entity: Entity::Address });
    }
}

/// Streets with their word after the name in small letters, or with words that lists of names hold.
static OTHER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[\s,:(])(\p{Lu}[\p{L}-]{1,30}(?: [\p{L}-]{1,30})? (?:utca|út|útja|tér|tere|köz|körút|sor|fasor|ulica|ulice|cesta|dol|put|trg|gatvė|gatve|iela|tänav|tee|maantee|sokağı|caddesi|mahallesi) [0-9]{1,4}\.?[A-Za-z]?",
        r"|(?i:Travessa|Rua|Avenida|Av\.?|Alameda|Largo|Praça|Beco|Rampa|Estrada|Cal[çc]ada) (?:d[aeo]s? )?[\p{L}-]{3,}(?: (?:d[aeo]s? )?\p{Lu}[\p{L}-]+){0,3},? (?:s/n|[0-9]{1,5})",
        r"|(?:Strada|Aleea|Bulevardul|Drumul|Calea|Intrarea|Șoseaua|Piața|Splaiul)(?: \p{Lu}[\p{L}-]+){1,3}(?:,? (?:[Nn]r\. ?)?[0-9]{1,4})?",
        r"|(?i:ул|пер|наб|бул|пр|ш|алл|ул|пл)\.? [\p{L}-]{2,30}, д\. ?[0-9]{1,4}(?:[ /0-9стркв.]{1,16})?(?:, [0-9]{6})?)"
    ))
    .ok()
});

/// A match without the sign or space before its first word.
fn after_lead(hit: regex::Match<'_>) -> (usize, usize) {
    let is_lead = |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '(');
    let lead = hit.as_str().chars().next().filter(|c| is_lead(*c)).map_or(0, char::len_utf8);
    (hit.start() + lead, hit.end())
}

/// Whether a line has a word that [`OTHER`] asks for.
fn may_be_other(line: &str) -> bool {
    /// Words that a number follows.
    const NUMBERED: [&str; 21] = [
        "utca ",
        "út ",
        "útja ",
        "tér ",
        "tere ",
        "köz ",
        "körút ",
        "sor ",
        "ulica ",
        "ulice ",
        "cesta ",
        "dol ",
        "put ",
        "trg ",
        "gatvė ",
        "gatve ",
        "iela ",
        "tänav ",
        "tee ",
        "sokağı ",
        "caddesi ",
    ];
    /// Words that the name of the street follows.
    const FIRST: [&str; 21] = [
        "ssa ", "ua ", "ida ", "av ", "av. ", "eda ", "argo ", "aça ", "AÇA ", "eco ", "ampa ",
        "ada ", "eea ", "dul ", "mul ", "lea ", "rea ", "eaua ", "ața ", "iul ", ", д",
    ];
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let words = NUMBERED.into_iter().chain(["mahallesi "]).chain(FIRST);
        AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
    });
    let is_number = |at: usize| line.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let Some(words) = WORDS.as_ref() else { return true };
    // A long s is an s in any case.
    words
        .find_overlapping_iter(line)
        .any(|hit| hit.pattern().as_usize() > NUMBERED.len() || is_number(hit.end()))
        || line.contains('ſ')
}

/// Boxes at the post office, and those of armed forces.
fn boxes(line: &str) -> Vec<(usize, usize)> {
    static BOX: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:^|[\s,:(])((?i:P\.? ?O\.? ?Box|Postfach|Postbus|Casella Postale|Apartado(?: de Correos)?|Box) [0-9]{2,6}",
            r"|(?i:Unit|PSC|CMR) [0-9]{3,4},? Box [0-9]{3,5}|(?:USNS|USS|USCGC|USNV) \p{Lu}[\p{L}]+|(?:DPO|APO|FPO),? A[AEP] [0-9]{5})"
        ))
        .ok()
    });
    if !["ox ", "OX ", "Post", "postal", "PSC", "CMR", "PO ", "US"].iter().any(|w| line.contains(w))
    {
        return Vec::new();
    }
    BOX.iter().flat_map(|pattern| pattern.find_iter(line)).map(after_lead).collect()
}

/// A flat with its house and street on the lines after it.
fn flat(text: &str) -> Option<(usize, usize)> {
    static FLAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\A(?:Flat|Studio|Apartment|Unit) [0-9]{1,4}[A-Za-z]{0,2}\n(?:\p{Lu}[^\n]{2,40}\n){1,3}[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}").ok()
    });
    if !text.starts_with(['F', 'S', 'A', 'U']) {
        return None;
    }
    let most = text.floor_char_boundary(REST_BYTES.min(text.len()));
    FLAT.as_ref()?.find(&text[..most]).map(|hit| (hit.start(), hit.end()))
}

/// The street among words that stand together, with its number.
fn street(line: &Line<'_>, run: &[Token]) -> Option<(usize, usize)> {
    let (first, last) = (run.first()?, run.last()?);
    let word = |token: &Token| &line.text[token.start..token.end];
    let after = |end: usize| {
        let number = NUMBER_AFTER.as_ref()?.find(&line.text[end..])?;
        Some(end + number.end())
    };
    let near = line.text.floor_char_boundary(first.start.saturating_sub(NEAR_BYTES));
    let lead = &line.text[near..first.start];
    let has_digit = |text: &str| text.bytes().any(|b| b.is_ascii_digit());
    let after_run = line.text.ceil_char_boundary((last.end + 8).min(line.text.len()));
    if !has_digit(lead) && !has_digit(&line.text[first.start..after_run]) {
        return None;
    }
    let before = has_digit(lead).then(|| NUMBER_BEFORE.as_ref()?.captures(lead)).flatten();
    let before = before.and_then(|groups| groups.get(1)).map(|group| near + group.start());
    // 12 Elm Street
    let end = run.iter().take(6).rposition(|token| token.is(STREET) && !token.is_initial);
    if let (Some(start), Some(end)) = (before, end)
        && (end > 0 || line.text[start..first.start].len() > 7)
        && (run.len() > 1
            && run[..end]
                .iter()
                .any(|token| token.class & COMMON == 0 || token.is(GIVEN | SURNAME))
            || is_usual(word(&run[end])))
    {
        return Some((start, run[end].end));
    }
    // Lindenstraße 12
    let is_end = |token: &&Token| {
        let lower = word(token).to_lowercase();
        STREET_ENDS
            .iter()
            .any(|end| lower.ends_with(end) && (lower.len() >= end.len() + 2 || run.len() > 1))
    };
    if let Some(street) = run.iter().find(is_end)
        && let Some(end) = after(street.end)
    {
        return Some((first.start, end));
    }
    // Via Roma, 12
    let lead = run.iter().position(|token| STREET_FIRST.contains(&word(token)))?;
    let end = after(last.end);
    let start = before.unwrap_or(run[lead].start);
    (lead + 1 < run.len() && (end.is_some() || before.is_some()))
        .then(|| (start, end.unwrap_or(last.end)))
}

/// What stands after a word such as `Address:`.
fn field(line: &str) -> Option<(usize, usize)> {
    static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?i)(?:^|[^\p{L}-])(?:address|street|adresse|anschrift|dirección|indirizzo|adres|adress)[\"']?\s?[:=]\s*[\"']?([\p{L}0-9#][^\n\"<>|\t@]{4,100})"#).ok()
    });
    if !line.contains([':', '=']) {
        return None;
    }
    let value = FIELD.as_ref()?.captures(line)?.get(1)?;
    let has = |test: fn(&u8) -> bool| value.as_str().bytes().any(|b| test(&b));
    let is_address =
        has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && value.as_str().contains(' ');
    is_address.then(|| (value.start(), value.start() + value.as_str().trim_end().len()))
}

fn is_usual(word: &str) -> bool {
    matches!(
        word,
        "Street"
            | "St"
            | "Avenue"
            | "Ave"
            | "Road"
            | "Rd"
            | "Lane"
            | "Drive"
            | "Court"
            | "Boulevard"
            | "Blvd"
            | "Terrace"
    )
}

const MONTHS: &str = "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre";

static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let day = r"[0-9]{1,2}(?:st|nd|rd|th)?";
    let week = "(?:(?:Mon|Tue|Tues|Wed|Wednes|Thu|Thurs|Fri|Sat|Satur|Sun)(?:day)?[.,]? )?";
    let pattern = format!(
        r"(?-u:\b)(?:{week}(?:[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}|[0-9]{{1,2}}[./-][0-9]{{1,2}}[./-](?:(?:19|20)[0-9]{{2}}|[0-9]{{2}})|{day}\.?(?: of)?[ -](?:{MONTHS})\.?(?:,?[ -][0-9]{{2,4}})?|(?:{MONTHS})\.? {day}(?:,? [0-9]{{4}})?|(?:{MONTHS})\.?,? (?:19|20)[0-9]{{2}}))(?-u:\b)"
    );
    Regex::new(&pattern).ok()
});

/// Days and months of a line.
pub(crate) fn dates(line: &str, glance: Glance, found: &mut Vec<Found>) {
    if !glance.may_have_day() {
        return;
    }
    let Some(date) = DATE.as_ref() else { return };
    for hit in date.find_iter(line) {
        let after = line[hit.end()..].trim_start_matches(['T', ' ', ',']);
        let is_time =
            after.len() > 4 && after.as_bytes()[0].is_ascii_digit() && after.as_bytes()[2] == b':';
        let is_part = line[hit.end()..].starts_with(['.', '-', '/'])
            && line[hit.end() + 1..].starts_with(|c: char| c.is_ascii_digit())
            || line[..hit.start()].ends_with(['.', '-', '/', '#', '$']);
        if !is_time
            && !is_part
            && is_day(hit.as_str())
            && found.iter().all(|f| f.end <= hit.end() || hit.end() <= f.start)
        {
            // `Jan` and `June` are names too.
            found.retain(|f| f.end <= hit.start() || f.start >= hit.end());
            found.push(Found { start: hit.start(), end: hit.end(), entity: Entity::Date });
        }
    }
}

/// Whether three numbers can be a day; `1.2.10` is rather a version.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', '/', '-']).collect();
    let [one, two, three] = parts[..] else { return true };
    let (Ok(one_number), Ok(two_number)) = (one.parse::<u32>(), two.parse::<u32>()) else {
        return true;
    };
    if one.len() == 4 {
        return (1..=12).contains(&two_number);
    }
    let has_month = (1..=12).contains(&one_number) || (1..=12).contains(&two_number);
    let is_version = three.len() == 2 && text.contains('.') && (one.len() < 2 || two.len() < 2);
    has_month && (1..=31).contains(&one_number) && (1..=31).contains(&two_number) && !is_version
}
