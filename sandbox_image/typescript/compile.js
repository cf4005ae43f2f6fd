// Checks and compiles one program: node compile.js strategy.ts → strategy.js beside it. Prints each error as
// file:line:column: error: message.
"use strict";
const path = require("path");
const { loadCompiler } = require("./compiler");

const ts = loadCompiler();

const file = path.resolve(process.argv[2]);
const options = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS,
  moduleDetection: ts.ModuleDetectionKind.Force, // a top-level `name` must not clash with the sandbox's
  lib: ["lib.es2022.d.ts"],
  types: [],
  skipLibCheck: true,
  strict: true,
  noImplicitAny: false,
  esModuleInterop: true,
  inlineSourceMap: true,
};
const program = ts.createProgram([file, path.join(__dirname, "windtunnel.d.ts")], options);
const found = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
for (const problem of found) {
  const message = ts.flattenDiagnosticMessageText(problem.messageText, " ");
  const { line, character } = problem.file?.getLineAndCharacterOfPosition(problem.start) ?? { line: 0, character: 0 };
  const place = problem.file ? `${path.basename(problem.file.fileName)}:${line + 1}:${character + 1}: ` : "";
  console.error(`${place}error: ${message} (TS${problem.code})`);
}
process.exitCode = found.length ? 1 : 0;
