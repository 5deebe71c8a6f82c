// Checks Kubernetes manifests without a cluster, strictly:
//   node check.mjs FILE...      from the folder into which tests/npm.sh has put it and its packages
// Compiled schemas judge values and what is required, but let unknown fields pass; so each document
// is also given to the TypeScript compiler as a literal of its kind's type, which refuses a field
// that the type does not have. Words that the API takes from a list (restartPolicy) are open strings
// in both: the test looks at those itself. Exit status 1 if anything is wrong.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

const here = import.meta.dirname;

// Where a kind's model is: the operator's kinds have a package of their own.
function moduleOf({ apiVersion, kind }) {
    const home = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  return `${home}/${apiVersion}/${kind}`;
}

const problems = [];
const literals = [];
for (const file of process.argv.slice(2)) {
  for (const document of parseAllDocuments(fs.readFileSync(file, 'utf8'))) {
    for (const error of document.errors) problems.push(`${file}: ${error.message}`);
    const manifest = document.toJS();
    if (!manifest) continue;
    const name = `${file}: ${manifest.kind}/${manifest.metadata?.name}`;
    const module = moduleOf(manifest);
    let Model;
    try {
      Model = (await import(module))[manifest.kind];
    } catch {
      problems.push(`${name}: there is no kind ${manifest.kind} in ${manifest.apiVersion}`);
      continue;
    }
    try {
      new Model(manifest).validate();
    } catch (error) {
      problems.push(`${name}: ${error.message}`);
    }
    const type = `T${literals.length}`;
    literals.push(
      `import type { I${manifest.kind} as ${type} } from ${JSON.stringify(module)}; // ${name}\n` +
        `export const d${literals.length}: ${type} = ${JSON.stringify(manifest, null, 1)};`
    );
  }
}
if (literals.length === 0) problems.push('there is no manifest to check');

const source = path.join(here, `check-${process.pid}.mts`); // beside node_modules, where imports lead
fs.writeFileSync(source, literals.join('\n'));
const compiler = path.join(here, 'node_modules', '.bin', 'tsc');
const options = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
const compiled = spawnSync(compiler, [...options, source], { encoding: 'utf8' });
fs.rmSync(source);
if (compiled.status !== 0) problems.push(compiled.error?.message ?? compiled.stdout);

for (const problem of problems) console.log(problem);
console.log(`${literals.length} manifests, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
