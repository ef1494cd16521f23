// Deterministic CBOR (RFC 8949 §4.2.1): whatever has another encoding than the shortest is refused.

const DEPTH_MAX = 8;

class Tagged {
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

// A map as the list of its pairs, with labels that are numbers or texts.
class Pairs {
  constructor(pairs) {
    this.pairs = pairs;
  }

  get size() {
    return this.pairs.length;
  }

  get(label) {
    return this.pairs.find(([found]) => found === label)?.[1];
  }

  has(label) {
    return this.pairs.some(([found]) => found === label);
  }

  // Labels that are not in the list.
  others(labels) {
    return this.pairs.map(([label]) => label).filter((label) => !labels.includes(label));
  }
}

class CborReader {
  constructor(bytes, name) {
    this.bytes = bytes;
    this.name = name;
    this.at = 0;
  }

  refuse(why) {
    fail(`${this.name} is not deterministic CBOR: ${why}`);
  }

  head() {
    const initial = this.bytes[this.at++];
    if (initial === undefined) this.refuse("it is cut short");
    const [major, info] = [initial >> 5, initial & 31];
    if (major === 7) {
      if (info < 20 || info > 22) this.refuse("it holds a kind of value that is not used");
      return [major, info];
    }
    if (info < 24) return [major, info];
    const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[info];
    if (width === undefined) this.refuse("a length is not definite");
    if (this.at + width > this.bytes.length) this.refuse("it is cut short");
    let argument = 0n;
    for (let digit = 0; digit < width; digit++) argument = (argument << 8n) | BigInt(this.bytes[this.at++]);
    const smallest = { 1: 24n, 2: 1n << 8n, 4: 1n << 16n, 8: 1n << 32n }[width];
    if (argument < smallest) this.refuse("a number is not in its shortest form");
    if (argument > BigInt(Number.MAX_SAFE_INTEGER)) this.refuse("a number is beyond 2^53");
    return [major, Number(argument)];
  }

  string(length) {
    if (length > this.bytes.length - this.at) this.refuse("it is cut short");
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  item(depth) {
    const [major, argument] = this.head();
    if (major >= 4 && major <= 6 && depth >= DEPTH_MAX) this.refuse("it is nested too deeply");
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.string(argument);
      case 3:
        return textOf(this.string(argument), `a text in ${this.name}`);
      case 4: {
        const items = [];
        for (let number = 0; number < argument; number++) items.push(this.item(depth + 1));
        return items;
      }
      case 5:
        return this.map(argument, depth + 1);
      case 6:
        if (argument === 2 || argument === 3) this.refuse("it holds a number of a second form");
        return new Tagged(argument, this.item(depth + 1));
      default:
        return { 20: false, 21: true, 22: null }[argument];
    }
  }

  map(count, depth) {
    const pairs = [];
    let before = null;
    for (let number = 0; number < count; number++) {
      const start = this.at;
      const label = this.item(depth);
      const encoded = this.bytes.subarray(start, this.at);
      if (before !== null && compareBytes(before, encoded) >= 0) this.refuse("labels are out of order or there twice");
      before = encoded;
      pairs.push([label, this.item(depth)]);
    }
    return new Pairs(pairs);
  }
}

// One item and nothing after it.
function decodeCbor(bytes, name) {
  const reader = new CborReader(bytes, name);
  const item = reader.item(0);
  if (reader.at !== bytes.length) reader.refuse("bytes follow it");
  return item;
}

function cborHead(major, argument) {
  const initial = major << 5;
  if (argument < 24) return Uint8Array.of(initial | argument);
  if (argument < 0x100) return Uint8Array.of(initial | 24, argument);
  if (argument < 0x10000) return Uint8Array.of(initial | 25, argument >> 8, argument & 0xff);
  return concat(Uint8Array.of(initial | 26), u64(argument).subarray(4));
}

function cborBytes(bytes) {
  return concat(cborHead(2, bytes.length), bytes);
}
