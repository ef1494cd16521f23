//! Office documents made by hand: every hidden channel is found where it is, and a plain document
//! has none.

#![forbid(unsafe_code)]

mod support;

use attestry_scrub::report::Reason;
use attestry_scrub::{Channel, DenyList, Finding, Kind, Report};
use support::{of, rules_of, scanner, zipped};

const TYPES: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");

fn scan(name: &str, parts: &[(&str, &str)]) -> Report {
    let mut entries = vec![TYPES];
    entries.extend(parts.iter().map(|(name, text)| (*name, text.as_bytes())));
    scanner().scan(name, &zipped(&entries))
}

fn document(body: &str) -> String {
    format!("<w:document xmlns:w=\"u\"><w:body>{body}</w:body></w:document>")
}

fn docx(body: &str, others: &[(&str, &str)]) -> Report {
    let body = document(body);
    let parts: Vec<(&str, &str)> =
        [("word/document.xml", body.as_str())].into_iter().chain(others.iter().copied()).collect();
    scan("a.docx", &parts)
}

fn run(properties: &str, text: &str) -> String {
    format!("<w:p><w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r></w:p>")
}

fn only<'r>(report: &'r Report, rule: &str) -> &'r Finding {
    let found = of(report, rule);
    assert_eq!(found.len(), 1, "{rule}: {:#?}", report.findings);
    found[0]
}

#[test]
fn a_plain_document_has_no_findings() {
    let report = docx(&run("<w:b/>", "Nothing to see."), &[]);
    assert_eq!(report.findings, []);
    assert_eq!(report.not_read, []);
    assert_eq!(report.read[0].kind, Kind::Docx);
}

#[test]
fn text_is_found_across_runs_and_by_paragraph() {
    let body = "<w:p/><w:p><w:r><w:t>anna.b</w:t></w:r><w:r><w:t>erg@mail.com</w:t></w:r></w:p>";
    let report = docx(body, &[]);
    let found = only(&report, "personal.email");
    assert_eq!(found.location.paragraph, Some(2));
    assert_eq!(found.location.part.as_deref(), Some("word/document.xml"));
    assert_eq!(found.location.channel, Channel::Visible);
}

#[test]
fn tracked_changes_are_found_with_their_authors() {
    let body = "<w:p><w:del w:author=\"Anna Berg\"><w:r><w:delText>call anna@mail.com</w:delText>\
        </w:r></w:del><w:ins w:author=\"Carl Dorn\"><w:r><w:t>kept</w:t></w:r></w:ins>\
        <w:pPr><w:rPr><w:rPrChange w:author=\"Anna Berg\"><w:rPr/></w:rPrChange></w:rPr></w:pPr>\
        <w:moveFrom w:author=\"Eva\"><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p>";
    let report = docx(body, &[]);
    only(&report, "hidden.tracked-deletion");
    only(&report, "hidden.tracked-insertion");
    assert_eq!(of(&report, "hidden.tracked-change").len(), 2);
    assert_eq!(of(&report, "hidden.author").len(), 3);
    let email = only(&report, "personal.email");
    assert_eq!(email.location.channel, Channel::TrackedDeletion);
}

#[test]
fn a_name_that_only_an_author_has_is_found_by_the_deny_list() {
    let body = document("<w:p><w:ins w:author=\"Anna Berg\"><w:r><w:t>x</w:t></w:r></w:ins></w:p>");
    let bytes = zipped(&[TYPES, ("word/document.xml", body.as_bytes())]);
    let list = DenyList::new(["anna berg"]).expect("a sound list");
    let report = scanner().with_deny_list(list).scan("a.docx", &bytes);
    assert_eq!(only(&report, "deny-list.term").location.channel, Channel::Author);
}

