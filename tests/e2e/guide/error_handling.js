// Code of the "Error Handling Guide" of the Sticky Calls API, word for word as its vendor published
// it, without the indentation, which the copy that it was taken from does not have. Not ours: it
// stands here so that tests run what an application is likely to have been copied from, so it is not
// to be mended. run.js changes nothing of it but the base URL.

// --- 429 Too Many Requests: Code Example (with exponential backoff) ---

async function callWithRateLimitHandling(fn, maxRetries = 3) {
for (let i = 0; i < maxRetries; i++) {
try {
return await fn();
} catch (error) {
if (error.status === 429) {
if (i === maxRetries - 1) throw error; // Last retry failed
// Use retryAfter from response, or exponential backoff
const retryAfter = error.data.retryAfter || Math.pow(2, i);
logger.warn(`Rate limited. Waiting ${retryAfter}s before retry ${i + 1}/${maxRetries}`);
await sleep(retryAfter * 1000);
continue;
}
throw error;
}
}
}

// --- 500 Internal Server Error: Code Example ---

async function callWithRetry(fn, maxRetries = 3) {
for (let i = 0; i < maxRetries; i++) {
try {
return await fn();
} catch (error) {
if (error.status === 500) {
if (i === maxRetries - 1) {
// All retries exhausted
logger.error('Sticky Calls 500 error after retries', {
attempt: i + 1,
error: error.message
});
// Contact support if persistent
throw error;
}
// Retry with exponential backoff
const delay = Math.pow(2, i) * 1000; // 1s, 2s, 4s
logger.warn(`Server error. Retrying in ${delay}ms (${i + 1}/${maxRetries})`);
await sleep(delay);
continue;
}
throw error;
}
}
}

// --- Error Handling Patterns: Complete Error Handler ---

async function handleStickyCallsError(error) {
const status = error.response?.status;
const data = error.response?.data;
switch (status) {
case 400:
// Bad request - log validation errors, don't retry
logger.error('Invalid Sticky Calls request', {
issues: data.details?.issues
});
throw new Error('Fix request format');
case 401:
// Invalid API key - CRITICAL, alert immediately
logger.critical('Sticky Calls API key invalid!', error);
await alertTeam('Invalid API key - check configuration');
throw error;
case 402:
// Credits exhausted - alert billing team
logger.error('Sticky Calls monthly quota exhausted', {
quotaRemaining: data.quota_remaining
});
await alertBillingTeam('Add credits to Sticky Calls account');
// Gracefully degrade
return handleWithoutContext();
case 409:
// Conflict - log and investigate
logger.warn('Duplicate call_id detected', { error });
throw new Error('Duplicate call_id - check idempotency');
case 429:
// Rate limited - wait and retry
const retryAfter = data.retryAfter || 60;
logger.warn(`Rate limited. Retry in ${retryAfter}s`);
return { shouldRetry: true, waitSeconds: retryAfter };
case 500:
// Server error - retry with backoff
logger.error('Sticky Calls server error', error);
return { shouldRetry: true, waitSeconds: 2 };
default:
// Unknown error
logger.error('Unexpected Sticky Calls error', { status, error });
throw error;
}
}

// --- Error Handling Patterns: Retry with Exponential Backoff ---

async function callWithBackoff(fn, options = {}) {
const {
maxRetries = 3,
baseDelay = 1000,
maxDelay = 60000
} = options;
for (let attempt = 0; attempt < maxRetries; attempt++) {
try {
return await fn();
} catch (error) {
const shouldRetry = error.status === 429 || error.status === 500;
if (!shouldRetry || attempt === maxRetries - 1) {
throw error;
}
// Calculate delay (exponential with jitter)
const exponentialDelay = Math.min(
baseDelay * Math.pow(2, attempt),
maxDelay
);
const jitter = Math.random() * 1000;
const delay = exponentialDelay + jitter;
logger.info(`Retry ${attempt + 1}/${maxRetries} after ${delay}ms`);
await sleep(delay);
}
}
}

// --- Error Handling Patterns: Graceful Degradation ---

async function getCallerContext(identityHints) {
try {
const response = await stickyCallsAPI.start({
call_id: generateCallId(),
identity_hints: identityHints
});
return {
hasContext: true,
customer_ref: response.customer_ref,
identity: response.identity,
variables: response.variables,
open_intents: response.open_intents
};
} catch (error) {
// Log error but don't fail the call
logger.error('Failed to fetch caller context', { error });
// Return empty context - call continues without history
return {
hasContext: false,
customer_ref: null,
identity: { confidence: 0, level: 'none' },
variables: {},
open_intents: []
};
}
}

// --- Error Handling Patterns: Proactive Monitoring ---

class StickyCallsClient {
constructor(apiKey) {
this.apiKey = apiKey;
this.metrics = {
quotaRemaining: null,
rateLimitRemaining: null
};
}
async start(requestBody) {
// Check if we're low on resources
this.checkThresholds();
const response = await fetch('https://api.stickycalls.com/v1/calls/start', {
method: 'POST',
headers: {
'Authorization': `Bearer ${this.apiKey}`,
'Content-Type': 'application/json'
},
body: JSON.stringify(requestBody)
});
// Update metrics from headers
this.updateMetrics(response.headers);
return response.json();
}
updateMetrics(headers) {
this.metrics.quotaRemaining = parseInt(headers.get('X-Quota-Remaining'));
this.metrics.rateLimitRemaining = parseInt(headers.get('X-RateLimit-Remaining'));
}
checkThresholds() {
// Alert if credits low
if (this.metrics.quotaRemaining !== null &&
this.metrics.quotaRemaining < 100) {
logger.warn('Low credits', { remaining: this.metrics.quotaRemaining });
}
// Slow down if approaching rate limit
if (this.metrics.rateLimitRemaining !== null &&
this.metrics.rateLimitRemaining < 10) {
logger.warn('Approaching rate limit', {
remaining: this.metrics.rateLimitRemaining
});
// Add artificial delay
return sleep(1000);
}
}
}
