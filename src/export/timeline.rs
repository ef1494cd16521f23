//! A chain of custody, drawn: time runs down a line, each event hangs on it in the colour of whoever
//! acted.

use std::fmt::Write as _;

use attestry_proof::{
    custody::{CustodyEvent, PayloadState},
    payload::{Speaker, StatementKind},
};

/// Width of the drawing.
const WIDTH: u32 = 960;
/// Height of an event, and of the line that says a day.
const ROW: u32 = 58;
const DAY: u32 = 36;
/// Where the line is, and where words begin beside it.
const LINE: u32 = 132;
const WORDS: u32 = 160;
/// Most letters of a line of words.
const LETTERS: usize = 104;

/// Who acts in events of a kind, as a class of the style sheet.
fn class(event: &CustodyEvent) -> &'static str {
    let kind = StatementKind::parse(&event.event);
    match (event.payload, kind.map(StatementKind::speaker)) {
        (PayloadState::Erased, _) => "erased",
        (PayloadState::Withheld, _) | (_, None) => "withheld",
        (_, Some(Speaker::Contractor)) => "contractor",
        (_, Some(Speaker::Reviewer)) => "reviewer",
        (_, Some(Speaker::Officer | Speaker::Legal)) => "legal",
        (_, Some(Speaker::Service)) => "service",
    }
}

/// The drawing, as SVG that stands within a page. `gaps` are positions of events that are not linked
/// to the one before.
#[must_use]
pub fn timeline(events: &[CustodyEvent], gaps: &[u64]) -> String {
    let mut drawing = String::new();
    let (mut y, mut day) = (8, String::new());
    let top = y;
    let mut body = String::new();
    for event in events {
        let logged = event.logged_at.to_string();
        let (date, time) = logged.split_once('T').unwrap_or((&logged, ""));
        if date != day {
            day = date.to_owned();
            y += DAY;
            let _ = writeln!(body, r#"<text class="day" x="0" y="{}">{date}</text>"#, y - 8);
        }
        let gap = gaps.contains(&event.index);
        draw(&mut body, event, (y, time.trim_end_matches('Z')), gap);
        y += ROW;
    }
    let words = format!("{} events, from the first to the last", events.len());
    let _ = writeln!(
        drawing,
        r#"<svg class="timeline" role="img" aria-label="{words}" viewBox="0 0 {WIDTH} {}" xmlns="http://www.w3.org/2000/svg">"#,
        y + 8
    );
    let _ = writeln!(
        drawing,
        r#"<line class="spine" x1="{LINE}" y1="{top}" x2="{LINE}" y2="{}"/>"#,
        y.saturating_sub(ROW / 2)
    );
    drawing.push_str(&body);
    drawing.push_str("</svg>\n");
    drawing
}

/// The drawing as a file of its own.
#[must_use]
pub fn timeline_file(events: &[CustodyEvent], gaps: &[u64]) -> String {
    let drawing = timeline(events, gaps);
    let style = format!("<style>{}</style>", include_str!("page.css"));
    let (head, rest) = drawing.split_once('\n').unwrap_or((&drawing, ""));
    format!("{head}\n{style}\n{rest}")
}

fn draw(out: &mut String, event: &CustodyEvent, (y, time): (u32, &str), gap: bool) {
    let class = class(event);
    let middle = y + 12;
    if gap {
        let _ = writeln!(
            out,
            r#"<line class="gap" x1="{LINE}" y1="{}" x2="{LINE}" y2="{}"/><text class="gap" x="{WORDS}" y="{}">not linked to the event before it</text>"#,
            y.saturating_sub(ROW / 2),
            y + 4,
            y.saturating_sub(6)
        );
    }
    let _ = writeln!(
        out,
        r#"<g class="{class}"><circle cx="{LINE}" cy="{middle}" r="6"/><text class="time" x="{}" y="{}">{time}</text>"#,
        LINE - 16,
        middle + 4
    );
    let _ = writeln!(
        out,
        r#"<text class="event" x="{WORDS}" y="{}">{}</text>"#,
        middle + 4,
        escape(&cut(&headline(event)))
    );
    let _ = writeln!(
        out,
        r#"<text class="more" x="{WORDS}" y="{}">{}</text></g>"#,
        middle + 24,
        escape(&cut(&details(event)))
    );
}

fn headline(event: &CustodyEvent) -> String {
    match &event.note {
        Some(note) => format!("{}: {note}", event.event),
        None => event.event.clone(),
    }
}

fn details(event: &CustodyEvent) -> String {
    let key: String = event.signed_by.key.chars().take(12).collect();
    let mut words = format!("entry {}", event.index);
    let role = event.signed_by.role.as_deref().unwrap_or("key");
    let _ = write!(words, " · {role} {key}…");
    if let Some(received) = &event.received_by {
        let key: String = received.key.chars().take(12).collect();
        let _ = write!(words, " · to {key}… by {}", received.authentication);
    }
    if let Some(purpose) = &event.purpose {
        let _ = write!(words, " · for {purpose}");
    }
    match event.payload {
        PayloadState::Readable => {}
        PayloadState::Withheld => words.push_str(" · payload not shown to you"),
        PayloadState::Erased => words.push_str(" · payload erased"),
    }
    words
}

/// So many letters as fit on a line.
fn cut(text: &str) -> String {
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    text.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// Text as it stands in HTML and SVG. Letters that steer a reader's eye or parser are shown as signs.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push('\u{fffd}');
            }
            letter if letter.is_control() && letter != '\n' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_text() {
        assert_eq!(escape("<b a=\"'&\u{202e}\u{7}"), "&lt;b a=&quot;&#39;&amp;\u{fffd}\u{fffd}");
    }

    #[test]
    fn long_lines_are_cut() {
        let long = "ä".repeat(LETTERS + 1);
        assert_eq!(cut(&long).chars().count(), LETTERS);
        assert!(cut(&long).ends_with('…'));
        assert_eq!(cut(&long[..LETTERS * 2]).chars().count(), LETTERS);
    }
}
