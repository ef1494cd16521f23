// Signed notes, checkpoints and trust policies (C2SP signed-note, tlog-checkpoint,
// tlog-cosignature, tlog-policy).

const NOTE_MAX = 512 * 1024;
const SIGNATURES_MAX = 64;
const POLICY_MAX = 256 * 1024;
const POLICY_ITEMS_MAX = 256;
const LOG_KEY = 0x01;
const WITNESS_KEY = 0x04;

function isKeyName(name) {
  return name !== "" && !/[\s+\u0000-\u001f]/u.test(name);
}

// A verifier key: `name+id+base64(type ‖ key)`.
async function parseVkey(text, what) {
  const [name, id, ...rest] = text.split("+");
  const bytes = bytesOfBase64(rest.join("+"));
  const isForm = isKeyName(name) && /^[0-9a-f]{8}$/.test(id ?? "") && bytes !== null && bytes.length > 0;
  require(isForm, `${what} is not of the form name+id+key`);
  const kind = bytes[0];
  require(kind === LOG_KEY || kind === WITNESS_KEY, `${what} is of a type that is not verified here`);
  const key = await keyOf(bytes.slice(1), what);
  const digest = await sha256(utf8(`${name}\n`), bytes);
  require(hex(digest.subarray(0, 4)) === id, `${what} does not have the id that its name and key give`);
  return { text, name, id, kind, key };
}

function parseNote(bytes, what) {
  require(bytes.length <= NOTE_MAX, `${what} is too long for a note`);
  const note = textOf(bytes, what);
  require(!/[\u0000-\u0009\u000b-\u001f]/.test(note), `${what} has control characters`);
  const separator = note.lastIndexOf("\n\n");
  require(separator >= 0 && note.endsWith("\n"), `${what} is no signed note`);
  const text = note.slice(0, separator + 1);
  const lines = note.slice(separator + 2, -1).split("\n");
  require(lines.length <= SIGNATURES_MAX, `${what} has more than ${SIGNATURES_MAX} signatures`);
  const signatures = lines.map((line, number) => {
    const [, name, encoded] = /^— ([^ ]+) ([^ ]+)$/u.exec(line) ?? [];
    const decoded = bytesOfBase64(encoded ?? "!");
    const isForm = decoded !== null && decoded.length > 4 && isKeyName(name);
    require(isForm, `${what}: line ${number + 1} of its signatures is malformed`);
    return { name, id: hex(decoded.subarray(0, 4)), bytes: decoded.slice(4) };
  });
  return { text, signatures };
}

function parseCheckpoint(bytes, what) {
  const note = parseNote(bytes, what);
  const [origin, size, root] = note.text.split("\n");
  const checkpoint = { note, origin, size: decimal(size ?? ""), root: bytesOfBase64(root ?? "!") };
  const isForm = origin !== "" && checkpoint.size !== null && checkpoint.root?.length === 32;
  require(isForm, `${what} is no checkpoint: origin, size and root are not what they should be`);
  return checkpoint;
}

// Whether the note has a line of this key; one that does not verify refuses the note.
async function signedBy(note, vkey, what) {
  let found = false;
  for (const line of note.signatures.filter(({ name, id }) => name === vkey.name && id === vkey.id)) {
    const isValid = await verifies(vkey.key, utf8(note.text), line.bytes);
    require(isValid, `${what}: the signature of the log's key ${vkey.id} does not verify`);
    found = true;
  }
  return found;
}

// When a witness says that it saw the checkpoint, in seconds; null if it says nothing.
async function cosignedAt(note, witness, what) {
  let earliest = null;
  const { vkey } = witness;
  for (const line of note.signatures.filter(({ name, id }) => name === vkey.name && id === vkey.id)) {
    require(line.bytes.length === 72, `${what}: the cosignature of ${witness.name} is malformed`);
    const time = Number(view(line.bytes).getBigUint64(0));
    require(Number.isSafeInteger(time), `${what}: the cosignature of ${witness.name} has no possible time`);
    const message = utf8(`cosignature/v1\ntime ${time}\n${note.text}`);
    const isValid = await verifies(vkey.key, message, line.bytes.subarray(8));
    require(isValid, `${what}: the cosignature of ${witness.name} does not verify`);
    earliest = earliest === null ? time : Math.min(earliest, time);
  }
  return earliest;
}

class PolicyReader {
  constructor() {
    this.policy = { logs: [], witnesses: [], groups: [], quorum: undefined };
    this.names = new Map();
    this.members = new Set();
    this.keys = new Set();
  }

