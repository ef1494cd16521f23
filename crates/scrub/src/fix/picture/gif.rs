//! GIF: comments, texts and blocks of applications are dropped; those that repeat frames are kept.

use super::Copy;
use crate::finding::Channel;
use crate::picture::gif::{APPLICATION, Block, COMMENT, PLAIN_TEXT, chain, parse};
use crate::report::Reason;

pub(super) fn fix(copy: &mut Copy, bytes: &[u8]) -> Result<(), Reason> {
    let gif = parse(bytes);
    if !gif.is_whole {
        return Err(Reason::Broken);
    }
    for piece in &gif.pieces {
        let name = chain(piece).first().and_then(|name| name.get(..8)).unwrap_or_default();
        let is_needed = matches!(name, b"NETSCAPE" | b"ANIMEXTS" | b"ICCRGBG1");
        match piece.block {
            Block::Extension(COMMENT) => copy.drop(Channel::Comment),
            Block::Extension(PLAIN_TEXT) => copy.drop(Channel::HiddenText),
            Block::Extension(APPLICATION) if !is_needed => copy.drop(Channel::Metadata),
            _ => copy.keep(piece.whole),
        }
    }
    copy.drop_rest(gif.rest);
    Ok(())
}
