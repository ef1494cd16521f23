//! What the groups of a document are for: text that shows, text that does not, bytes.

use crate::finding::Channel;

/// Where the text of a group goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Text of a page: the body, notes at its foot, headers and footers.
    Shown(Channel),
    /// A comment.
    Comment,
    /// The name or initials of an author.
    Author,
    /// Authors, each in a group.
    Authors,
    /// A property of the document.
    Property(&'static str),
    /// Name of a property of the user's own.
    PropertyName,
    /// The path of the template.
    Template,
    /// The instruction of a field.
    Instruction,
    /// Markup that the document was made from.
    Markup,
    Fonts,
    Colours,
    RevisionIds,
    /// A picture, in digits or bytes.
    Picture,
    /// An embedded object, in digits or bytes.
    Object,
    /// Other data, in digits or bytes.
    Data,
    /// What programs write for themselves.
    Other,
    /// Anything else; it is searched, for people too.
    Unknown,
}

/// Words of groups with names of styles, fonts, lists and the like, which are no people.
const OF_PROGRAMS: [&str; 18] = [
    "defchp",
    "defpap",
    "expandedcolortbl",
    "falt",
    "generator",
    "latentstyles",
    "levelnumbers",
    "leveltext",
    "listname",
    "listoverridetable",
    "listtable",
    "mmathPr",
    "panose",
    "picprop",
    "pnseclvl",
    "stylename",
    "wgrffmtfilter",
    "xmlnstbl",
];

impl Purpose {
    /// What a group is for, by the word that begins it; `None` if the word begins no group.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "header" | "headerl" | "headerr" | "headerf" | "footer" | "footerl" | "footerr"
            | "footerf" => Self::Shown(Channel::HeaderFooter),
            "footnote" | "shptxt" | "dptxbxtext" => Self::Shown(Channel::Visible),
            "annotation" => Self::Comment,
            "atnid" | "atnauthor" => Self::Author,
            "revtbl" | "protusertbl" => Self::Authors,
            "template" => Self::Template,
            "fldinst" => Self::Instruction,
            "htmltag" => Self::Markup,
            "fonttbl" => Self::Fonts,
            "colortbl" => Self::Colours,
            "rsidtbl" => Self::RevisionIds,
            "pict" => Self::Picture,
            "objdata" => Self::Object,
            "datastore" | "themedata" | "colorschememapping" => Self::Data,
            "propname" => Self::PropertyName,
            "xe" | "tc" | "rxe" | "info" | "filetbl" => Self::Unknown,
            "stylesheet" => Self::Other,
            _ if OF_PROGRAMS.contains(&word) => Self::Other,
            _ => Self::Property(property(word)?),
        })
    }

    /// Whether bytes come in the place of text.
    pub(super) const fn has_bytes(self) -> bool {
        matches!(self, Self::Picture | Self::Object | Self::Data)
    }

    /// The channel that text of this purpose is searched in.
    pub(super) const fn channel(self) -> Channel {
        match self {
            Self::Shown(channel) => channel,
            Self::Comment => Channel::Comment,
            Self::Author | Self::Authors => Channel::Author,
            Self::Property(_) | Self::PropertyName => Channel::Property,
            Self::Template => Channel::Template,
            Self::Instruction => Channel::ExternalLink,
            Self::RevisionIds => Channel::RevisionId,
            Self::Unknown => Channel::Metadata,
            _ => Channel::OtherPart,
        }
    }
}

/// The name of a property of the document, by its word.
fn property(word: &str) -> Option<&'static str> {
    const PROPERTIES: [(&str, &str); 16] = [
        ("title", "title"),
        ("subject", "subject"),
        ("author", "author"),
        ("manager", "manager"),
        ("company", "company"),
        ("operator", "last author"),
        ("category", "category"),
        ("keywords", "keywords"),
        ("comment", "comments"),
        ("doccomm", "comments"),
        ("hlinkbase", "base of links"),
        ("staticval", "value"),
        ("linkval", "source of a value"),
        ("docvar", "variable"),
        ("windowcaption", "window caption"),
        ("mailmerge", "mail merge"),
    ];
    PROPERTIES.iter().find(|(known, _)| *known == word).map(|(_, name)| *name)
}

/// Characters that have a word of their own.
pub(super) fn character(word: &str) -> Option<char> {
    Some(match word {
        "tab" | "cell" | "nestcell" => '\t',
        "emdash" => '—',
        "endash" => '–',
        "bullet" => '•',
        "lquote" => '‘',
        "rquote" => '’',
        "ldblquote" => '“',
        "rdblquote" => '”',
        "emspace" | "enspace" | "qmspace" => ' ',
        _ => return None,
    })
}

/// The code page of a font, by its set of characters.
pub(super) const fn page_of(charset: i32) -> u32 {
    match charset {
        77 => 10000,
        128 => 932,
        129 | 130 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => 1252,
    }
}
