// node upload.mjs URL FILE: what uploads_test.py expects of each client, with node:http.
import { createReadStream, readFileSync, statSync } from 'node:fs';
import http from 'node:http';

const [url, file] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function send(name, method, headers, body) {
    return new Promise((resolve, reject) => {
        let continued = false;
        const request = http.request(`${url}/${name}`, { method, agent, headers }, async response => {
            let text = '';
            for await (const piece of response) text += piece;
            const length = response.headers['content-length'];
            console.log(JSON.stringify({ name, status: response.statusCode, text, length, continued }));
            resolve();
        });
        request.on('error', reject);
        if (!headers.Expect) return body(request);
        request.on('continue', () => {
            continued = true;
            body(request);
        });
        request.flushHeaders();
    });
}

const whole = request => request.end(readFileSync(file));
const streamed = request => createReadStream(file).pipe(request);
const none = request => request.end();

await send('length', 'POST', { 'Content-Length': statSync(file).size }, whole);
await send('chunked', 'POST', { 'Transfer-Encoding': 'chunked' }, streamed);
await send('expect', 'PUT', { 'Content-Length': statSync(file).size, Expect: '100-continue' }, streamed);
await send('head', 'HEAD', {}, none);
for (let i = 0; i < 5; ++i) await send('again', 'GET', {}, none);
agent.destroy();
