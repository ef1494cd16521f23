// Statements, receipts and proofs (RFC 9052, 9942, 9995; C2SP tlog-proof).

const ENTRY_MAX = 16 << 10;
const STATEMENT_MAX = 256 << 10;
const THUMBPRINT_URI = "urn:ietf:params:oauth:ckt:sha-256:";
const UUID_URI = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MEDIA_TYPE = /^application\/vnd\.attestry\.([a-z-]+)\+json$/;
const PUBLIC_TYPES = ["genesis", "policy", "key-enrolled", "key-rotated", "key-revoked", "status"];
const SEALED_TYPE = "statement";
const PACK_TYPE = "pack";

// What every COSE_Sign1 has: tag 18 and four parts.
function parseSign1(bytes, what) {
  const item = decodeCbor(bytes, what);
  const parts = item instanceof Tagged && item.tag === 18 ? item.value : null;
  require(Array.isArray(parts) && parts.length === 4, `${what} is no COSE_Sign1`);
  const [protectedBytes, unprotected, payload, signature] = parts;
  const isForm =
    protectedBytes instanceof Uint8Array &&
    unprotected instanceof Pairs &&
    (payload === null || payload instanceof Uint8Array) &&
    signature instanceof Uint8Array &&
    signature.length === 64;
  require(isForm, `${what} is no COSE_Sign1 with an Ed25519 signature`);
  const header = decodeCbor(protectedBytes, `the header of ${what}`);
  require(header instanceof Pairs, `the header of ${what} is no map`);
  require(!header.has(2), `the header of ${what} marks labels as critical`);
  require([-8, -19].includes(header.get(1)), `${what} is signed by another algorithm than Ed25519`);
  const kid = header.get(4);
  require(kid instanceof Uint8Array && kid.length === 32, `${what} does not name the key that signed it`);
  const claims = header.get(15);
  require(claims instanceof Pairs, `${what} lacks its claims`);
  return { protectedBytes, unprotected, payload, signature, header, claims, kid: base64url(kid) };
}

function toBeSigned(protectedBytes, payload) {
  const head = concat(cborHead(4, 4), cborHead(3, 10), utf8("Signature1"));
  return concat(head, cborBytes(protectedBytes), cborBytes(new Uint8Array(0)), cborBytes(payload));
}

// A statement, the entry that it is in the log, and what is attached to it.
async function parseStatement(bytes, what) {
  require(bytes.length <= STATEMENT_MAX, `${what} is too long for a statement`);
  const message = parseSign1(bytes, what);
  const { header, claims, kid, payload, protectedBytes, signature, unprotected } = message;
  require(header.others([1, 4, 15, 258, 259]).length === 0, `the header of ${what} has labels that no statement has`);
  require(claims.others([1, 2, 3, 6]).length === 0, `${what} has claims that no statement has`);
  require(header.get(258) === -16, `${what} does not commit to its payload by SHA-256`);
  const [, type] = MEDIA_TYPE.exec(header.get(259)) ?? [];
  const isKnown = [...PUBLIC_TYPES, SEALED_TYPE, PACK_TYPE].includes(type);
  require(isKnown, `${what} is of a type that is not known here`);
  require(claims.get(1) === `${THUMBPRINT_URI}${kid}`, `${what} names another issuer than the key that signed it`);
  const [subject, audience, issuedAt] = [2, 3, 6].map((claim) => claims.get(claim));
  require(isSubject(subject), `${what} is about something that no statement is about`);
  require(typeof audience === "string" && audience !== "", `${what} does not say which log it is for`);
  require(isSize(issuedAt), `${what} has no possible time of signing`);
  require(payload !== null && payload.length === 32, `${what} does not hold the digest of a payload`);
  const entry = concat(
    Uint8Array.of(0xd2, 0x84), cborBytes(protectedBytes), Uint8Array.of(0xa0),
    cborBytes(payload), cborBytes(signature),
  );
  require(entry.length <= ENTRY_MAX, `${what} is too long for an entry`);
  const leaf = await leafHash(entry);
  return { what, type, kid, subject, audience, issuedAt, digest: payload, leaf, unprotected, message };
}

function isSubject(subject) {
  if (typeof subject !== "string") return false;
  return UUID_URI.test(subject) ||
    (subject.startsWith(THUMBPRINT_URI) && hashOfBase64url(subject.slice(THUMBPRINT_URI.length)) !== null);
}

