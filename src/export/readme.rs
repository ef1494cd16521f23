//! The page of a pack that is read first.

use attestry_proof::{custody::PayloadState, pack::Reader};

use super::Dossier;

/// What the pack is, what it shows, and how to check it.
pub(super) fn readme(dossier: &Dossier) -> String {
    let index = &dossier.index;
    let (events, statements) = (dossier.custody.events.len(), dossier.statements.len());
    let count =
        |state| dossier.custody.events.iter().filter(|event| event.payload == state).count();
    let (withheld, erased) = (count(PayloadState::Withheld), count(PayloadState::Erased));
    let left_out = match (index.reader, withheld) {
        (Reader::Legal | Reader::Auditor, _) => "Nothing was left out for the reader.".to_owned(),
        (reader, withheld) => format!(
            "Made for: {}. Payloads of {withheld} events were left out; their digests are here.",
            reader.as_str()
        ),
    };
    let natives = match !dossier.natives().is_empty() {
        true => "files/        the files of the submission\n",
        false => "",
    };
    format!(
        "AUDIT PACK\n\
         \n\
         Submission    {subject}\n\
         Log           {origin}\n\
         Position      {size} entries, the last of them logged {as_of} by the service's clock\n\
         Root          {root}\n\
         Events        {events}, of which {erased} can no longer be read by anybody\n\
         {left_out}\n\
         \n\
         What it shows\n\
         \n\
         Each statement in statements/ was signed by the key that it names, and is in the log at the\n\
         position in its file name. The log proves that somebody with that key said this, no later than\n\
         the first checkpoint that covers it. It does not prove that what was said is true. That there are no other\n\
         statements about the submission is the service's word.\n\
         \n\
         How to check it\n\
         \n\
         With the program, from somewhere else than this pack, and a trust file that you did not get\n\
         together with it:\n\
         \n\
         \x20   attestry verify pack.zip --trust FILE\n\
         \n\
         Without a program: open verify.html in a browser, from a copy whose digest you compared with\n\
         the published one, and drop the pack on it. Neither way uses a network.\n\
         \n\
         What is in it\n\
         \n\
         pack.json     the digest of every file; pack.cose is the service's signature over it\n\
         statements/   {statements} statements with receipts and proofs (COSE, RFC 9052, 9942, 9995)\n\
         payloads/     what the statements commit to, by SHA-256\n\
         openings/     the lists of files, with what is needed to prove each one\n\
         policies/     the rules and clause texts in force, by the digest of the bundle\n\
         checkpoint    the newest checkpoint; first.checkpoint that of the first statement, and\n\
         \x20             consistency.json the proof that one continues the other\n\
         keys.json     how the keys came into the log, and left it\n\
         custody.json  the chain of custody; custody.csv as a table, report.pdf to read\n\
         loadfile.dat  load file for review platforms (Concordance, UTF-8)\n\
         {natives}\
         certificate.pdf  a draft for whoever certifies the record; not signed, not filed\n\
         \n\
         pack.json, custody.*, report.pdf, certificate.pdf, loadfile.dat and this page are copies for\n\
         people and programs. Evidence is statements, payloads, proofs and checkpoints.\n",
        subject = index.subject,
        origin = index.origin,
        size = index.size,
        as_of = dossier.as_of,
        root = index.root,
    )
}
