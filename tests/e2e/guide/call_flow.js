// The same guide, "Graceful Degradation", the use of getCallerContext; a fragment, word for word. See
// error_handling.js.

// Usage in call flow
const context = await getCallerContext(identityHints);
if (context.hasContext && context.identity.confidence >= 0.5) {
// Use caller history
greeting = `Welcome back! ${context.variables.name || 'valued customer'}`;
} else {
// Standard greeting
greeting = "Welcome! How can we help you today?";
}
