// ZIP archives, read from their central directory, within limits. Nothing is extracted to disk.

const ENTRIES_MAX = 500_000;
const TOTAL_MAX = 2 * 2 ** 30;
// Largest file: the browser hashes a file as one piece.
const FILE_MAX = 2 ** 30;
// How many times an entry may expand, once it is beyond the bytes that are free.
const RATIO_MAX = 200;
const FREE_BYTES = 2 ** 20;
const PATH_MAX = 4096 + 64;

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

async function slice(file, from, length) {
  require(from >= 0 && length >= 0 && from + length <= file.size, "the archive is cut short");
  return new Uint8Array(await file.slice(from, from + length).arrayBuffer());
}

function view(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function wide(data, at) {
  const value = Number(data.getBigUint64(at, true));
  require(Number.isSafeInteger(value), "the archive has sizes beyond what any file has");
  return value;
}

// A relative path that stays inside wherever it is unpacked.
function isPath(path) {
  if (utf8(path).length > PATH_MAX || /[\u0000-\u001f\u007f-\u009f\\]/.test(path)) return false;
  if (/^[A-Za-z]:/.test(path)) return false;
  return path.split("/").every((name) => name !== "" && name !== "." && name !== "..");
}

// Where the central directory is, and how many entries it has.
async function findDirectory(file) {
  const length = Math.min(file.size, END_BYTES + 0xffff);
  const tail = await slice(file, file.size - length, length);
  const data = view(tail);
  for (let at = length - END_BYTES; at >= 0; at--) {
    if (data.getUint32(at, true) !== 0x06054b50) continue;
    if (at + END_BYTES + data.getUint16(at + 20, true) !== length) continue;
    require(data.getUint16(at + 4, true) === 0, "the archive is one part of several");
    const end = file.size - length + at;
    const small = {
      entries: data.getUint16(at + 10, true),
      bytes: data.getUint32(at + 12, true),
      start: data.getUint32(at + 16, true),
      end,
    };
    const isLarge =
      small.entries === 0xffff || small.bytes === 0xffffffff || small.start === 0xffffffff;
    return isLarge ? findLargeDirectory(file, small) : small;
  }
  return fail("this is not a ZIP archive, or it is cut short");
}

async function findLargeDirectory(file, small) {
  const locator = view(await slice(file, small.end - LOCATOR_BYTES, LOCATOR_BYTES));
  if (locator.getUint32(0, true) !== 0x07064b50) return small;
  const at = wide(locator, 8);
  const record = view(await slice(file, at, 56));
  require(record.getUint32(0, true) === 0x06064b50, "the archive's directory is not where it should be");
  return { entries: wide(record, 32), bytes: wide(record, 40), start: wide(record, 48), end: at };
}

// Sizes and place of an entry, from its large fields where the small ones are full.
function placeOf(data, at, nameBytes, extraBytes) {
  const place = {
    packed: data.getUint32(at + 20, true),
    size: data.getUint32(at + 24, true),
    start: data.getUint32(at + 42, true),
  };
  const wanted = ["size", "packed", "start"].filter((field) => place[field] === 0xffffffff);
  let field = at + CENTRAL_BYTES + nameBytes;
  const end = field + extraBytes;
  while (wanted.length > 0 && field + 4 <= end) {
    const [kind, length] = [data.getUint16(field, true), data.getUint16(field + 2, true)];
    if (kind === 1) {
      wanted.forEach((name, number) => {
        require(8 * (number + 1) <= length, "the archive's directory is damaged");
        place[name] = wide(data, field + 4 + 8 * number);
      });
      wanted.length = 0;
    }
    field += 4 + length;
  }
  return place;
}

function readDirectory(bytes, count) {
  const data = view(bytes);
  const entries = [];
  let at = 0;
  for (let number = 0; number < count; number++) {
    const isWhole = at + CENTRAL_BYTES <= bytes.length && data.getUint32(at, true) === 0x02014b50;
    require(isWhole, "the archive's directory is damaged");
    const lengths = [28, 30, 32].map((offset) => data.getUint16(at + offset, true));
    const next = at + CENTRAL_BYTES + lengths[0] + lengths[1] + lengths[2];
    require(next <= bytes.length, "the archive's directory is damaged");
    const rawName = bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + lengths[0]);
    const name = textOf(rawName, "the name of a file in the archive");
    const [flags, method] = [data.getUint16(at + 8, true), data.getUint16(at + 10, true)];
    require((flags & 1) === 0, `${name} is encrypted`);
    require(method === STORED || method === DEFLATED, `${name} is compressed in a way not read here`);
    entries.push({ name, rawName, method, ...placeOf(data, at, lengths[0], lengths[1]) });
    at = next;
  }
  require(at === bytes.length, "the archive's directory is damaged");
  return entries;
}

