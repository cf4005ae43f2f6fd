// Runs a program as a script or, when it imports or exports, as a module.
"use strict";
const fs = require("fs");
const path = require("path");
const { pathToFileURL } = require("url");

Object.assign(globalThis, require("./windtunnel"));
const file = path.resolve(process.argv[2]);
process.argv.splice(1, 2, file);

// Otherwise what a loop without an end writes would gather in memory, and what is unwritten at process.exit() be lost.
for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);

if (/^\s*(import\s*[\w{*"']|export\s)/m.test(fs.readFileSync(file, "utf8"))) {
  const directory = path.dirname(file);
  fs.writeFileSync(path.join(directory, "package.json"), '{"type": "module"}');
  // A module's imports are looked for in node_modules alone.
  fs.symlinkSync("/usr/share/nodejs", path.join(directory, "node_modules"));
  import(pathToFileURL(file).href).catch((error) => process.nextTick(() => { throw error; }));
} else {
  require("module")._load(file, null, true);
}