function isAboutMatter(statement) {
  return statement.subject.startsWith("urn:uuid:");
}

// The key that is attached to a statement; null if none is.
async function attachedKey(statement) {
  const bytes = statement.unprotected.get("attestry-key");
  if (bytes === undefined) return null;
  const what = `the key attached to ${statement.what}`;
  require(bytes instanceof Uint8Array, `${what} is not in bytes`);
  const pairs = decodeCbor(bytes, what);
  const isForm = pairs instanceof Pairs && pairs.get(1) === 1 && pairs.get(-1) === 6 && !pairs.has(-4);
  require(isForm && pairs.others([1, 2, 3, -1, -2]).length === 0, `${what} is no Ed25519 key`);
  const key = await keyOf(pairs.get(-2), what);
  require(key.thumbprint === statement.kid, `${what} is another one than the statement names`);
  return key;
}

async function verifyStatement(statement, key) {
  require(key !== null, `${statement.what}: the key that signed it is not in the pack`);
  require(key.thumbprint === statement.kid, `${statement.what} is signed by another key`);
  const message = toBeSigned(statement.message.protectedBytes, statement.digest);
  const isValid = await verifies(key, message, statement.message.signature);
  require(isValid, `${statement.what}: the signature does not verify`);
}

function attachedReceipts(statement) {
  const receipts = statement.unprotected.get(394);
  if (receipts === undefined) return [];
  const isForm = Array.isArray(receipts) && receipts.length >= 1 && receipts.length <= 8 &&
    receipts.every((receipt) => receipt instanceof Uint8Array && receipt.length <= 8 << 10);
  require(isForm, `the receipts of ${statement.what} are malformed`);
  return receipts;
}

// Follows a receipt from the statement to the root that the log signed.
async function verifyReceipt(bytes, statement, receiptKey, origin) {
  const what = `the receipt of ${statement.what}`;
  const message = parseSign1(bytes, what);
  const { claims, header, kid, payload, protectedBytes, signature, unprotected } = message;
  require(payload === null, `${what} has its payload attached`);
  require(header.get(395) === 1, `${what} is for another kind of tree`);
  require(claims.get(2) === origin, `${what} is of another log`);
  require(kid === receiptKey.thumbprint, `${what} is signed by another key than the log's`);
  const proofs = unprotected.get(396);
  const inclusion = proofs instanceof Pairs && proofs.size === 1 ? proofs.get(-1) : null;
  const isForm = Array.isArray(inclusion) && inclusion.length === 1 && inclusion[0] instanceof Uint8Array;
  require(isForm, `${what} does not hold one proof of inclusion`);
  const proof = decodeCbor(inclusion[0], what);
  const [size, index, path] = Array.isArray(proof) && proof.length === 3 ? proof : [];
  const isPath = isSize(size) && isSize(index) && Array.isArray(path) && path.length > 0 &&
    path.every((hash) => hash instanceof Uint8Array && hash.length === 32);
  require(isPath, `${what} holds no path`);
  require(header.get("attestry-tree-size") === size, `${what} is for another size than the one that is signed`);
  const { root } = await followPath(statement.leaf, index, size, path, what);
  const isValid = await verifies(receiptKey, toBeSigned(protectedBytes, root), signature);
  require(isValid, `${what}: the signature does not cover the root that the path leads to`);
  return { index, size, root };
}

// A proof in a file: index, path and checkpoint.
function parseLogProof(bytes, what) {
  const lines = textOf(bytes, what).split("\n");
  require(lines.shift() === "c2sp.org/tlog-proof@v1", `${what} is no proof of a log`);
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const [, digits] = /^index ([0-9]+)$/.exec(lines.shift() ?? "") ?? [];
  const index = decimal(digits ?? "");
  require(index !== null, `${what} names no position`);
  const end = lines.indexOf("");
  require(end >= 0 && end <= 63, `${what} has no path of a possible length`);
  const path = lines.slice(0, end).map((line) => bytesOfBase64(line));
  require(path.every((hash) => hash?.length === 32), `${what} has a path that is not made of hashes`);
  return { index, path, checkpoint: utf8(lines.slice(end + 1).join("\n")) };
}