// Where the bytes of an entry begin. Its own header must name it as the directory does.
async function findData(file, entry, limit) {
  const header = view(await slice(file, entry.start, LOCAL_BYTES));
  require(header.getUint32(0, true) === 0x04034b50, `${entry.name} is not where the archive's directory says`);
  const [nameBytes, extraBytes] = [header.getUint16(26, true), header.getUint16(28, true)];
  const name = await slice(file, entry.start + LOCAL_BYTES, nameBytes);
  const agrees = sameBytes(name, entry.rawName) && header.getUint16(8, true) === entry.method;
  require(agrees, `${entry.name} has another name in its own header than in the archive's directory`);
  entry.data = entry.start + LOCAL_BYTES + nameBytes + extraBytes;
  require(entry.data + entry.packed <= limit, `${entry.name} overlaps what comes after it`);
}

// The files of an archive, by name, unread.
async function openArchive(file) {
  const directory = await findDirectory(file);
  const { entries: count, bytes, start, end } = directory;
  require(count <= ENTRIES_MAX, `the archive has ${count} entries, more than ${ENTRIES_MAX}`);
  require(start + bytes === end, "the archive's directory is not where it should be");
  const entries = readDirectory(await slice(file, start, bytes), count);
  const byPlace = [...entries].sort((a, b) => a.start - b.start);
  for (const [number, entry] of byPlace.entries()) {
    await findData(file, entry, byPlace[number + 1]?.start ?? start);
  }
  const files = new Map();
  for (const entry of entries) {
    const isFolder = entry.name.endsWith("/") && entry.size === 0;
    const path = isFolder ? entry.name.slice(0, -1) : entry.name;
    require(isPath(path), `the archive holds ${JSON.stringify(entry.name)}, which is no path of a pack`);
    require(!files.has(path), `the archive holds ${path} twice`);
    files.set(path, isFolder ? null : entry);
  }
  for (const [path, entry] of files) if (entry === null) files.delete(path);
  return files;
}

// The bytes of an entry. Sizes in headers are claims; what comes out is counted.
async function readEntry(file, entry) {
  const { name, size, packed, method, data } = entry;
  require(size <= FILE_MAX, `${name} has ${size} bytes, more than this page can hash; use attestry verify`);
  require(size <= Math.max(FREE_BYTES, packed * RATIO_MAX), `${name} expands to more than ${RATIO_MAX} times its size`);
  if (method === STORED) {
    require(size === packed, `${name} has another size than the archive's directory says`);
    return slice(file, data, size);
  }
  const blob = file.slice(data, data + packed);
  const reader = blob.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces = [];
  let found = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => fail(`${name} cannot be decompressed`));
    if (done) break;
    found += value.length;
    if (found > size) {
      await reader.cancel().catch(() => {});
      fail(`${name} expands to more than the ${size} bytes that the archive's directory says`);
    }
    pieces.push(value);
  }
  require(found === size, `${name} has another size than the archive's directory says`);
  return concat(...pieces);
}