#[test]
fn comments_headers_and_settings_are_found() {
    let comments = "<w:comments><w:comment w:author=\"Anna Berg\" w:initials=\"AB\"><w:p><w:r>\
        <w:t>ask bob@corp.com</w:t></w:r></w:p></w:comment></w:comments>";
    let header = "<w:hdr><w:p><w:r><w:t>Globodyne</w:t></w:r></w:p></w:hdr>";
    let settings = "<w:settings><w:rsids><w:rsid w:val=\"00A1\"/><w:rsid w:val=\"00A2\"/></w:rsids>\
        <w:docVars><w:docVar w:name=\"client\" w:val=\"Globodyne\"/></w:docVars></w:settings>";
    let relations = "<Relationships><Relationship Id=\"r1\" Type=\"x/attachedTemplate\" \
        Target=\"file:///C:/Users/anna/Letter.dotx\" TargetMode=\"External\"/></Relationships>";
    let people = "<w:people><w15:person w15:author=\"Eva\"/></w:people>";
    let report = docx(
        &run("", "x"),
        &[
            ("word/comments.xml", comments),
            ("word/header1.xml", header),
            ("word/settings.xml", settings),
            ("word/_rels/settings.xml.rels", relations),
            ("word/people.xml", people),
        ],
    );
    only(&report, "hidden.comment");
    only(&report, "hidden.header-footer");
    only(&report, "metadata.template");
    assert_eq!(only(&report, "metadata.revision-ids").count, 2);
    assert_eq!(of(&report, "hidden.author").len(), 2);
    assert_eq!(only(&report, "personal.email").location.channel, Channel::Comment);
    only(&report, "metadata.property");
}

#[test]
fn hidden_white_and_tiny_text_is_found_and_other_text_is_not() {
    let hidden = |properties: &str| rules_of(&docx(&run(properties, "text"), &[])).join(",");
    assert_eq!(hidden("<w:vanish/>"), "hidden.text");
    assert_eq!(hidden("<w:vanish w:val=\"true\"/>"), "hidden.text");
    assert_eq!(hidden("<w:color w:val=\"FFFFFF\"/>"), "hidden.white-text");
    assert_eq!(hidden("<w:sz w:val=\"2\"/>"), "hidden.tiny-text");
    for blotted in [
        "<w:color w:themeColor=\"background1\" w:val=\"auto\"/>",
        "<w:highlight w:val=\"black\"/>",
        "<w:color w:val=\"112233\"/><w:shd w:val=\"clear\" w:fill=\"112233\"/>",
    ] {
        assert_eq!(hidden(blotted), "hidden.white-text", "{blotted}");
    }
    for seen in [
        "<w:vanish w:val=\"0\"/>",
        "<w:color w:val=\"000000\"/>",
        "<w:color w:val=\"FFFFFF\"/><w:shd w:fill=\"000000\"/>",
        "<w:sz w:val=\"22\"/>",
        "<w:color w:themeColor=\"background1\" w:themeShade=\"80\" w:val=\"808080\"/>",
        "<w:highlight w:val=\"yellow\"/>",
        "<w:shd w:val=\"clear\" w:fill=\"000000\"/>",
    ] {
        assert_eq!(hidden(seen), "", "{seen}");
    }
}

#[test]
fn properties_and_custom_data_are_found() {
    let core = "<cp:coreProperties><dc:creator>Anna Berg</dc:creator>\
        <dcterms:created>2024-01-01</dcterms:created></cp:coreProperties>";
    let app = "<Properties><Company>Globodyne</Company><Pages>3</Pages>\
        <Template>Normal.dotm</Template><Application>Word</Application></Properties>";
    let custom = "<Properties><property name=\"Client\"><vt:lpwstr>Globodyne</vt:lpwstr></property>\
        </Properties>";
    let report = docx(
        &run("", "x"),
        &[
            ("docProps/core.xml", core),
            ("docProps/app.xml", app),
            ("docProps/custom.xml", custom),
            ("customXml/item1.xml", "<a>eva@corp.com</a>"),
        ],
    );
    let mut fields: Vec<_> = of(&report, "metadata.property")
        .into_iter()
        .filter_map(|finding| finding.location.field.as_deref())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["Client", "Company", "creator"]);
    only(&report, "hidden.custom-xml");
    assert_eq!(only(&report, "personal.email").location.channel, Channel::CustomXml);
}

