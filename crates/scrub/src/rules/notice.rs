//! Notices: what readers find by structure and not by a pattern. Their words are data like rules.

use super::{RuleError, Trouble, Wording};
use crate::finding::Channel;

macro_rules! notices {
    ($($name:ident = $id:literal,)+) => {
        /// What a reader can find without a pattern.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Notice {
            $(#[doc = $id] $name,)+
        }

        impl Notice {
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];

            pub(crate) const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }
        }
    };
}

notices! {
    TrackedDeletion = "hidden.tracked-deletion",
    TrackedInsertion = "hidden.tracked-insertion",
    TrackedChange = "hidden.tracked-change",
    Comment = "hidden.comment",
    Author = "hidden.author",
    HiddenText = "hidden.text",
    WhiteText = "hidden.white-text",
    TinyText = "hidden.tiny-text",
    HiddenSheet = "hidden.sheet",
    VeryHiddenSheet = "hidden.very-hidden-sheet",
    HiddenRow = "hidden.row",
    HiddenColumn = "hidden.column",
    DefinedName = "hidden.defined-name",
    HiddenSlide = "hidden.slide",
    Notes = "hidden.notes",
    OffSlide = "hidden.off-slide",
    HeaderFooter = "hidden.header-footer",
    CustomXml = "hidden.custom-xml",
    Property = "metadata.property",
    Template = "metadata.template",
    RevisionId = "metadata.revision-ids",
    ExternalLink = "hidden.external-link",
    Connection = "hidden.connection",
    Cache = "hidden.cache",
    Embedded = "hidden.embedded",
    Macro = "hidden.macro",
    Thumbnail = "hidden.thumbnail",
    Output = "hidden.notebook-output",
    MessageHeader = "metadata.message-header",
    TypeMismatch = "file.type-mismatch",
    Encrypted = "file.encrypted",
    Bomb = "file.bomb",
    Broken = "file.broken",
    Encoding = "file.encoding",
    UnsafeName = "file.unsafe-name",
    ArchiveComment = "hidden.archive-comment",
    ArchiveOwner = "metadata.archive-owner",
    TrailingBytes = "hidden.trailing-bytes",
    DenyList = "deny-list.term",
    // Compound files of older Office, OpenDocument, RTF.
    Remnant = "hidden.remnant",
    EarlierText = "hidden.earlier-text",
    Version = "hidden.version",
    SaveHistory = "metadata.save-history",
    SourcePath = "metadata.source-path",
    Printer = "metadata.printer",
    Signature = "metadata.signature",
    MarkupComment = "hidden.markup-comment",
    // Newer Office.
    ArchiveGap = "hidden.archive-gap",
    PrinterSettings = "metadata.printer-settings",
    // PDF.
    CoveredText = "hidden.covered-text",
    TextUnderImage = "hidden.text-under-image",
    TextUnderText = "hidden.text-under-text",
    InvisibleText = "hidden.invisible-text",
    OcrLayer = "hidden.ocr-layer",
    OffPage = "hidden.off-page",
    UnappliedRedaction = "hidden.unapplied-redaction",
    LayerText = "hidden.layer",
    EarlierRevision = "hidden.earlier-revision",
    IncrementalUpdate = "metadata.incremental-update",
    Orphan = "hidden.orphaned-object",
    Script = "hidden.script",
    Xfa = "hidden.xfa",
    HiddenField = "hidden.form-field",
    PrivateData = "hidden.private-data",
    EmptyPassword = "file.empty-password",
    OutsideBytes = "hidden.outside-bytes",
    // Pictures.
    PicturePosition = "metadata.picture-position",
    PictureOwner = "metadata.picture-owner",
    PictureSerial = "metadata.picture-serial",
    PictureMetadata = "metadata.picture",
    PictureCaption = "metadata.picture-caption",
    PictureHistory = "metadata.picture-history",
    PicturePath = "metadata.picture-path",
    MakerNote = "metadata.maker-note",
    PictureComment = "hidden.picture-comment",
    OtherThumbnail = "hidden.other-thumbnail",
    SecondPicture = "hidden.second-picture",
    PictureRemainder = "hidden.picture-remainder",
    PictureTrailing = "hidden.picture-trailing-bytes",
    TransparentPixels = "hidden.transparent-pixels",
    CroppedPicture = "hidden.cropped-picture",
    Frames = "hidden.frames",
    // Repositories and files that hold credentials.
    GitHistory = "hidden.git-history",
    GitDeletedFile = "hidden.git-deleted-file",
    GitOldVersion = "hidden.git-old-version",
    GitUnreachable = "hidden.git-unreachable",
    GitStash = "hidden.git-stash",
    GitBranch = "hidden.git-branch",
    GitNote = "hidden.git-note",
    GitStaged = "hidden.git-staged",
    GitHook = "hidden.git-hook",
    GitIdentity = "metadata.git-identity",
    GitSignature = "metadata.git-signature",
    GitRemote = "metadata.git-remote",
    GitSubmodule = "metadata.git-submodule",
    GitWrongId = "file.git-wrong-id",
    GitLargeFile = "file.git-large-file",
    Credentials = "file.credentials",
    CommandHistory = "file.history",
    Leftover = "file.leftover",
    FreePages = "hidden.free-pages",
    // Texts.
}

