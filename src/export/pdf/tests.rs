//! Lines and pages.

use super::{
    blocks::{Document, Imprint},
    fonts::{Face, Fonts},
    lines::{Line, Span, Style, lines},
    sheets::{Ink, Role},
    *,
};
use attestry_proof::payload::fields::Timestamp;

const STYLE: Style = Style::new(Face::Text, 10.0);

fn set(text: &str, width: f32) -> Vec<Line> {
    lines(&Fonts::new().unwrap(), &[Span::new(text, STYLE)], width)
}

fn texts(text: &str, width: f32) -> Vec<String> {
    set(text, width).into_iter().map(|line| line.text).collect()
}

fn document() -> Document {
    Document::new(Imprint {
        title: "Title".into(),
        heading: "Heading".into(),
        warning: None,
        position: ["Log".into(), "Root".into()],
        as_of: Timestamp::from_unix_seconds(1_769_500_000).unwrap(),
        id: "test".into(),
    })
    .unwrap()
}

/// Every line of text on every page, with its right and lower edge.
fn words(document: &Document) -> Vec<(usize, f32, f32, &str)> {
    let mut words = Vec::new();
    for (sheet, groups) in document.sheets.sheets.iter().enumerate() {
        for ink in groups.iter().flat_map(|group| &group.inks) {
            if let Ink::Words { x, y, line } = ink {
                words.push((sheet, x + line.width, *y, line.text.as_str()));
            }
        }
    }
    words
}

#[test]
fn lines_break_after_spaces_and_nothing_is_lost() {
    let text = "one two three four five six seven";
    let broken = texts(text, 60.0);
    assert!(broken.len() > 2, "{broken:?}");
    assert_eq!(broken.concat(), text);
    assert!(broken[..broken.len() - 1].iter().all(|line| line.ends_with(' ')), "{broken:?}");
    assert!(set(text, 60.0).iter().all(|line| line.width <= 60.0));
}

#[test]
fn a_word_that_fits_no_line_is_broken() {
    let digest = "0123456789abcdef".repeat(4);
    let broken = set(&digest, 50.0);
    assert!(broken.len() > 4);
    assert!(broken.iter().all(|line| line.width <= 50.0));
    assert_eq!(broken.iter().map(|line| &*line.text).collect::<String>(), digest);
    // Not even one letter fits: it stands alone all the same.
    assert_eq!(texts("abc", 0.5), ["a", "b", "c"]);
    assert_eq!(texts("", 50.0), [""]);
    assert_eq!(texts("a\n\nb", 50.0), ["a", "", "b"]);
}

#[test]
fn what_would_be_invisible_is_spelt_out() {
    assert_eq!(texts("a\u{202e}b\u{0}", 500.0), ["a‹U+202E›b‹U+0000›"]);
    let lacking = set("漢", 500.0);
    assert_eq!(lacking[0].text, "漢");
    assert!(lacking[0].letters[0].letter.glyph != 0);
}

#[test]
fn text_from_right_to_left_stands_from_right_to_left() {
    let line = &set("ab שלום 12", 500.0)[0];
    assert_eq!(line.text, "ab שלום 12");
    let seen: String = line.letters.iter().map(|placed| &line.text[placed.range.clone()]).collect();
    assert_eq!(seen, "ab 12 םולש");
}

#[test]
fn a_long_line_is_cut() {
    let line = Line::cut(&Fonts::new().unwrap(), &"x".repeat(100_000), STYLE, 80.0);
    assert!(line.width <= 80.0 && line.text.ends_with('…'), "{line:?}");
}

#[test]
fn a_table_goes_on_over_pages_with_its_head_and_within_the_margins() {
    let mut document = document();
    let long = "word ".repeat(3_000);
    let rows = (0..120).map(|row| {
        let text = if row == 60 { long.clone() } else { format!("row{row}") };
        [Cell::text(text), Cell::digest("f".repeat(200))]
    });
    let columns = [Column { name: "First", share: 1.0 }, Column { name: "Second", share: 1.0 }];
    document.table(Table { summary: "Rows", columns, rows: rows.collect() });
    let pages = document.sheets.sheets.len();
    assert!(pages > 4, "{pages}");
    let words = words(&document);
    for page in 0..pages {
        let heads = words.iter().filter(|(sheet, _, _, text)| *sheet == page && *text == "First");
        assert_eq!(heads.count(), 1, "page {page}");
    }
    assert!(words.iter().all(|(_, right, lower, _)| *right <= RIGHT && *lower <= BOTTOM));
    for row in (0..120).filter(|row| *row != 60) {
        let name = format!("row{row}");
        assert_eq!(words.iter().filter(|(_, _, _, text)| *text == name).count(), 1, "{name}");
    }
    let told = words.iter().filter(|(_, _, _, text)| text.starts_with("word"));
    let told: usize = told.map(|(_, _, _, text)| text.matches("word").count()).sum();
    assert_eq!(told, 3_000);
    // One row is one row of the table, on however many pages it stands.
    let rows = document.sheets.parts.iter().filter(|part| part.role == Role::Row).count();
    assert_eq!(rows, 121);
}

#[test]
fn boxes_to_tick_stand_beside_what_they_say_at_the_foot_of_a_page() {
    let mut document = document();
    for _ in 0..90 {
        document.choice("What is so.");
    }
    let words = words(&document);
    for pair in words.chunks(2) {
        assert_eq!(pair[0].0, pair[1].0, "{pair:?}");
        assert!((pair[0].2 - pair[1].2).abs() < 4.0, "{pair:?}");
    }
}