#[test]
fn embedded_files_are_recursed_into_and_macros_and_pictures_are_said_to_be_not_read() {
    let inner_body = document(&run("<w:vanish/>", "eva@corp.com"));
    let inner = zipped(&[TYPES, ("word/document.xml", inner_body.as_bytes())]);
    let body = document("");
    let bytes = zipped(&[
        TYPES,
        ("word/document.xml", body.as_bytes()),
        ("word/embeddings/b.docx", &inner),
        ("word/vbaProject.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("docProps/thumbnail.jpeg", b"\xff\xd8\xff\xe0"),
        ("word/media/image1.png", b"\x89PNG\r\n\x1a\n"),
    ]);
    let report = scanner().scan("a.docm", &bytes);
    for rule in ["hidden.embedded", "hidden.macro", "hidden.thumbnail", "hidden.text"] {
        only(&report, rule);
    }
    let email = only(&report, "personal.email");
    assert_eq!(email.location.path, ["a.docm", "word/embeddings/b.docx"]);
    let mut parts: Vec<_> = report.not_read.iter().filter_map(|n| n.part.as_deref()).collect();
    parts.sort_unstable();
    assert_eq!(parts, ["pixels", "pixels", "structure", "structure"]);
    let macros = report.not_read.iter().find(|entry| entry.part.is_none()).expect("the macros");
    assert_eq!(macros.reason, Reason::Broken);
}

const RELATIONS: &str = "<Relationships>\
    <Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
    <Relationship Id=\"r2\" Type=\"x/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>\
    <Relationship Id=\"r3\" Type=\"x/worksheet\" Target=\"worksheets/sheet3.xml\"/></Relationships>";

fn xlsx(sheets: &str, parts: &[(&str, &str)]) -> Report {
    let workbook = format!("<workbook xmlns:r=\"r\">{sheets}</workbook>");
    let mut all =
        vec![("xl/workbook.xml", workbook.as_str()), ("xl/_rels/workbook.xml.rels", RELATIONS)];
    all.extend_from_slice(parts);
    scan("a.xlsx", &all)
}

#[test]
fn cells_are_found_by_sheet_and_address() {
    let sheet = "<worksheet><sheetData><row r=\"3\"><c r=\"B3\" t=\"s\"><v>1</v></c>\
        <c r=\"C3\" t=\"inlineStr\"><is><t>eva@corp.com</t></is></c>\
        <c r=\"D3\"><f>HYPERLINK(\"mailto:carl@corp.com\")</f><v>1</v></c></row></sheetData></worksheet>";
    let strings = "<sst><si><t>x</t></si><si><r><t>anna@</t></r><r><t>corp.com</t></r></si></sst>";
    let report = xlsx(
        "<sheets><sheet name=\"Plan\" r:id=\"r1\"/></sheets>",
        &[("xl/worksheets/sheet1.xml", sheet), ("xl/sharedStrings.xml", strings)],
    );
    let cells: Vec<_> = of(&report, "personal.email")
        .into_iter()
        .map(|finding| (finding.location.sheet.as_deref(), finding.location.cell.as_deref()))
        .collect();
    assert_eq!(
        cells,
        [(Some("Plan"), Some("B3")), (Some("Plan"), Some("C3")), (Some("Plan"), Some("D3"))]
    );
    // The first string is shown by no cell.
    only(&report, "hidden.cache");
    assert!(report.not_read.is_empty());
}

#[test]
fn hidden_sheets_rows_columns_and_names_are_found() {
    let sheets = "<sheets><sheet name=\"A\" r:id=\"r1\"/><sheet name=\"B\" state=\"hidden\" \
        r:id=\"r2\"/><sheet name=\"C\" state=\"veryHidden\" r:id=\"r3\"/></sheets><definedNames>\
        <definedName name=\"rate\">'[Globodyne.xlsx]S'!$A$1</definedName>\
        <definedName name=\"_xlnm.Print_Area\">A!$A$1</definedName></definedNames>";
    let first = "<worksheet><cols><col min=\"2\" max=\"3\" hidden=\"1\"/></cols><sheetData>\
        <row r=\"1\" hidden=\"1\"><c r=\"A1\" t=\"str\"><v>anna@corp.com</v></c></row>\
        <row r=\"2\"><c r=\"B2\" t=\"str\"><v>eva@corp.com</v></c>\
        <c r=\"D2\" t=\"str\"><v>seen</v></c></row></sheetData></worksheet>";
    let other = "<worksheet><sheetData><row><c t=\"str\"><v>carl@corp.com</v></c></row></sheetData></worksheet>";
    let report = xlsx(
        sheets,
        &[
            ("xl/worksheets/sheet1.xml", first),
            ("xl/worksheets/sheet2.xml", other),
            ("xl/worksheets/sheet3.xml", other),
        ],
    );
    only(&report, "hidden.sheet");
    only(&report, "hidden.very-hidden-sheet");
    assert_eq!(only(&report, "hidden.row").count, 1);
    assert_eq!(only(&report, "hidden.column").count, 1);
    only(&report, "hidden.defined-name");
    let mut channels: Vec<_> =
        of(&report, "personal.email").into_iter().map(|finding| finding.location.channel).collect();
    channels.sort_unstable();
    let expected =
        [Channel::HiddenSheet, Channel::VeryHiddenSheet, Channel::HiddenRow, Channel::HiddenColumn];
    assert_eq!(channels, expected);
}

#[test]
fn comments_links_connections_and_caches_of_workbooks_are_found() {
    let comments = "<comments><authors><author>Anna Berg</author></authors><commentList>\
        <comment ref=\"B2\" authorId=\"0\"><text><t>ask eva@corp.com</t></text></comment>\
        </commentList></comments>";
    let report = xlsx(
        "<sheets/>",
        &[
            ("xl/comments1.xml", comments),
            ("xl/persons/person.xml", "<personList><person displayName=\"Carl\"/></personList>"),
            (
                "xl/connections.xml",
                "<connections><connection><dbPr connection=\"Server=db1;UID=sa;PWD=t5Gq9vWx;\"/></connection></connections>",
            ),
            ("xl/pivotCache/pivotCacheRecords1.xml", "<r><s v=\"carl@corp.com\"/></r>"),
            ("xl/externalLinks/externalLink1.xml", "<externalLink/>"),
            (
                "xl/externalLinks/_rels/externalLink1.xml.rels",
                "<Relationships><Relationship Id=\"r1\" Type=\"x/externalLinkPath\" Target=\"file:///S:/Globodyne.xlsx\" TargetMode=\"External\"/></Relationships>",
            ),
        ],
    );
    assert_eq!(only(&report, "hidden.comment").location.cell.as_deref(), Some("B2"));
    assert_eq!(of(&report, "hidden.author").len(), 2);
    only(&report, "hidden.connection");
    only(&report, "secret.dotnet-connection");
    only(&report, "hidden.external-link");
    assert_eq!(of(&report, "hidden.cache").len(), 2);
    let mut channels: Vec<_> =
        of(&report, "personal.email").into_iter().map(|finding| finding.location.channel).collect();
    channels.sort_unstable();
    assert_eq!(channels, [Channel::Comment, Channel::Cache]);
}

fn pptx(slide: &str, others: &[(&str, &str)]) -> Report {
    let mut parts = vec![
        (
            "ppt/presentation.xml",
            "<p:presentation><p:sldSz cx=\"100\" cy=\"50\"/></p:presentation>",
        ),
        ("ppt/slides/slide3.xml", slide),
    ];
    parts.extend_from_slice(others);
    scan("a.pptx", &parts)
}

fn shape(x: i32, attributes: &str, size: u32, text: &str) -> String {
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr name=\"n\" {attributes}/></p:nvSpPr><p:spPr><a:xfrm>\
        <a:off x=\"{x}\" y=\"0\"/><a:ext cx=\"10\" cy=\"10\"/></a:xfrm></p:spPr><p:txBody><a:p>\
        <a:r><a:rPr sz=\"{size}\"/><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
}

#[test]
fn slides_are_read_and_what_they_hide_is_found() {
    let plain = format!("<p:sld>{}</p:sld>", shape(0, "", 1800, "eva@corp.com"));
    let report = pptx(&plain, &[]);
    assert_eq!(rules_of(&report), ["personal.email"]);
    assert_eq!(report.findings[0].location.slide, Some(3));

    for (slide, rule, channel) in [
        (plain.replace("<p:sld>", "<p:sld show=\"0\">"), "hidden.slide", Channel::HiddenSlide),
        (
            format!("<p:sld>{}</p:sld>", shape(100, "", 1800, "eva@corp.com")),
            "hidden.off-slide",
            Channel::OffSlide,
        ),
        (
            format!("<p:sld>{}</p:sld>", shape(-10, "", 1800, "eva@corp.com")),
            "hidden.off-slide",
            Channel::OffSlide,
        ),
        (
            format!("<p:sld>{}</p:sld>", shape(0, "hidden=\"1\"", 1800, "eva@corp.com")),
            "hidden.off-slide",
            Channel::OffSlide,
        ),
        (
            format!("<p:sld>{}</p:sld>", shape(0, "", 100, "eva@corp.com")),
            "hidden.tiny-text",
            Channel::TinyText,
        ),
    ] {
        let report = pptx(&slide, &[]);
        assert_eq!(only(&report, rule).location.slide, Some(3));
        assert_eq!(only(&report, "personal.email").location.channel, channel);
    }
}

#[test]
fn notes_and_comments_of_presentations_are_found() {
    let notes = format!("<p:notes>{}</p:notes>", shape(0, "", 1200, "carl@corp.com"));
    let report = pptx(
        "<p:sld/>",
        &[
            ("ppt/notesSlides/notesSlide1.xml", &notes),
            (
                "ppt/comments/comment1.xml",
                "<p:cmLst><p:cm authorId=\"0\"><p:text>ask eva@corp.com</p:text></p:cm></p:cmLst>",
            ),
            (
                "ppt/commentAuthors.xml",
                "<p:cmAuthorLst><p:cmAuthor id=\"0\" name=\"Anna Berg\" initials=\"AB\"/></p:cmAuthorLst>",
            ),
        ],
    );
    only(&report, "hidden.notes");
    only(&report, "hidden.comment");
    only(&report, "hidden.author");
    assert_eq!(of(&report, "personal.email").len(), 2);
}

#[test]
fn a_broken_part_is_said_to_be_so_after_what_can_be_read() {
    let report = scan(
        "a.docx",
        &[("word/document.xml", "<w:document><w:p><w:r><w:t>eva@corp.com</w:t></w:r></w:p>")],
    );
    only(&report, "personal.email");
    only(&report, "file.broken");
    assert_eq!(report.not_read[0].part.as_deref(), Some("word/document.xml"));
}

#[test]
fn an_encrypted_document_is_said_to_be_so() {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let sealed = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &name].concat();
    let report = scanner().scan("a.docx", &sealed);
    assert_eq!(report.not_read[0].reason, Reason::Encrypted);
    only(&report, "file.encrypted");
    let plain = scanner().scan("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    assert_eq!(plain.not_read[0].reason, Reason::Broken);
}

/// Names that all differ, marks inside each other: time stays in proportion to size.
#[test]
fn documents_made_to_take_long_do_not() {
    let started = std::time::Instant::now();
    let names: String = (0..60_000)
        .map(|at| format!("<definedName name=\"_xlnm.n{at}\">1</definedName>"))
        .collect();
    let report = xlsx(&format!("<definedNames>{names}</definedNames>"), &[]);
    assert_eq!(report.not_read, []);
    let nested = "<w:ins w:author=\"a\">".repeat(2000);
    let text = "<w:r><w:t>some text</w:t></w:r>".repeat(2000);
    let report = docx(&format!("<w:p>{nested}{text}"), &[]);
    assert_eq!(report.not_read.len(), 1);
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn text_is_hidden_through_styles_too() {
    let styles = "<w:styles><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val=\"22\"/></w:rPr>\
        </w:rPrDefault></w:docDefaults><w:style w:type=\"character\" w:styleId=\"A\"><w:rPr><w:vanish/>\
        </w:rPr></w:style><w:style w:type=\"character\" w:styleId=\"B\"><w:basedOn w:val=\"A\"/></w:style>\
        <w:style w:type=\"paragraph\" w:styleId=\"W\"><w:rPr><w:color w:val=\"FFFFFF\"/></w:rPr></w:style>\
        </w:styles>";
    let hidden = |body: &str| rules_of(&docx(body, &[("word/styles.xml", styles)])).join(",");
    assert_eq!(hidden(&run("<w:rStyle w:val=\"B\"/>", "text")), "hidden.text");
    assert_eq!(hidden(&run("<w:rStyle w:val=\"C\"/>", "text")), "");
    let white = "<w:p><w:pPr><w:pStyle w:val=\"W\"/>G</w:pPr><w:r><w:t>text</w:t></w:r></w:p>";
    assert_eq!(hidden(&white.replace('G', "")), "hidden.white-text");
    // White on a dark ground is seen.
    assert_eq!(hidden(&white.replace('G', "<w:shd w:val=\"clear\" w:fill=\"000000\"/>")), "");
    let cell =
        format!("<w:tbl><w:tc><w:tcPr><w:shd w:fill=\"112233\"/></w:tcPr>{white}</w:tc></w:tbl>");
    assert_eq!(hidden(&cell.replace('G', "")), "");
    assert_eq!(hidden(&run("<w:webHidden/>", "7")), "");
}

#[test]
fn cells_are_hidden_by_their_format_and_by_narrow_columns() {
    let styles = "<styleSheet><fonts><font/><font><color theme=\"0\"/></font></fonts><fills><fill>\
        <patternFill patternType=\"none\"/></fill></fills><cellXfs><xf fontId=\"0\" fillId=\"0\"/>\
        <xf fontId=\"1\" fillId=\"0\"/></cellXfs></styleSheet>";
    let sheet = "<worksheet><cols><col min=\"2\" max=\"2\" width=\"0.1\"/></cols><sheetData><row r=\"1\">\
        <c r=\"A1\" s=\"1\" t=\"str\"><v>eva@corp.com</v></c><c r=\"B1\" t=\"str\"><v>carl@corp.com</v></c>\
        <c r=\"C1\" t=\"str\"><v>seen</v></c></row></sheetData><dataValidations><dataValidation sqref=\"C1\">\
        <formula1>\"anna@corp.com,x\"</formula1></dataValidation></dataValidations></worksheet>";
    let report = xlsx(
        "<sheets><sheet name=\"A\" r:id=\"r1\"/></sheets>",
        &[("xl/worksheets/sheet1.xml", sheet), ("xl/styles.xml", styles)],
    );
    assert_eq!(only(&report, "hidden.white-text").location.cell.as_deref(), Some("A1"));
    assert_eq!(only(&report, "hidden.column").location.field.as_deref(), Some("B"));
    let mut channels: Vec<_> =
        of(&report, "personal.email").into_iter().map(|finding| finding.location.channel).collect();
    channels.sort_unstable();
    assert_eq!(channels, [Channel::WhiteText, Channel::HiddenColumn, Channel::OtherPart]);
}

/// An entry whose name is given a second time is replaced for every program, and still there.
#[test]
fn bytes_that_the_directory_does_not_name_are_read() {
    let body = document(&run("", "seen"));
    let first = zipped(&[
        ("x.txt", b"ask eva@corp.com"),
        TYPES,
        ("y.txt", b"seen"),
        ("word/document.xml", body.as_bytes()),
    ]);
    assert_eq!(rules_of(&scanner().scan("a.docx", &first)), ["personal.email"]);
    let mut bytes = first.clone();
    while let Some(at) = bytes.windows(5).position(|window| window == b"y.txt") {
        bytes[at..at + 5].copy_from_slice(b"x.txt");
    }
    let report = scanner().scan("a.docx", &bytes);
    only(&report, "hidden.archive-gap");
    assert!(only(&report, "personal.email").location.path[1].starts_with("x.txt#"));
    // What follows the end is noted; an archive as it is has neither.
    let longer = [first, b"more".to_vec()].concat();
    only(&scanner().scan("a.docx", &longer), "hidden.trailing-bytes");
}
