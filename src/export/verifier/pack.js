// A pack, from the archive to the verdict. The first thing that fails ends it.

const PACK_MEMBERS = ["schema", "origin", "subject", "size", "root", "first_size", "reader", "natives", "erased_files", "files"];
const READERS = ["legal", "auditor", "contractor", "reviewer", "consumer", "public"];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function parseIndex(bytes) {
  const index = canonicalJsonOf(bytes, "pack.json");
  require(index?.schema === "attestry/pack/v1", "pack.json is not the index of a pack, or of another version");
  const isForm = hasMembers(index, PACK_MEMBERS) && typeof index.origin === "string" && UUID.test(index.subject) &&
    isSize(index.size) && isSize(index.first_size) && hashOfHex(index.root) !== null &&
    READERS.includes(index.reader) && typeof index.natives === "boolean" && Array.isArray(index.files) &&
    Array.isArray(index.erased_files) && index.erased_files.every((digest) => hashOfHex(digest) !== null);
  require(isForm, "pack.json is not of the form that an index has");
  require(index.first_size <= index.size, "pack.json: the first checkpoint is of a larger log than the newest");
  const isSorted = index.erased_files.every((digest, at, all) => at === 0 || compareText(all[at - 1], digest) < 0);
  require(isSorted, "pack.json names erased files out of order or twice");
  let before = "";
  for (const file of index.files) {
    const isFile = hasMembers(file, ["path", "size", "sha256"]) && typeof file.path === "string" &&
      isSize(file.size) && hashOfHex(file.sha256) !== null;
    require(isFile, "pack.json names something that is no file");
    const isPlace = isPath(file.path) && file.path !== "pack.json" && file.path !== "pack.cose";
    require(isPlace, `pack.json names ${JSON.stringify(file.path)}, which is no path of a pack`);
    require(compareText(before, file.path) < 0, `pack.json names ${file.path} out of order or twice`);
    before = file.path;
  }
  return index;
}

// One pack on its way to a verdict.
class Examination {
  constructor(file, policy, progress) {
    this.file = file;
    this.policy = policy;
    this.progress = progress;
    this.bytes = new Map();
    this.roots = new Map();
    this.judged = new Map();
    this.passed = [];
  }

  async run() {
    const found = await openArchive(this.file);
    require(found.has("pack.json"), "there is no pack.json in this archive: it is no audit pack");
    require(found.has("pack.cose"), "pack.cose, the signature over the index, is missing");
    this.indexBytes = await readEntry(this.file, found.get("pack.json"));
    this.index = parseIndex(this.indexBytes);
    await this.readFiles(found);
    await this.readStatements();
    await this.adoptGenesis();
    await this.checkPosition();
    await this.checkStatements();
    const unknown = checkSpeakers(this.statements, this.identity);
    this.pass("No key had ended where it signed, and each had the role for what can be read" +
      (unknown > 0 ? `; of ${unknown} statements the enrolment of the key is not in the pack` : ""));
    await this.checkSignature(await readEntry(this.file, found.get("pack.cose")));
    await this.checkDerived();
    return this;
  }

  pass(sentence) {
    this.passed.push(sentence);
  }

  // Every file has the size and digest that the index names; all but the natives are kept.
  async readFiles(found) {
    const { files } = this.index;
    const listed = new Set(files.map(({ path }) => path));
    const more = [...found.keys()].find((path) => !listed.has(path) && path !== "pack.json" && path !== "pack.cose");
    require(more === undefined, `${more} is not in the index`);
    let kept = 0;
    for (const [number, { path, size, sha256: digest }] of files.entries()) {
      const entry = found.get(path);
      require(entry !== undefined, `${path} is missing`);
      const bytes = await readEntry(this.file, entry);
      const isSame = bytes.length === size && hex(await sha256(bytes)) === digest;
      require(isSame, `${path} is not the file that the index names`);
      if (!path.startsWith("files/")) {
        kept += bytes.length;
        require(kept <= TOTAL_MAX, "the archive expands to more than a pack may have");
        this.bytes.set(path, bytes);
      }
      if (number % 50 === 0) await this.progress("Reading files", number, files.length);
    }
    const natives = files.filter(({ path }) => path.startsWith("files/")).length;
    this.pass(`Each of ${files.length} files has the size and SHA-256 that the index names` +
      (natives > 0 ? `, ${natives} files of the submission among them` : ""));
  }

