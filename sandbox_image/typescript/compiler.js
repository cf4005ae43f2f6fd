// Loads the TypeScript compiler from its byte code: half of a small compilation would be the reading of the compiler.
// `node compiler.js` writes the byte code.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");
const { createRequire } = require("module");

const file = require.resolve("typescript");
const cache = path.join(__dirname, "compiler.cache");

function script(cachedData) {
  const text = fs.readFileSync(file, "utf8");
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
  return new vm.Script(wrapped, { filename: file, cachedData });
}

function run(compiled) {
  const module = { exports: {} };
  compiled.runInThisContext()(module.exports, createRequire(file), module, file, path.dirname(file));
  return module.exports;
}

// V8 takes byte code only where all its flags are as they were, the size of the heap among them, which changes no
// code. The flags' checksum stands in these bytes; where it does not, V8 compiles the text as if there were no cache.
const [FLAGS_FROM, FLAGS_TO] = [12, 16];

function loadCompiler() {
  const code = fs.readFileSync(cache);
  new vm.Script("0").createCachedData().copy(code, FLAGS_FROM, FLAGS_FROM, FLAGS_TO);
  return run(script(code));
}

if (require.main === module) {
  const compiled = script();
  const ts = run(compiled);
  // What a compilation has called goes into the cache.
  const program = ts.createProgram([path.join(__dirname, "learn.ts")], { lib: ["lib.es2022.d.ts"], types: [] });
  ts.getPreEmitDiagnostics(program);
  program.emit(undefined, () => {});
  fs.writeFileSync(cache, compiled.createCachedData());
}

module.exports = { loadCompiler };
