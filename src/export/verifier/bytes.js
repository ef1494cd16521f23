// Bytes, texts and the one kind of error: the first thing that fails, as a sentence.

class Fault extends Error {}

function fail(sentence) {
  throw new Fault(sentence);
}

function require(condition, sentence) {
  if (!condition) fail(sentence);
}

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// Order of bytes: negative, zero or positive.
function compareBytes(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    if (a[at] !== b[at]) return a[at] - b[at];
  }
  return a.length - b.length;
}

function sameBytes(a, b) {
  return compareBytes(a, b) === 0;
}

const encoder = new TextEncoder();

function utf8(text) {
  return encoder.encode(text);
}

// Order of texts by their UTF-8, which is not that of UTF-16 beyond the basic plane.
function compareText(a, b) {
  return /[\ud800-\udfff]/.test(a + b) ? compareBytes(utf8(a), utf8(b)) : a < b ? -1 : a > b ? 1 : 0;
}

function textOf(bytes, name) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail(`${name} is not UTF-8`);
  }
}

// Whether an object in a text that is JSON has a member twice: readers disagree which one counts.
function repeatsMember(text) {
  const open = [];
  for (const [token, name, colon] of text.matchAll(/[{}[\]]|("(?:[^"\\]|\\.)*")(\s*:)?/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (colon !== undefined) {
      const [names, member] = [open.at(-1), JSON.parse(name)];
      if (names.has(member)) return true;
      names.add(member);
    }
  }
  return false;
}

function jsonOf(bytes, name) {
  const text = textOf(bytes, name);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    fail(`${name} is not JSON`);
  }
  require(!repeatsMember(text), `${name} says something twice`);
  return value;
}

// A document that is written one way only, so that two readers cannot read two things in it.
function canonicalJsonOf(bytes, name) {
  const value = jsonOf(bytes, name);
  const again = utf8(`${JSON.stringify(value, null, 2)}\n`);
  require(sameBytes(again, bytes), `${name} is not written the one way in which packs write it`);
  return value;
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// 32 bytes from 64 lowercase digits; null for anything else.
function hashOfHex(text) {
  if (typeof text !== "string" || !/^[0-9a-f]{64}$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g), (digits) => parseInt(digits, 16));
}

function base64(bytes) {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}

// Standard base64 with padding, written the one way; null for anything else.
function bytesOfBase64(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return base64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

function base64url(bytes) {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// 32 bytes from 43 letters of base64url; null for anything else.
function hashOfBase64url(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(text)) return null;
  return bytesOfBase64(`${text.replaceAll("-", "+").replaceAll("_", "/")}=`);
}

function u64(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

// A decimal number as C2SP texts write it; null for anything else. Sizes beyond 2^53 are refused:
// no log has them, and numbers here are exact up to there.
function decimal(text) {
  if (!/^(0|[1-9][0-9]*)$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

function isSize(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

// Whether an object has these members and no other.
function hasMembers(value, names) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const found = Object.keys(value);
  return found.length === names.length && names.every((name) => Object.hasOwn(value, name));
}

function utcTime(seconds) {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString().replace(".000Z", "Z");
}