  fileAt(path) {
    return this.bytes.get(path) ?? fail(`${path} is missing`);
  }

  async readStatements() {
    this.statements = [];
    const payloads = new Map();
    for (const [path, bytes] of this.bytes) {
      if (path.startsWith("payloads/")) payloads.set(hex(await sha256(bytes)), { path, bytes });
    }
    for (const [path, bytes] of this.bytes) {
      if (!path.startsWith("statements/")) continue;
      const [, digits] = /^statements\/([0-9]{10,16})\.cose$/.exec(path) ?? [];
      const index = Number(digits);
      const isPlace = isSize(index) && path === `statements/${String(index).padStart(10, "0")}.cose`;
      require(isPlace, `${path} is not named by the position of a statement`);
      const statement = await parseStatement(bytes, path);
      require(statement.type !== PACK_TYPE, `${path} is a signature over a pack, which no log has`);
      require(statement.audience === this.index.origin, `${path} is for another log`);
      const payload = payloads.get(hex(statement.digest));
      statement.index = index;
      statement.payloadPath = payload?.path ?? null;
      statement.payload = payload ? parsePayload(payload.bytes, statement) : null;
      this.statements.push(statement);
    }
    this.statements.sort((a, b) => a.index - b.index);
    const committed = new Set(this.statements.map(({ digest }) => hex(digest)));
    for (const [digest, { path }] of payloads) {
      require(path === `payloads/${digest}.json`, `${path} does not have the digest that its name says`);
      require(committed.has(digest), `${path} is the payload of no statement in the pack`);
    }
  }

  // The keys of the log, as entry 0 names them. That it is entry 0 is proven with the others.
  async adoptGenesis() {
    const [first] = this.statements;
    const isGenesis = first?.index === 0 && first.payload?.kind === "genesis";
    require(isGenesis, "the log's first entry, which names its keys, is not in the pack");
    this.identity = await identityOf(first.payload, first);
    // Without a trust file the log is taken at its word about who it is, and at that only.
    this.policy ??= { logs: [this.identity.noteKey], witnesses: [], groups: [], quorum: null };
  }

  // Judges a checkpoint once; two roots for one size are two histories.
  async judge(bytes, what) {
    const id = hex(await sha256(bytes));
    if (!this.judged.has(id)) {
      const checkpoint = parseCheckpoint(bytes, what);
      const verdict = await judgeCheckpoint(checkpoint, this.policy, what);
      require(checkpoint.origin === this.index.origin, `${what} is of another log than pack.json says`);
      const isOwn = verdict.log.text === this.identity.noteKey.text;
      require(isOwn, `${what} is signed by another key than the log's first entry names`);
      this.addRoot(checkpoint.size, checkpoint.root, what);
      this.judged.set(id, { ...checkpoint, ...verdict });
    }
    return this.judged.get(id);
  }

  addRoot(size, root, what) {
    const known = this.roots.get(size);
    require(known === undefined || known === hex(root), `${what}: the log signed two histories of ${size} entries`);
    this.roots.set(size, hex(root));
  }

  // The newest checkpoint is the one that the index names, and continues the first one.
  async checkPosition() {
    const { size, root, first_size: firstSize } = this.index;
    const newest = await this.judge(this.fileAt("checkpoint"), "checkpoint");
    require(newest.size === size && hex(newest.root) === root, "checkpoint is not of the size and root that pack.json names");
    const first = await this.judge(this.fileAt("first.checkpoint"), "first.checkpoint");
    require(first.size === firstSize, "first.checkpoint is not of the size that pack.json names");
    const proof = canonicalJsonOf(this.fileAt("consistency.json"), "consistency.json");
    const path = Array.isArray(proof?.path) ? proof.path.map(hashOfHex) : [null];
    const isForm = hasMembers(proof, ["from", "path", "to"]) && proof.from === firstSize && proof.to === size &&
      !path.includes(null);
    const isOne = isForm && (await isConsistent(firstSize, first.root, size, newest.root, path));
    require(isOne, "consistency.json does not show that the newest checkpoint continues the first one");
    this.newest = newest;
    this.pass(`The checkpoint of ${size} entries is signed by the log` +
      (newest.isWitnessed ? " and was seen by the witnesses that you demand" : "") +
      `, and continues the one of ${firstSize} entries`);
  }