impl Notice {
    fn of(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|notice| notice.id() == id)
    }

    /// The channel that a finding of this notice stands in.
    pub(crate) const fn channel(self) -> Channel {
        match self {
            Self::TrackedDeletion => Channel::TrackedDeletion,
            Self::TrackedInsertion => Channel::TrackedInsertion,
            Self::TrackedChange => Channel::TrackedChange,
            Self::Comment | Self::ArchiveComment => Channel::Comment,
            Self::Author => Channel::Author,
            Self::HiddenText => Channel::HiddenText,
            Self::WhiteText => Channel::WhiteText,
            Self::TinyText => Channel::TinyText,
            Self::HiddenSheet => Channel::HiddenSheet,
            Self::VeryHiddenSheet => Channel::VeryHiddenSheet,
            Self::HiddenRow => Channel::HiddenRow,
            Self::HiddenColumn => Channel::HiddenColumn,
            Self::DefinedName => Channel::DefinedName,
            Self::ArchiveGap => Channel::OtherPart,
            Self::PrinterSettings => Channel::Metadata,
            Self::HiddenSlide => Channel::HiddenSlide,
            Self::Notes => Channel::Notes,
            Self::OffSlide => Channel::OffSlide,
            Self::HeaderFooter => Channel::HeaderFooter,
            Self::CustomXml => Channel::CustomXml,
            Self::Property => Channel::Property,
            Self::Template => Channel::Template,
            Self::RevisionId => Channel::RevisionId,
            Self::ExternalLink => Channel::ExternalLink,
            Self::Connection => Channel::Connection,
            Self::Cache => Channel::Cache,
            Self::Embedded => Channel::Embedded,
            Self::Macro => Channel::Macro,
            Self::Thumbnail => Channel::Thumbnail,
            Self::Output => Channel::Output,
            Self::MessageHeader | Self::ArchiveOwner | Self::TrailingBytes => Channel::Metadata,
            Self::GitHistory
            | Self::GitDeletedFile
            | Self::GitOldVersion
            | Self::GitUnreachable
            | Self::GitStash
            | Self::GitBranch
            | Self::GitNote
            | Self::GitStaged
            | Self::GitHook => Channel::History,
            Self::GitIdentity | Self::GitSignature => Channel::Author,
            Self::GitRemote | Self::GitSubmodule | Self::GitLargeFile => Channel::ExternalLink,
            Self::GitWrongId => Channel::Metadata,
            Self::FreePages => Channel::OtherPart,
            Self::Credentials | Self::CommandHistory | Self::Leftover => Channel::FileName,
            Self::PicturePosition => Channel::Position,
            Self::PictureOwner => Channel::Author,
            Self::PictureSerial
            | Self::PictureMetadata
            | Self::PictureCaption
            | Self::PictureHistory
            | Self::PicturePath
            | Self::MakerNote => Channel::Metadata,
            Self::PictureComment => Channel::Comment,
            Self::OtherThumbnail => Channel::Thumbnail,
            Self::SecondPicture | Self::PictureTrailing => Channel::Embedded,
            Self::PictureRemainder
            | Self::TransparentPixels
            | Self::CroppedPicture
            | Self::Frames => Channel::HiddenPixels,
            Self::Script => Channel::Macro,
            Self::TypeMismatch | Self::UnsafeName => Channel::FileName,
            Self::CoveredText
            | Self::TextUnderImage
            | Self::TextUnderText
            | Self::UnappliedRedaction => Channel::CoveredText,
            Self::InvisibleText | Self::OcrLayer => Channel::InvisibleText,
            Self::OffPage => Channel::OffPage,
            Self::LayerText => Channel::Layer,
            Self::EarlierRevision => Channel::EarlierRevision,
            Self::Orphan | Self::OutsideBytes => Channel::Orphan,
            Self::Xfa | Self::HiddenField => Channel::Form,
            Self::PrivateData | Self::IncrementalUpdate => Channel::Metadata,
            Self::EmptyPassword => Channel::Visible,
            Self::Remnant | Self::EarlierText => Channel::Remnant,
            Self::Version => Channel::Version,
            Self::SaveHistory | Self::SourcePath | Self::Printer | Self::Signature => {
                Channel::Metadata
            }
            Self::MarkupComment => Channel::Comment,
            Self::Encrypted | Self::Bomb | Self::Broken | Self::Encoding | Self::DenyList => {
                Channel::Visible
            }
        }
    }
}

/// Wordings by id, as they come from the files, in the order of the notices.
pub(super) fn complete(
    mut given: Vec<(String, String, Wording)>,
) -> Result<Vec<Wording>, RuleError> {
    if let Some((file, id, _)) = given.iter().find(|(_, id, _)| Notice::of(id).is_none()) {
        return Err(RuleError::new(file, Some(id), Trouble::UnknownNotice));
    }
    let mut wordings = Vec::new();
    for notice in Notice::ALL {
        let at = given
            .iter()
            .position(|(_, id, _)| id == notice.id())
            .ok_or_else(|| RuleError::new("", Some(notice.id()), Trouble::NoWording))?;
        wordings.push(given.swap_remove(at).2);
    }
    match given.first() {
        Some((file, id, _)) => Err(RuleError::new(file, Some(id), Trouble::SameId)),
        None => Ok(wordings),
    }
}
