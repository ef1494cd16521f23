// Lists of files, and the commitment to each (a complete binary tree over salted records).

const OPENINGS_MAX = 1_000_000;

// Bytes behind their length.
function measured(bytes) {
  return concat(u64(bytes.length), bytes);
}

async function fileLeaf({ path, size, media_type: mediaType, sha256: digest, salt }) {
  const fields = [utf8(path), u64(size), utf8(mediaType), hashOfHex(digest), hashOfBase64url(salt)];
  return sha256(LEAF, utf8("attestry/file/v1"), ...fields.map(measured));
}

// Leaves are the last nodes; the children of node i are 2i + 1 and 2i + 2.
async function batchRoot(leaves) {
  const nodes = [...new Array(leaves.length - 1), ...leaves];
  for (let node = leaves.length - 2; node >= 0; node--) {
    nodes[node] = await nodeHash(nodes[2 * node + 1], nodes[2 * node + 2]);
  }
  return nodes[0];
}

function isFileRecord(file) {
  return hasMembers(file, ["path", "size", "media_type", "sha256", "salt"]) &&
    typeof file.path === "string" && isPath(file.path) && file.path.normalize("NFC") === file.path &&
    isSize(file.size) && typeof file.media_type === "string" &&
    hashOfHex(file.sha256) !== null && hashOfBase64url(file.salt) !== null;
}

// Reads a list of files and computes its commitment.
async function parseOpenings(bytes, path) {
  const list = jsonOf(bytes, path);
  const isForm = hasMembers(list, ["schema", "role", "count", "total_size", "commitment", "files"]) &&
    list.schema === "attestry/openings/v1" && ["request", "deliverable"].includes(list.role) &&
    Array.isArray(list.files) && list.files.length > 0 && list.files.length <= OPENINGS_MAX &&
    list.files.every(isFileRecord);
  require(isForm, `${path} is no list of files`);
  const files = [...list.files].sort((a, b) => compareText(a.path, b.path));
  const isDistinct = files.every((file, number) => number === 0 || files[number - 1].path !== file.path) &&
    new Set(files.map((file) => file.salt)).size === files.length;
  require(isDistinct, `${path} has a file or a salt twice`);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  require(list.count === files.length && list.total_size === total, `${path} has another count or size than it says`);
  const leaves = [];
  for (const file of files) leaves.push(await fileLeaf(file));
  const root = await batchRoot(leaves);
  const commitment = await sha256(utf8("attestry/manifest/v1"), u64(files.length), root);
  require(hex(commitment) === list.commitment, `${path}: the files lead to another commitment than it says`);
  return { path, role: list.role, count: list.count, total, commitment: list.commitment, files };
}

// Whether a statement commits to a list: null if none that could is readable.
function isCommittedTo(list, statements) {
  const named = statements.flatMap(({ payload }) => payload?.envelope?.manifests ?? []);
  const ofRole = named.filter(({ role }) => role === list.role);
  if (ofRole.length === 0) return null;
  return ofRole.some(({ commitment, count }) => commitment === list.commitment && count === list.count);
}

// Files of the submission in the pack are those of the lists, all of them.
function checkNatives(index, lists) {
  const natives = new Map(index.files.filter(({ path }) => path.startsWith("files/")).map((file) => [file.path, file]));
  require(index.natives || natives.size === 0, "the pack holds files though its index says that it has none");
  if (!index.natives) return;
  for (const { role, files } of lists) {
    for (const { path, size, sha256: digest } of files) {
      if (index.erased_files.includes(digest)) continue;
      const place = `files/${role}/${path}`;
      const found = natives.get(place);
      require(found !== undefined, `${place} is in the list of files and not in the pack`);
      require(found.size === size && found.sha256 === digest, `${place} is not the file that the list of files names`);
      natives.delete(place);
    }
  }
  const [more] = natives.keys();
  require(more === undefined, `${more} is in no list of files`);
}