  async checkStatements() {
    for (const [number, statement] of this.statements.entries()) {
      await this.checkStatement(statement);
      if (number % 10 === 0) await this.progress("Checking statements", number, this.statements.length);
    }
    const count = this.statements.length;
    this.pass(`Each of ${count} statements was signed by the key that it names, and is in the log at its position`);
  }

  // Signature, path to the root of a checkpoint, receipts.
  async checkStatement(statement) {
    const { what, leaf, index, unprotected } = statement;
    require(index < this.index.size, `${what} is beyond the position that the pack is of`);
    await verifyStatement(statement, (await attachedKey(statement)) ?? this.knownKey(statement.kid));
    const proofBytes = unprotected.get("attestry-tlog-proof");
    require(proofBytes instanceof Uint8Array, `${what} has no proof that it is in the log`);
    const proof = parseLogProof(proofBytes, `the proof of ${what}`);
    const isHere = proof.index === index;
    require(isHere, `${what} is not the statement at its position: its proof is for entry ${proof.index}`);
    const checkpoint = await this.judge(proof.checkpoint, `the checkpoint of ${what}`);
    const { root, steps } = await followPath(leaf, index, checkpoint.size, proof.path, `the proof of ${what}`);
    require(sameBytes(root, checkpoint.root), `${what}: the path does not lead to the root of the checkpoint`);
    Object.assign(statement, { steps, provenAt: checkpoint.size, root });
    statement.receipts = 0;
    for (const receipt of attachedReceipts(statement)) {
      const place = await verifyReceipt(receipt, statement, this.identity.receiptKey, this.index.origin);
      require(place.index === index, `the receipt of ${what} is for another position`);
      this.addRoot(place.size, place.root, `the receipt of ${what}`);
      statement.receipts += 1;
    }
  }

  // A key that the log's own statements name, for statements without an attached one.
  knownKey(thumbprint) {
    const { serviceKey } = this.identity;
    return thumbprint === serviceKey.thumbprint ? serviceKey : null;
  }

  // The index is the service's.
  async checkSignature(bytes) {
    const signature = await parseStatement(bytes, "pack.cose");
    require(signature.unprotected.size === 0, "pack.cose has something attached to it");
    require(signature.type === PACK_TYPE, "pack.cose is of another type");
    require(signature.audience === this.index.origin, "pack.cose is for another log");
    require(signature.subject === `urn:uuid:${this.index.subject}`, "pack.cose is about something else");
    const isOver = sameBytes(signature.digest, await sha256(this.indexBytes));
    require(isOver, "pack.cose is not the signature of the log's service over pack.json: it is over another index");
    await verifyStatement(signature, this.identity.serviceKey);
    this.pass("The index is signed by the log's service");
  }

  async checkDerived() {
    const { index, statements } = this;
    this.custody = checkCustody(this.fileAt("custody.json"), index, statements);
    const derived = { "custody.csv": custodyTable(this.custody), "keys.json": keysDocument(statements) };
    for (const [path, required] of Object.entries(derived)) {
      require(sameBytes(required, this.fileAt(path)), `${path} is not what follows from the statements`);
    }
    this.pass("The chain of custody has no gap: each event names the one before it and leaves no statement out");
    this.lists = [];
    for (const [path, bytes] of this.bytes) {
      if (!path.startsWith("openings/")) continue;
      const list = await parseOpenings(bytes, path);
      list.isCommitted = isCommittedTo(list, statements);
      require(list.isCommitted !== false, `${path} is not the list of files that the statements commit to`);
      this.lists.push(list);
    }
    checkNatives(index, this.lists);
    if (this.lists.some((list) => list.isCommitted)) {
      this.pass("The lists of files are those that the statements commit to");
    }
    checkLoadFile(this.fileAt("loadfile.dat"), index, this.lists, this.custody);
    checkPolicies(index, statements);
    this.pass("The rules and clause texts are those that were in force and shown");
  }

  // Numbers of events whose payload is readable, withheld and erased.
  counts() {
    const count = (state) => this.custody.events.filter((event) => event.payload === state).length;
    return { readable: count("readable"), withheld: count("withheld"), erased: count("erased") };
  }
}
