// Inside the wall: runs before any user's source and keeps what it needs out of that source's reach.
//
// Users may replace every global and every prototype. So whatever is called later is captured here,
// strings are built by concatenation, and nothing looks a method up on a value. What comes out is
// checked by the host all the same.
(() => {
  'use strict';
  const { parse, stringify } = JSON;
  const { apply, getPrototypeOf } = Reflect;
  const { isArray } = Array;
  const { hasOwn } = Object;
  const { now } = Date;
  const ArrayPrototype = Array.prototype;
  const ObjectPrototype = Object.prototype;
  const PromisePrototype = Promise.prototype;
  const DatePrototype = Date.prototype;
  const RangePrototype = RangeError.prototype;
  const { getTime, toISOString, toJSON } = DatePrototype;
  const { exec } = RegExp.prototype;
  const { charCodeAt, indexOf, slice, toWellFormed } = String.prototype;
  const { toString: symbolText } = Symbol.prototype;
  const isError = Error.isError;
  const Text = String;
  const Failure = TypeError;
  const Integers = Int32Array;
  const Bytes = ArrayBuffer;
  const { transfer } = ArrayBuffer.prototype;
  const Promised = Promise;

  // Other threads, other memory, other languages, and what outlives a record.
  const withhold = () => {
    for (const name of ['Atomics', 'FinalizationRegistry', 'SharedArrayBuffer', 'WeakRef', 'WebAssembly',
      '__timer_manager', 'clearTimeout', 'setTimeout']) {
      delete globalThis[name];
    }
  };
  Error.stackTraceLimit = 10;

  const NO_ROOM = 0; // the guest ends itself then
  const RESERVE_BYTES = 4 << 20;
  const MAX_MESSAGE_CHARS = 500;
  const MAX_COPIED_DEPTH = 100;
  const MAX_UNIT_BYTES = 3; // of UTF-8, for each unit of UTF-16
  // What V8 says where the heap has room and the system has none for what lies outside of it.
  const NO_MEMORY = {
    __proto__: null,
    'Array buffer allocation failed': 1,
    'ArrayBuffer.prototype.resize: Out of memory': 1,
    'WebAssembly.Memory(): could not allocate memory': 1,
  };
  const USER_PLACE = /function\.js:(\d+):(\d+)/;
  const BEYOND_ASCII = /[^\x00-\x7f]/;
  // An escape that JSON.stringify writes for half of a pair, and no escaped backslash before it.
  const LONE_SURROGATE = /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/;

  const state = { cursor: null, transform: undefined, reader: null, writer: null, mostOutput: 0, batchOutput: 0, logChars: 0, roomBytes: 0, reserve: null };
  let log = '';
  let logLeft = 0;

  const clean = (text, most) => apply(toWellFormed, apply(slice, text, [0, most]), []);

  // ---- what is printed

  const shown = (value) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'symbol') return apply(symbolText, value, []);
    try {
      if (typeof value === 'object' && value !== null && !isError(value)) {
        const text = stringify(value, replacer);
        if (typeof text === 'string') return text;
      }
      return Text(value);
    } catch {
      return '(its text cannot be read)';
    }
  };

  const print = (...values) => {
    if (logLeft <= 0) return;
    let line = '';
    for (let i = 0; i < values.length; i++) line += (i ? ' ' : '') + shown(values[i]);
    const kept = clean(line + '\n', logLeft);
    logLeft -= kept.length;
    log += kept;
  };

  globalThis.console = { debug: print, error: print, info: print, log: print, warn: print };

  // ---- what is returned

  // True if JSON.stringify writes exactly what the value holds: plain data, every number finite.
  const isPlain = (value) => {
    switch (typeof value) {
      case 'string': case 'boolean': return true;
      case 'number': return value - value === 0;
      case 'object': {
        if (value === null) return true;
        const prototype = getPrototypeOf(value);
        if (isArray(value)) {
          if (prototype !== ArrayPrototype) return false;
          for (let i = 0; i < value.length; i++) if (!isPlain(value[i])) return false;
          return true;
        }
        if (prototype !== ObjectPrototype && prototype !== null) return false;
        for (const key in value) if (!isPlain(value[key])) return false;
        return true;
      }
      default: return false;
    }
  };

  // What is not plain is mostly plain with a Date or a bigint in it: a copy with their text is written
  // ten times faster than JSON.stringify calls a replacer. `ODD` is all that only the replacer knows.
  const ODD = {};
  const copied = (value, depth) => {
    switch (typeof value) {
      case 'string': case 'boolean': return value;
      case 'number': return value - value === 0 ? value : Text(value);
      case 'bigint': return Text(value);
      case 'object': {
        if (value === null) return null;
        if (depth > MAX_COPIED_DEPTH) throw ODD;
        const prototype = getPrototypeOf(value);
        if (isArray(value)) {
          if (prototype !== ArrayPrototype) throw ODD;
          const copy = [];
          for (let i = 0; i < value.length; i++) copy[i] = copied(value[i], depth + 1);
          return copy;
        }
        if (prototype === DatePrototype && value.toJSON === toJSON) {
          if (isInvalidDate(value)) throw ODD;
          return apply(toISOString, value, []);
        }
        if (prototype !== ObjectPrototype) throw ODD;
        const copy = {};
        for (const key in value) {
          const member = value[key];
          if (key === 'toJSON' || key === '__proto__' || !hasOwn(value, key)) throw ODD;
          copy[key] = copied(member, depth + 1);
        }
        return copy;
      }
      default: return undefined;
    }
  };

  const written = (value) => {
    try {
      if (isPlain(value)) return stringify(value);
      return stringify(copied(value, 0));
    } catch {
      // A cycle, a getter that throws, or odd: the replacer meets it again and says what it is.
      return stringify(value, replacer);
    }
  };

  const isInvalidDate = (value) => {
    try { return apply(getTime, value, []) !== apply(getTime, value, []); } catch { return false; }
  };

  const isPromise = (value) => value instanceof Promised || getPrototypeOf(value) === PromisePrototype;

  // FUNC-21: what JSON lacks becomes text; what would silently become null or {} is refused.
  function replacer(key, value) {
    if (typeof value === 'bigint') return Text(value);
    if (typeof value === 'number') return value - value === 0 ? value : Text(value);
    const original = this[key];
    if (typeof original === 'object' && original !== null) {
      if (isInvalidDate(original)) throw new Failure('an invalid Date');
      if (isPromise(original)) throw new Failure('a Promise');
    }
    return value;
  }

  const article = (value) => {
    if (value === null) return 'null';
    if (isArray(value)) return 'an array';
    if (typeof value === 'object') return 'an object';
    return value === undefined ? 'undefined' : 'a ' + typeof value;
  };

  const refusal = (code, message) => ({ __proto__: null, refused: code, message });

  const hasLoneSurrogate = (text) =>
    apply(indexOf, text, ['\\ud']) >= 0 && apply(exec, LONE_SURROGATE, [text]) !== null;

  const accept = (value) => {
    if (typeof value !== 'object' || value === null || isArray(value)) {
      throw refusal('RESULT', '`transform` returned ' + article(value) + ', expected an object');
    }
    if (isPromise(value)) {
      throw refusal('RESULT', '`transform` returned a Promise, expected an object; it cannot be async');
    }
    let text;
    try {
      text = written(value);
    } catch (error) {
      throw refusal('RESULT', 'the returned value cannot be written as JSON: ' + described(error));
    }
    if (typeof text !== 'string' || text[0] !== '{') {
      throw refusal('RESULT', 'the returned value is written as no JSON object');
    }
    if (hasLoneSurrogate(text)) {
      throw refusal('RESULT', 'the returned value holds half of a surrogate pair');
    }
    return text;
  };

  const byteLength = (text) => {
    if (apply(exec, BEYOND_ASCII, [text]) === null) return text.length;
    let count = 0;
    for (let i = 0; i < text.length; i++) {
      const code = apply(charCodeAt, text, [i]);
      // Each half of a pair is two of its four bytes.
      count += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
    }
    return count;
  };

  // ---- what is thrown (FUNC-51)

  const described = (error) => {
    try {
      if (isError(error)) {
        const name = Text(error.name);
        const message = Text(error.message);
        return message === '' ? name : name + ': ' + message;
      }
      return article(error) + ' was thrown: ' + shown(error);
    } catch {
      return 'Error: (its text cannot be read)';
    }
  };

  const isOutOfMemory = (error) => {
    try {
      return isError(error) && getPrototypeOf(error) === RangePrototype && error.message in NO_MEMORY;
    } catch {
      return false;
    }
  };

  // Whether what a record took is there again: V8 collects garbage before it gives up, which takes
  // memory as well, and V8 ends where it finds none. So some is kept for this moment.
  const hasRoom = () => {
    try {
      apply(transfer, state.reserve, [0]);
      apply(transfer, new Bytes(state.roomBytes), [0]);
      state.reserve = new Bytes(RESERVE_BYTES);
      return true;
    } catch {
      return false;
    }
  };

  const failure = (position, error) => {
    let code = 'EXCEPTION', message = '', line = '0', column = '0';
    try {
      if (typeof error === 'object' && error !== null && getPrototypeOf(error) === null
          && typeof error.refused === 'string' && error.refused in { __proto__: null, RESULT: 1, OUTPUT: 1 }) {
        code = error.refused;
        message = Text(error.message);
      } else {
        message = described(error);
        if (isOutOfMemory(error)) code = 'MEMORY';
        if (isError(error)) {
          const found = apply(exec, USER_PLACE, [Text(error.stack)]);
          if (found !== null) { line = found[1]; column = found[2]; }
        }
      }
    } catch {
      message = 'Error: (its text cannot be read)';
    }
    if (line.length > 6 || column.length > 6) { line = '0'; column = '0'; }
    return '[' + position + ',"' + code + '",' + stringify(clean(message, MAX_MESSAGE_CHARS)) + ','
      + line + ',' + column + ']';
  };

  // ---- a batch

  const objectsOf = (records) => (i) => {
    const record = records[i];
    records[i] = null;
    return record;
  };

  // Gives undefined for what fits no row; whatever is wrong with it, `accept` finds again.
  const rowOf = (value) => {
    try {
      if (typeof value !== 'object' || value === null) return undefined;
      const { shorterBytes, write } = state.writer;
      const text = write(value);
      if (text === undefined || hasLoneSurrogate(text)) return undefined;
      // Near the limit, the size that counts is that of an object.
      return MAX_UNIT_BYTES * text.length + shorterBytes > state.mostOutput ? undefined : text;
    } catch {
      return undefined;
    }
  };

  // Called on the text of a batch.
  const run = function () {
    const { batchOutput, cursor, mostOutput, transform } = state;
    const started = now();
    const batch = parse(this);
    const count = state.reader === null ? batch.length : batch[0];
    const recordAt = state.reader === null ? objectsOf(batch) : state.reader(batch);
    const read = now();
    let taken = -1;
    let failures = '', logs = '', places = '', objects = '', rows = '';
    logLeft = state.logChars;
    for (let i = 0; i < count; i++) {
      cursor[0] = i;
      try {
        const value = transform(recordAt(i));
        const row = state.writer === null ? undefined : rowOf(value);
        const text = row === undefined ? accept(value) : row;
        // Counting bytes takes longer than writing them: it waits until a limit may be near.
        if (MAX_UNIT_BYTES * text.length > mostOutput) {
          const size = byteLength(text);
          if (size > mostOutput) {
            throw refusal('OUTPUT', 'the result has ' + size + ' bytes, allowed are at most ' + mostOutput);
          }
        }
        if (taken < 0 && MAX_UNIT_BYTES * (objects.length + rows.length + text.length + 1) > batchOutput) {
          taken = byteLength(objects) + byteLength(rows);
        }
        if (taken >= 0) {
          const size = byteLength(text) + 1;
          if (size > batchOutput - taken) {
            throw refusal('OUTPUT', 'the result has ' + (size - 1) + ' bytes, and the batch has room for '
              + (batchOutput - taken) + ' more');
          }
          taken += size;
        }
        if (row === undefined) {
          places += (places === '' ? '' : ',') + i;
          objects += text + '\n';
        } else {
          rows += text + '\n';
        }
      } catch (error) {
        // What the record left would be charged to the next: they get a fresh guest.
        if (isOutOfMemory(error) && !hasRoom()) return NO_ROOM;
        failures += (failures === '' ? '' : ',') + failure(i, error);
      }
      if (log !== '') {
        logs += (logs === '' ? '' : ',') + '[' + i + ',' + stringify(log) + ']';
        log = '';
      }
    }
    cursor[0] = count;
    return '{"failures":[' + failures + '],"objects":[' + places + '],"logs":[' + logs + '],"micros":['
      + (read - started) * 1000 + ',' + (now() - read) * 1000 + ']}\n' + objects + rows;
  };

  // ---- what the guest calls

  const buffer = new ArrayBuffer(2 * 65536);
  const setCursor = (offset) => { state.cursor = new Integers(buffer, offset, 1); };
  const setFunction = (transform, settings, reader, writer, room) => {
    const found = parse(settings);
    state.transform = transform;
    state.reader = reader;
    state.writer = writer === null ? null : writer(isPlain);
    state.mostOutput = found.record_output_bytes;
    state.batchOutput = found.batch_output_bytes;
    state.logChars = found.capture_logs ? found.log_bytes : 0;
    state.roomBytes = +room;
    state.reserve = new Bytes(RESERVE_BYTES);
    log = '';
  };
  return [buffer, setCursor, setFunction, run, withhold];
})()
