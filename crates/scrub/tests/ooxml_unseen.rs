//! What nobody sees of a slide or page although it is there: text under shapes, in the colour of its
//! ground, outside the slide or page, and the form of it that other programs show.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::{Channel, Finding, Report};
use support::{of, scanner, zipped};

fn scan(name: &str, parts: &[(&str, &str)]) -> Report {
    let types = [("[Content_Types].xml", b"<Types/>".as_slice())];
    let parts = parts.iter().map(|(name, text)| (*name, text.as_bytes()));
    scanner().scan(name, &zipped(&types.into_iter().chain(parts).collect::<Vec<_>>()))
}

fn docx(body: &str) -> Report {
    let body = format!("<w:document xmlns:w=\"u\"><w:body>{body}</w:body></w:document>");
    scan("a.docx", &[("word/document.xml", &body)])
}

fn run(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn pptx(slide: &str, others: &[(&str, &str)]) -> Report {
    let size = "<p:presentation><p:sldSz cx=\"100\" cy=\"50\"/></p:presentation>";
    let parts = [("ppt/presentation.xml", size), ("ppt/slides/slide3.xml", slide)];
    scan("a.pptx", &[parts.as_slice(), others].concat())
}

#[track_caller]
fn only<'r>(report: &'r Report, rule: &str) -> &'r Finding {
    let found = of(report, rule);
    assert_eq!(found.len(), 1, "{rule}: {:#?}", report.findings);
    found[0]
}

/// A shape at a place, with what fills it and its text, if any.
fn placed(bounds: (i32, i32, i32, i32), fill: &str, text: &str) -> String {
    let (x, y, width, height) = bounds;
    format!(
        "<p:sp><p:spPr><a:xfrm><a:off x=\"{x}\" y=\"{y}\"/><a:ext cx=\"{width}\" cy=\"{height}\"/></a:xfrm>\
        <a:prstGeom prst=\"rect\"/>{fill}</p:spPr><p:txBody><a:p>{text}</a:p></p:txBody></p:sp>"
    )
}

const BLACK: &str = "<a:solidFill><a:srgbClr val=\"000000\"/></a:solidFill>";
const PLAIN: &str = "<a:r><a:t>eva@corp.com</a:t></a:r>";

#[track_caller]
fn stands(body: &str, channel: Channel) {
    let report = pptx(&format!("<p:sld><p:spTree>{body}</p:spTree></p:sld>"), &[]);
    assert_eq!(only(&report, "personal.email").location.channel, channel, "{body}");
}

#[test]
fn text_under_shapes_and_pictures_is_found_and_other_text_is_not() {
    let text = placed((10, 10, 20, 10), "<a:noFill/>", PLAIN);
    let cover = |bounds, fill: &str| text.clone() + &placed(bounds, fill, "");
    stands(&cover((8, 8, 30, 20), BLACK), Channel::CoveredText);
    let clear =
        "<a:solidFill><a:srgbClr val=\"000000\"><a:alpha val=\"40000\"/></a:srgbClr></a:solidFill>";
    stands(&cover((8, 8, 30, 20), clear), Channel::Visible);
    stands(&cover((8, 8, 30, 20), "<a:noFill/>"), Channel::Visible);
    stands(&cover((20, 8, 30, 20), BLACK), Channel::Visible);
    stands(&(placed((8, 8, 30, 20), BLACK, "") + &text), Channel::Visible);
    let turned = cover((8, 8, 30, 20), BLACK);
    let at = turned.rfind("<a:xfrm>").expect("a frame");
    stands(
        &format!("{}<a:xfrm rot=\"2700000\">{}", &turned[..at], &turned[at + 8..]),
        Channel::Visible,
    );
    let picture = "<p:pic><p:blipFill><a:blip r:embed=\"r1\"/></p:blipFill><p:spPr><a:xfrm><a:off x=\"0\" \
        y=\"0\"/><a:ext cx=\"90\" cy=\"40\"/></a:xfrm><a:prstGeom prst=\"rect\"/></p:spPr></p:pic>";
    stands(&(text.clone() + picture), Channel::CoveredText);
    // What is drawn only by programs that know no better covers nothing.
    let other = placed((8, 8, 30, 20), BLACK, "");
    let fallback =
        format!("<mc:AlternateContent><mc:Fallback>{other}</mc:Fallback></mc:AlternateContent>");
    stands(&(text + &fallback), Channel::Visible);
}

