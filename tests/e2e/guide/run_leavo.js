// Runs the JavaScript of Leavo's guide, as an application would that was copied from the guide.
//
//   node run_leavo.js METHOD URL KEY [JSON]
//
// Prints what it came to as JSON: the response or what was thrown, what was logged, and what it
// asked to sleep for, in ms; it gets none of it.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const [method, url, key, body] = process.argv.slice(2);
const guide = fs.readFileSync(path.join(__dirname, "leavo_retry.js"), "utf8");
const said = [];
const sleeps = [];
const console_ = { log: (text) => said.push(text) };
const setTimeout_ = (done, ms) => {
  sleeps.push(ms);
  setImmediate(done);
};

async function main() {
  const make = new Function("console", "setTimeout", `${guide}; return requestWithRetry;`);
  const requestWithRetry = make(console_, setTimeout_);
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const outcome = {};
  try {
    const response = await requestWithRetry(url, { method, headers, body });
    if (response) outcome.value = { status: response.status, body: await response.json() };
  } catch (error) {
    outcome.thrown = String(error);
  }
  console.log(JSON.stringify({ ...outcome, said, sleeps }));
}

main();
