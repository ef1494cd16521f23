// The load file that follows from the lists of files. MD5 is not computed here: browsers do not
// have it, and the SHA-256 beside it is.

const SEPARATOR = "\u0014";
const QUOTE = "\u00fe";
const LOAD_COLUMNS = [
  "DOCID", "BEGBATES", "ENDBATES", "CUSTODIAN", "SUBMISSION", "SIDE", "FILEPATH", "FILENAME", "FILESIZE", "MEDIATYPE",
  "SHA256HASH", "MD5HASH", "NATIVELINK",
];

function loadCell(text) {
  const plain = text.replaceAll("\n", "\u00ae").replace(/[\r\u0014]/g, "").replaceAll(QUOTE, QUOTE + QUOTE);
  return QUOTE + plain + QUOTE;
}

function loadLine(cells) {
  return `${cells.map(loadCell).join(SEPARATOR)}\r\n`;
}

function checkLoadFile(bytes, index, lists, custody) {
  const found = textOf(bytes, "loadfile.dat").split("\r\n");
  const own = custody.events.find(({ subject }) => subject === `urn:uuid:${index.subject}`);
  let text = `\ufeff${loadLine(LOAD_COLUMNS)}`;
  let number = 0;
  for (const { role, files } of lists) {
    for (const { path, size, media_type: mediaType, sha256: digest } of files) {
      number += 1;
      const id = `${index.subject}-${String(number).padStart(6, "0")}`;
      const [, md5] = /^\u00fe([0-9a-f]{32})\u00fe$/.exec(found[number]?.split(SEPARATOR)[11] ?? "") ?? [];
      const isHere = index.natives && !index.erased_files.includes(digest);
      const link = isHere ? `files/${role}/${path}`.replaceAll("/", "\\") : "";
      text += loadLine([
        id, id, id, own?.signed_by.key ?? "", index.subject, role, path, path.split("/").at(-1), String(size), mediaType,
        digest, isHere ? (md5 ?? "none") : "", link,
      ]);
    }
  }
  require(sameBytes(utf8(text), bytes), "loadfile.dat is not what follows from the lists of files");
}
