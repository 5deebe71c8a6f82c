// Runs the guide's code against a base URL, as an application would that was copied from the guide.
//
//   node run.js BASE_URL <PROGRAM
//
// PROGRAM is JavaScript: the body of an async function that sees the guide's functions and what the
// guide leaves to its reader (below), and whose value is printed, with what was logged, as JSON.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const published = "https://api.stickycalls.com";
const base = process.argv[2];
const read = (name) => fs.readFileSync(path.join(__dirname, name), "utf8");

const said = []; // [level, text], in order
const alerts = [];
const sleeps = []; // what the guide's code asked to sleep for, in ms; it gets a thousandth

const note = (level) => (text) => said.push([level, text]);
const apiKey = process.env.STICKY_CALLS_API_KEY;

// How the guide's examples see the API: an answer's body, or an error with `status` and `data` and,
// for the complete handler, `response`.
async function post(route, body, headers) {
  const response = await fetch(`${base}${route}`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${apiKey}`,
      "Content-Type": "application/json",
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const data = await response.json();
  if (response.ok) return data;
  const error = new Error(data.message);
  error.status = response.status;
  error.data = data;
  error.response = { status: response.status, data };
  throw error;
}

let calls = 0;
const reader = {
  stickyCallsAPI: {
    start: (body, headers) => post("/v1/calls/start", body, headers),
    end: (body, headers) => post("/v1/calls/end", body, headers),
  },
  generateCallId: () => `call_${++calls}`,
  logger: {
    info: note("info"),
    warn: note("warn"),
    error: note("error"),
    critical: note("critical"),
  },
  sleep: (ms) => {
    sleeps.push(ms);
    return new Promise((resolve) => setTimeout(resolve, ms / 1000));
  },
  alertTeam: async (text) => alerts.push(text),
  alertBillingTeam: async (text) => alerts.push(text),
  handleWithoutContext: () => "without context",
  apiKey,
  identityHints: { ani: "+14155551234" },
};

const guide = read("error_handling.js").replaceAll(published, base);
const callFlow = `async () => {
  let greeting;
  ${read("call_flow.js")};
  return { context, greeting };
}`;

async function main() {
  const program = fs.readFileSync(0, "utf8");
  const body = `"use strict";
    ${guide};
    const callFlow = ${callFlow};
    return (async () => { ${program} })();`;
  const run = new Function(...Object.keys(reader), body);
  const outcome = {};
  try {
    outcome.value = await run(...Object.values(reader));
  } catch (error) {
    const { message, status = null, data = null } = error;
    outcome.thrown = { message, status, data };
  }
  console.log(JSON.stringify({ ...outcome, said, alerts, sleeps, calls }));
}

main();
