// One call by one client, as its own documentation has it, but for the base URL:
//   node clients.mjs CLIENT URL GET|POST [advised]
// "advised": with the setting that docs/CLIENTS.md advises. Prints the status that the application
// gets to see, or what broke.
import axios from 'axios';
import axiosRetry from 'axios-retry';
import OpenAI from 'openai';
import Retell from 'retell-sdk';
import Stripe from 'stripe';
import { VapiClient } from '@vapi-ai/server-sdk';

const [client, url, method, setting] = process.argv.slice(2);
const get = method === 'GET';
const advised = setting === 'advised';
const retries = advised ? { maxRetries: 0 } : {};
const body = { name: 'Ada' };

const clients = {
  async fetch() {
    const response = await fetch(`${url}/v1/things`, get ? {} : { method, body: JSON.stringify(body) });
    await response.text();
    return response.status;
  },

  async axios() {
    return (await axios.request({ method, url: `${url}/v1/things`, data: get ? undefined : body })).status;
  },

  async 'axios-retry'() {
    const instance = axios.create();
    const usual = axiosRetry.isNetworkOrIdempotentRequestError;
    const obeying = (error) => usual(error) && error.response?.headers['x-should-retry'] !== 'false';
    axiosRetry(instance, advised ? { retryCondition: obeying } : {});
    return (await instance.request({ method, url: `${url}/v1/things`, data: get ? undefined : body })).status;
  },

  async stripe() {
    const { protocol, hostname, port } = new URL(url);
    const stripe = new Stripe('sk_test_x', {
      protocol: protocol.slice(0, -1),
      host: hostname,
      port,
      ...(advised ? { maxNetworkRetries: 0 } : {}),
    });
    await (get ? stripe.customers.list() : stripe.customers.create(body));
    return 200;
  },

  async openai() {
    const openai = new OpenAI({ apiKey: 'sk-x', baseURL: `${url}/v1`, ...retries });
    await (get ? openai.models.list() : openai.responses.create({ model: 'm', input: 'Hello' }));
    return 200;
  },

  async 'retell-sdk'() {
    const retell = new Retell({ apiKey: 'key_x', baseURL: url, ...retries });
    const call = { from_number: '+14155550100', to_number: '+14155550101' };
    await (get ? retell.call.retrieve('call_1') : retell.call.createPhoneCall(call));
    return 200;
  },

  async '@vapi-ai/server-sdk'() {
    const vapi = new VapiClient({ token: 'x', baseUrl: url, ...retries });
    await (get ? vapi.calls.list() : vapi.calls.create({ assistantId: 'a', phoneNumberId: 'p' }));
    return 200;
  },
};

try {
  console.log(await clients[client]());
} catch (error) {
  console.log(error.response?.status ?? error.statusCode ?? error.status ?? error.message);
}