  async line(words, at) {
    const [keyword, ...rest] = words;
    const counts = { log: [1, 2], witness: [2, 3], group: [3, Infinity], quorum: [1, 1] };
    require(Object.hasOwn(counts, keyword), `${at}: a line begins with log, witness, group or quorum`);
    const [least, most] = counts[keyword];
    require(rest.length >= least && rest.length <= most, `${at}: ${keyword} is followed by too few or too many words`);
    await this[keyword](rest, at);
  }

  async vkey(word, kind, at) {
    const vkey = await parseVkey(word, `${at}: the key`);
    require(vkey.kind === kind, `${at}: a key of another type belongs here`);
    const id = `${kind} ${hex(vkey.key.point)}`;
    require(!this.keys.has(id), `${at}: an earlier line has the same key`);
    this.keys.add(id);
    require(this.keys.size <= POLICY_ITEMS_MAX, `${at}: the policy has too many keys`);
    return vkey;
  }

  async log([word], at) {
    this.policy.logs.push(await this.vkey(word, LOG_KEY, at));
  }

  async witness([name, word], at) {
    const vkey = await this.vkey(word, WITNESS_KEY, at);
    const witness = { name, vkey };
    this.define(name, { witness }, at);
    this.policy.witnesses.push(witness);
  }

  group([name, threshold, ...listed], at) {
    const members = listed.map((word) => this.resolve(word, at));
    for (const member of members) {
      require(!this.members.has(member), `${at}: a member is in a group already`);
      this.members.add(member);
    }
    const needed = { any: 1, all: members.length }[threshold] ?? decimal(threshold);
    const fits = needed !== null && needed >= 1 && needed <= members.length;
    require(fits, `${at}: the threshold is any, all or a number from 1 to ${members.length}`);
    require(this.policy.groups.length < POLICY_ITEMS_MAX, `${at}: the policy has too many groups`);
    const group = { name, threshold: needed, members };
    this.define(name, { group }, at);
    this.policy.groups.push(group);
  }

  quorum([name], at) {
    require(this.policy.quorum === undefined, `${at}: the quorum is defined already`);
    this.policy.quorum = name === "none" ? null : this.resolve(name, at);
  }

  define(name, member, at) {
    require(name !== "none" && !this.names.has(name), `${at}: the name is taken`);
    this.names.set(name, member);
  }

  resolve(name, at) {
    require(this.names.has(name), `${at}: ${name} is not defined by an earlier line`);
    return this.names.get(name);
  }
}

async function parsePolicy(text) {
  require(utf8(text).length <= POLICY_MAX, "the trust file is too long");
  require(!/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text), "the trust file has control characters");
  require(text.endsWith("\n"), "the last line of the trust file does not end, so it may be cut off");
  const reader = new PolicyReader();
  for (const [number, line] of text.slice(0, -1).split("\n").entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    if (words.length === 0 || words[0].startsWith("#")) continue;
    await reader.line(words, `trust file, line ${number + 1}`);
  }
  require(reader.policy.quorum !== undefined, "no line of the trust file defines the quorum");
  return reader.policy;
}

// A trust file, or the key of one log.
async function parseTrust(text) {
  const words = text.trim().split(/\s+/);
  if (words.length > 1) return parsePolicy(text.endsWith("\n") ? text : `${text}\n`);
  const vkey = await parseVkey(words[0], "the key");
  require(vkey.kind === LOG_KEY, "the key is that of a witness, not of a log");
  return { logs: [vkey], witnesses: [], groups: [], quorum: null };
}

function isSatisfied(member, times) {
  if (member.witness) return times.has(member.witness);
  const found = member.group.members.filter((inner) => isSatisfied(inner, times)).length;
  return found >= member.group.threshold;
}

// Judges a checkpoint: signed by a log of the policy, and seen by the quorum.
async function judgeCheckpoint(checkpoint, policy, what) {
  const { note, origin } = checkpoint;
  let log = null;
  for (const vkey of policy.logs) {
    if ((await signedBy(note, vkey, what)) && vkey.name === origin) log ??= vkey;
  }
  const times = new Map();
  for (const witness of policy.witnesses) {
    const time = await cosignedAt(note, witness, what);
    if (time !== null) times.set(witness, time);
  }
  if (log === null) {
    const isKnown = policy.logs.some((vkey) => vkey.name === origin);
    fail(isKnown
      ? `${what} is signed by another key than the one that you trust for ${origin}`
      : `${what} is of the log ${origin}, which is not the one that you trust`);
  }
  const isMet = policy.quorum === null || isSatisfied(policy.quorum, times);
  require(isMet, `${what} was not seen by the witnesses that your trust file demands`);
  const seen = [...times].map(([witness, time]) => ({ name: witness.name, time }));
  return { log, seen, isWitnessed: policy.quorum !== null };
}