#[test]
fn groups_move_and_hide_what_is_in_them() {
    let group = |hidden: &str, x: i32| {
        let text = placed((10, 10, 20, 10), "", PLAIN);
        format!(
            "<p:grpSp><p:nvGrpSpPr><p:cNvPr name=\"g\" {hidden}/></p:nvGrpSpPr><p:grpSpPr><a:xfrm><a:off \
            x=\"{x}\" y=\"0\"/><a:ext cx=\"50\" cy=\"50\"/><a:chOff x=\"0\" y=\"0\"/><a:chExt cx=\"100\" \
            cy=\"100\"/></a:xfrm></p:grpSpPr>{text}</p:grpSp>"
        )
    };
    stands(&group("", 0), Channel::Visible);
    stands(&group("", 94), Channel::Visible);
    stands(&group("", 95), Channel::OffSlide);
    stands(&group("", -15), Channel::OffSlide);
    stands(&group("hidden=\"1\"", 0), Channel::OffSlide);
}

#[test]
fn text_in_the_colour_of_its_ground_is_found() {
    let run = |colour: &str| {
        format!(
            "<a:r><a:rPr><a:solidFill>{colour}</a:solidFill></a:rPr><a:t>eva@corp.com</a:t></a:r>"
        )
    };
    let black = run("<a:srgbClr val=\"000000\"/>");
    let white = run("<a:schemeClr val=\"bg1\"/>");
    stands(&placed((1, 1, 9, 9), BLACK, &black), Channel::WhiteText);
    stands(&placed((1, 1, 9, 9), "", &black), Channel::Visible);
    stands(&placed((1, 1, 9, 9), BLACK, &white), Channel::Visible);
    let theme = "<a:theme><a:clrScheme><a:dk1><a:srgbClr val=\"000000\"/></a:dk1><a:lt1><a:sysClr \
        lastClr=\"FFFFFF\"/></a:lt1></a:clrScheme></a:theme>";
    let slide = |body: &str, ground: &str| {
        let slide = format!("<p:sld><p:bg>{ground}</p:bg>{body}</p:sld>");
        let report = pptx(&slide, &[("ppt/theme/theme1.xml", theme)]);
        only(&report, "personal.email").location.channel
    };
    let paper = "<p:bgRef idx=\"1001\"><a:schemeClr val=\"bg1\"/></p:bgRef>";
    let picture = "<p:bgPr><a:blipFill/></p:bgPr>";
    let alone = placed((1, 1, 9, 9), "<a:noFill/>", &white);
    assert_eq!(slide(&alone, paper), Channel::WhiteText);
    assert_eq!(slide(&alone, picture), Channel::Visible);
    assert_eq!(slide(&(placed((0, 0, 20, 20), BLACK, "") + &alone), paper), Channel::Visible);
    assert_eq!(slide(&placed((1, 1, 9, 9), "", &black), paper), Channel::Visible);
}

#[test]
fn alternatives_count_once_and_both_are_searched() {
    let both = |first: &str, second: &str| {
        format!(
            "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>{}</w:txbxContent></mc:Choice>\
            <mc:Fallback><w:txbxContent>{}</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>",
            run(first),
            run(second)
        )
    };
    let emails = |body: &str| of(&docx(body), "personal.email").len();
    assert_eq!(emails(&both("eva@corp.com", "eva@corp.com")), 1);
    assert_eq!(emails(&both("eva@corp.com", "carl@corp.com")), 2);
    assert_eq!(emails(&both("nothing", "carl@corp.com")), 1);
}

#[test]
fn boxes_off_the_page_are_found() {
    let boxed = |x: i64| {
        format!(
            "<w:p><w:r><w:drawing><wp:anchor><wp:positionH relativeFrom=\"page\"><wp:posOffset>{x}</wp:posOffset>\
            </wp:positionH><wp:positionV relativeFrom=\"page\"><wp:posOffset>9000</wp:posOffset></wp:positionV>\
            <wp:extent cx=\"900000\" cy=\"900000\"/><w:txbxContent>{}</w:txbxContent></wp:anchor></w:drawing></w:r></w:p>",
            run("eva@corp.com")
        )
    };
    let channel = |body: &str| only(&docx(body), "personal.email").location.channel;
    assert_eq!(channel(&boxed(-1_000_000)), Channel::OffPage);
    assert_eq!(channel(&boxed(1_000_000)), Channel::Visible);
    let older = |style: &str| {
        let text = run("eva@corp.com");
        format!(
            "<w:p><w:r><w:pict><v:shape style=\"{style}\"><v:textbox><w:txbxContent>{text}</w:txbxContent>\
            </v:textbox></v:shape></w:pict></w:r></w:p>"
        )
    };
    assert_eq!(channel(&older("margin-left:-900pt;width:90pt")), Channel::OffPage);
    assert_eq!(channel(&older("margin-left:9pt;width:90pt")), Channel::Visible);
}
