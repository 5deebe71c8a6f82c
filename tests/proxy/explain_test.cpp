#include "proxy/explain.hpp"

#include "proxy/config_file.hpp"
#include "proxy/decision_table.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

namespace backstop::proxy {
namespace {

// Each test is a process of its own beside others.
std::string file_of_this_process(const std::string& name) {
    return testing::TempDir() + "explain_test." + std::to_string(::getpid()) + "." + name;
}

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Result {
    int status = 0;
    std::string output;
    std::string errors;
};

Result run(const ExplainOptions& options, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream errors;
    const int status = explain(options, in, out, errors);
    return {status, out.str(), errors.str()};
}

// At the time of the guides' tests, 2026-02-08T12:00:00Z.
ExplainOptions asked(const std::string& dialect, int status) {
    ExplainOptions options;
    options.dialect = dialect;
    options.status = status;
    options.at = "2026-02-08T12:00:00Z";
    return options;
}

json::object answered(ExplainOptions options, const std::string& input = {}) {
    options.json = true;
    const Result result = run(options, input);
    EXPECT_EQ(result.status, 0) << result.errors;
    return json::parse(result.output).as_object();
}

const json::value& at(const json::object& object, std::string_view pointer) {
    static const json::value none;
    const json::value* found = &none;
    const json::object* within = &object;
    while (within != nullptr && !pointer.empty()) {
        const std::string_view key = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(std::min(pointer.size(), key.size() + 1));
        found = within->if_contains({key.data(), key.size()});
        if (found == nullptr) return none;
        within = found->if_object();
    }
    return *found;
}

// --- The guides' examples ---

TEST(Explain, WaitsAsStickyCallsAsksInItsBody) {
    ExplainOptions options = asked("sticky-calls", 429);
    options.method = "POST";
    options.path = "/v1/calls/end";
    options.body = R"({"error": "Too Many Requests", "message": "Rate limit exceeded",
        "retryAfter": 42, "currentUsage": 115, "limit": 100,
        "resetAt": "2026-02-08T12:00:42.000Z"})";
    const json::object it = answered(options);
    EXPECT_EQ(at(it, "action"), "retry");
    EXPECT_EQ(at(it, "rule"), "rate limit exceeded");
    EXPECT_EQ(at(it, "evidence"), "refused");
    EXPECT_EQ(at(it, "key/source"), "minted");
    EXPECT_EQ(at(it, "judgement/hint_ms"), 42'000);
    EXPECT_EQ(at(it, "judgement/hint_source"), "body");
    // 10 % of 42 s, times the roll of 0.5.
    EXPECT_EQ(at(it, "judgement/wait_ms"), 42'000 + 50 + 2'100);
    EXPECT_EQ(at(it, "learned/gate_closed_ms"), 42'000);
    EXPECT_EQ(at(it, "learned/breaker_failure"), false);
    const json::value& delays = at(it, "delays");
    ASSERT_EQ(delays.as_array().size(), 3);
    EXPECT_EQ(delays.at(0).at("taken"), true);
    EXPECT_EQ(delays.at(1).at("taken"), false);
    EXPECT_EQ(delays.at(1).at("wait_ms"), 43'000);
    EXPECT_FALSE(delays.at(2).as_object().contains("text"));
}

TEST(Explain, ServesTheEmptyContextWhereStickyCallsHasNoQuotaLeft) {
    ExplainOptions options = asked("sticky-calls", 402);
    options.method = "POST";
    options.path = "/v1/calls/start";
    options.request_body = R"({"call_id": "call_1"})";
    options.body = R"({"error": "Payment Required", "quota_remaining": 0})";
    const json::object it = answered(options);
    EXPECT_EQ(at(it, "action"), "fallback");
    EXPECT_EQ(at(it, "reason"), "quota_exhausted");
    EXPECT_EQ(at(it, "answer/status"), 200);
    EXPECT_THAT(std::string(at(it, "answer/body").as_string()), HasSubstr("call_1"));
    EXPECT_EQ(at(it, "learned/quota_remaining"), 0);
    EXPECT_TRUE(at(it, "judgement").is_null());
}

TEST(Explain, KnowsThatA409AfterAnUnknownOutcomeIsOurOwnSuccess) {
    ExplainOptions options = asked("sticky-calls", 409);
    options.method = "POST";
    options.path = "/v1/calls/start";
    options.body = R"({"error": "Conflict", "message": "Call with call_id 'c' already exists"})";
    EXPECT_EQ(at(answered(options), "action"), "deliver");
    options.attempt = 2;
    EXPECT_EQ(at(answered(options), "action"), "deliver");
    options.unknown = true;
    const json::object it = answered(options);
    EXPECT_EQ(at(it, "action"), "fallback");
    EXPECT_EQ(at(it, "reason"), "conflict_resolved");
    EXPECT_EQ(at(it, "ambiguous"), "resolved");
}

TEST(Explain, WaitsForLevragesReset) {
    ExplainOptions options = asked("levrage", 429);
    options.headers = {
        "X-RateLimit-Limit: 300", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1770552042"};
    const json::object it = answered(options);
    EXPECT_EQ(at(it, "judgement/hint_source"), "epoch");
    EXPECT_EQ(at(it, "judgement/hint_ms"), 43'000);  // one second more, for dates
    EXPECT_EQ(at(it, "learned/limits").at(0).at("limit"), 300);
    EXPECT_EQ(at(it, "learned/limits").at(0).at("reset_in_ms"), 42'000);
}

TEST(Explain, DrawsLevrages502BetweenOneAndTwoSeconds) {
    ExplainOptions options = asked("levrage", 502);
    options.method = "POST";
    options.roll = 0.25;
    const json::object it = answered(options);
    EXPECT_EQ(at(it, "judgement/wait_ms"), 1'250);
    EXPECT_EQ(at(it, "evidence"), "refused");
    EXPECT_EQ(at(it, "learned/breaker_failure"), true);
}

TEST(Explain, WaitsAMinuteWhereLeavoDoesNotSay) {
    EXPECT_EQ(at(answered(asked("leavo", 429)), "judgement/hint_ms"), 60'000);
    ExplainOptions options = asked("leavo", 429);
    options.body =
        R"({"error": {"code": "RATE_LIMIT_EXCEEDED", "message": "Too many requests",
            "details": {"retry_after": 7}}})";
    const json::object it = answered(options);
    EXPECT_EQ(at(it, "judgement/hint_ms"), 7'000);
    EXPECT_EQ(at(it, "error_code"), "RATE_LIMIT_EXCEEDED");
}

TEST(Explain, TellsWhichOfTruedysRulesStoppedWhere) {
    ExplainOptions options = asked("truedy", 502);
    options.method = "POST";
    options.path = "/api/public/v1/calls";
    options.body = R"({"error": {"code": "provider_error", "message": "m"},
        "meta": {"request_id": "req_9", "ts": "2026-02-08T12:00:00Z"}})";
    const json::object it = answered(options);
    const json::array& rules = at(it, "rules").as_array();
    ASSERT_EQ(rules.size(), 4);
    EXPECT_EQ(rules[0].at("name"), "payment required");
    EXPECT_EQ(rules[0].at("stopped_at"), "code");
    EXPECT_EQ(rules[1].at("stopped_at"), "status");
    EXPECT_EQ(rules[3].at("matched"), true);
    EXPECT_EQ(at(it, "rule"), "provider error");
    EXPECT_EQ(at(it, "request_id"), "req_9");
    EXPECT_EQ(at(it, "action"), "retry");  // a key is minted, and honoured
    options.path = "/api/public/v1/contacts";
    const json::object keyless = answered(options);
    EXPECT_EQ(at(keyless, "action"), "deliver");
    EXPECT_EQ(at(keyless, "judgement/denied"), "unsafe");
}

TEST(Explain, ReadsAnHttpDateForTheGenericDialect) {
    ExplainOptions options = asked("http", 503);
    options.headers = {"Retry-After: Sun, 08 Feb 2026 12:00:03 GMT"};
    EXPECT_EQ(at(answered(options), "judgement/hint_ms"), 4'000);
    options.headers = {"Retry-After: soon"};
    const json::object it = answered(options);
    EXPECT_FALSE(at(it, "judgement").as_object().contains("hint_ms"));
    EXPECT_EQ(at(it, "judgement/wait_source"), "backoff");
    EXPECT_EQ(at(it, "delays").at(0).at("text"), "soon");
}

TEST(Explain, SaysWhyNot) {
    ExplainOptions options = asked("http", 503);
    options.attempt = 3;
    EXPECT_EQ(at(answered(options), "judgement/denied"), "attempts");
    EXPECT_EQ(at(answered(options), "final_failure"), true);
    options.attempt = 1;
    options.left = "1s";
    EXPECT_EQ(at(answered(options), "judgement/denied"), "deadline");
    options.left.clear();
    options.headers = {"Retry-After: 3600"};
    EXPECT_EQ(at(answered(options), "judgement/denied"), "max_wait");
    options.headers.clear();
    options.body_lost = true;
    EXPECT_EQ(at(answered(options), "judgement/denied"), "body");
}

TEST(Explain, KnowsWhatFailuresProve) {
    ExplainOptions options;
    options.dialect = "http";
    options.method = "POST";
    options.failure = "connect";
    EXPECT_EQ(at(answered(options), "action"), "retry");
    EXPECT_EQ(at(answered(options), "evidence"), "not_sent");
    options.failure = "timeout";
    const json::object it = answered(options);
    EXPECT_EQ(at(it, "action"), "local_error");
    EXPECT_EQ(at(it, "answer/status"), 504);
    EXPECT_EQ(at(it, "ambiguous"), "unknown");
}

// --- For a person ---

// Nobody can know of a 504 that nothing was done: it is the dialect that says so.
TEST(Explain, SaysWhoseWordItIsThatARequestMayBeSentAgain) {
    const auto text = [](int status) { return run(asked("levrage", status)).output; };
    EXPECT_THAT(text(504), HasSubstr("the dialect calls this status safe to send again"));
    EXPECT_THAT(text(429), HasSubstr("the API did not act"));
}

TEST(Explain, LetsNoUpstreamCommandTheTerminal) {
    ExplainOptions options = asked("truedy", 429);
    options.headers = {"Retry-After: \033[31mred\a"};
    const std::string text = run(options).output;
    EXPECT_THAT(text, HasSubstr("\\x1b[31mred\\x07"));
    EXPECT_EQ(text.find('\033'), std::string::npos);

    options.status = 402;
    options.headers.clear();
    options.body = R"({"error":{"code":"x\nretry      yes"}})";
    EXPECT_THAT(run(options).output, HasSubstr("'x\\x0aretry      yes'"));
}

TEST(Explain, IsReadable) {
    ExplainOptions options = asked("levrage", 429);
    options.headers = {"X-RateLimit-Limit: 300", "X-RateLimit-Reset: 1770552042"};
    options.roll = 0;
    EXPECT_EQ(
        run(options).output,
        R"(request    GET / (route other), attempt 1 of 3, 90 s left
outcome    status 429
then       retry after 43.05 s

rules      no  out of credits: wants the error code quota_exceeded; it is ''
           no  payment required: is about other statuses
           no  too many at once: the body has no 'concurren'
           yes rate limited: rate_limited, retry always
evidence   refused: the API did not act
delay      X-RateLimit-Reset: '1770552042': 43 s, taken
           Retry-After: not there
wait       longer of asked 43 s + 0.05 s and backoff 1 s + jitter 0 s; + jitter 0 s = 43.05 s
           roll 0, source epoch
limits     attempt 1 of 3; 90 s left, of which the wait must leave 0.25 s; max_wait 75 s for 43 s
           the request is repeatable; budget not asked after a 429
retry      yes
key        none

breaker    no failure
gate       closed for 43 s
limit      default: ? remaining of 300, resets in 42 s
)"
    );
}

// --- What curl prints ---

TEST(Explain, TakesTheOutputOfCurl) {
    ExplainOptions options;
    options.dialect = "leavo";
    options.response = "-";
    const json::object it = answered(
        options,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/2 429 \r\ndate: Sun, 08 Feb 2026 12:00:00 GMT\r\n"
        "content-type: application/json\r\n\r\n"
        R"({"error": {"code": "RATE_LIMIT_EXCEEDED", "details": {"retry_after": 3}}})"
    );
    EXPECT_EQ(at(it, "judgement/hint_ms"), 3'000);
    EXPECT_EQ(at(it, "error_code"), "RATE_LIMIT_EXCEEDED");
}

// --- What makes no sense ---

struct Mistake {
    const char* name;
    void (*make)(ExplainOptions&);
    const char* said;
};

class ExplainMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(ExplainMistakes, AreNamedWithTheirRemedy) {
    ExplainOptions options = asked("http", 503);
    GetParam().make(options);
    const Result result = run(options, "not HTTP\n");
    EXPECT_EQ(result.status, 64);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors, HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    ExplainMistakes,
    testing::Values(
        Mistake{"no_rules", [](ExplainOptions& o) { o.dialect.clear(); }, "--dialect NAME"},
        Mistake{"both_rules", [](ExplainOptions& o) { o.config = "a.toml"; }, "--dialect NAME"},
        Mistake{"dialect", [](ExplainOptions& o) { o.dialect = "levrag"; }, "levrage"},
        Mistake{"dialect_path", [](ExplainOptions& o) { o.dialect = "./none.toml"; }, "read"},
        Mistake{"upstream", [](ExplainOptions& o) { o.upstream = "crm"; }, "--upstream"},
        Mistake{"no_outcome", [](ExplainOptions& o) { o.status.reset(); }, "--status"},
        Mistake{"two_outcomes", [](ExplainOptions& o) { o.failure = "reset"; }, "only one"},
        Mistake{"status", [](ExplainOptions& o) { o.status = 42; }, "three digits"},
        Mistake{"header", [](ExplainOptions& o) { o.headers = {"Retry"}; }, "'Retry-After: 2'"},
        Mistake{
            "two_headers",
            [](ExplainOptions& o) { o.headers = {"A: b\nRetry-After: 5"}; },
            "'Retry-After: 2'"},
        Mistake{"method", [](ExplainOptions& o) { o.method = "GE T"; }, "capital letters"},
        Mistake{"attempt", [](ExplainOptions& o) { o.attempt = 0; }, "--attempt"},
        Mistake{"attempts_max", [](ExplainOptions& o) { o.attempts_max = 0; }, "--attempts-max"},
        Mistake{"roll", [](ExplainOptions& o) { o.roll = 1; }, "--roll"},
        Mistake{"left", [](ExplainOptions& o) { o.left = "3"; }, "--left: '3'"},
        Mistake{"timeout", [](ExplainOptions& o) { o.timeout = "0"; }, "--timeout: '0'"},
        Mistake{"at", [](ExplainOptions& o) { o.at = "noon"; }, "--at: 'noon'"},
        Mistake{"unknown", [](ExplainOptions& o) { o.unknown = true; }, "--unknown"},
        Mistake{"path", [](ExplainOptions& o) { o.path = "calls"; }, "--path"},
        Mistake{
            "failure",
            [](ExplainOptions& o) {
                o.status.reset();
                o.failure = "broken";
            },
            "--failure: 'broken'"},
        Mistake{
            "curl",
            [](ExplainOptions& o) {
                o.status.reset();
                o.response = "-";
            },
            "standard input: line 1: 'not HTTP' is no status line"},
        Mistake{
            "file",
            [](ExplainOptions& o) {
                o.status.reset();
                o.response = "/nowhere/at/all";
            },
            "/nowhere/at/all: cannot be read"},
        Mistake{
            "log",
            [](ExplainOptions& o) {
                o.status.reset();
                o.log = "-";
            },
            "there is no access line in standard input; lines that are no JSON objects: 1"}
    ),
    [](const auto& row) { return std::string(row.param.name); }
);

TEST(Explain, CallsAConfigWithMistakesByItsOwnStatus) {
    ExplainOptions options = asked("", 503);
    options.config = "/nowhere/at/all.toml";
    const Result result = run(options);
    EXPECT_EQ(result.status, 78);
    EXPECT_THAT(result.errors, HasSubstr("/nowhere/at/all.toml"));
}

TEST(Explain, CallsADialectWithMistakesByThatStatusToo) {
    const std::string path = file_of_this_process("dialect.toml");
    std::ofstream(path) << "name = \"acme\"\nretires = 3\n";
    const Result result = run(asked(path, 503));
    EXPECT_EQ(result.status, 78);
    EXPECT_THAT(result.errors, HasSubstr(path + ":2:1"));
}

// --- Access lines ---

// A retry after a 429 with a hint of 2 s, and success.
constexpr const char* line =
    R"({"ts":"2026-02-08T12:00:00.042Z","level":"info","msg":"exchange","upstream":"leavo",)"
    R"("route":"other","method":"GET","status":200,"outcome":"ok","reason":"succeeded",)"
    R"("duration_ms":2200,"bytes_in":0,"bytes_out":2,"attempts":[{"code":429,"failure":"none",)"
    R"("ms":10,"wait_ms":0,"wait_source":"none","reused":false,"rule":"rate limit exceeded",)"
    R"("error_code":"RATE_LIMIT_EXCEEDED"},{"code":200,"failure":"none","ms":9,"wait_ms":2150,)"
    R"("wait_source":"body","reused":true}],"idempotency":"none","decision":{"verdict":"ok",)"
    R"("evidence":"definite","judged":1,"action":"retry","reason":"rate_limited","wait_ms":2150,)"
    R"("wait_source":"body","free":true,"may_repeat":true,"body_kept":true,)"
    R"("single_attempt":false,"made":1,"allowed":3,"deadline_ms":90000,"left_ms":89990,)"
    R"("draining":false,)"
    R"("breaker_open_ms":0,"gate_closed_ms":2000,"hint_ms":2000,"hint_source":"body",)"
    R"("roll":0.5,"budget":10}})";

Result replayed(const std::string& text, bool as_json = false) {
    ExplainOptions options;
    options.dialect = "leavo";
    options.log = "-";
    options.json = as_json;
    return run(options, text);
}

std::string changed(const std::string& from, const std::string& to) {
    std::string text = line;
    const std::size_t found = text.find(from);
    EXPECT_NE(found, std::string::npos) << from;
    return text.replace(found, from.size(), to);
}

TEST(Replay, ComesToTheSameDecision) {
    const Result result = replayed(std::string(line) + "\n{\"msg\":\"listening\"}\n\n");
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_THAT(
        result.output,
        StartsWith("1 exchanges, of 1 a retry was judged; 1 come to the same again, 0 do not\n"
                   "taken as logged: ")
    );
}

TEST(Replay, ReportsWhatDiffers) {
    const std::pair<const char*, const char*> changes[] = {
        {R"("wait_ms":2150,"wait_source":"body","free")",
         R"("wait_ms":2151,"wait_source":"body","free")"},
        {R"("action":"retry")", R"("action":"finish")"},
        {R"("made":1)", R"("made":3)"},
        {R"("left_ms":89990)", R"("left_ms":2399)"},
        {R"("roll":0.5)", R"("roll":0.5000001)"},
        {R"("verdict":"ok")", R"("verdict":"rejected")"},
        {R"("evidence":"definite")", R"("evidence":"refused")"},
        {R"("rule":"rate limit exceeded")", R"("rule":"another")"},
        {R"("code":429)", R"("code":404)"},
        {R"("free":true)", R"("free":false)"},
    };
    for (const auto& [from, to] : changes) {
        SCOPED_TRACE(to);
        const Result result = replayed(changed(from, to));
        EXPECT_EQ(result.status, 1);
        EXPECT_THAT(result.output, HasSubstr("line 1 "));
    }
}

TEST(Replay, TellsAMachineWhatDiffers) {
    const Result result = replayed(changed(R"("action":"retry")", R"("action":"finish")"), true);
    std::istringstream lines(result.output);
    std::string first;
    std::getline(lines, first);
    const json::value found = json::parse(first);
    EXPECT_EQ(found.at("line"), 1);
    EXPECT_EQ(found.at("differences").at(0).at("field"), "decision.action");
    EXPECT_EQ(found.at("differences").at(0).at("logged"), "finish");
    EXPECT_EQ(found.at("differences").at(0).at("again"), "retry");
}

TEST(Replay, SaysWhatIsMissingInALine) {
    const std::pair<const char*, const char*> changes[] = {
        {R"("judged":1,)", "decision.judged is missing"},
        {R"("reused":false,)", "attempts[0].reused is missing"},
    };
    for (const auto& [from, said] : changes) {
        const Result result = replayed(changed(from, ""));
        EXPECT_EQ(result.status, 64);
        EXPECT_THAT(result.errors, HasSubstr(said));
    }
    const Result beyond = replayed(changed(R"("judged":1)", R"("judged":3)"));
    EXPECT_THAT(beyond.errors, HasSubstr("standard input:1: decision.judged is not one of"));
    const Result unknown = replayed(changed(R"("reason":"rate_limited")", R"("reason":"moon")"));
    EXPECT_THAT(unknown.errors, HasSubstr("'moon'"));
}

TEST(Explain, NamesAFileThatItCannotReadOnce) {
    ExplainOptions options;
    options.dialect = "http";
    options.response = "no/such/file";
    const Result result = run(options);
    EXPECT_EQ(result.status, 64);
    EXPECT_EQ(result.errors.find("no/such/file"), result.errors.rfind("no/such/file"));
    EXPECT_THAT(result.errors, HasSubstr("no/such/file: cannot be read"));
}

// The budget is the last question: a last bit decides it, and its word is also a value.
TEST(Replay, ReadsNumbersToTheirLastBit) {
    std::string denied = changed(R"("action":"retry")", R"("action":"finish")");
    const auto put = [&](std::string_view from, std::string_view to) {
        denied.replace(denied.find(from), from.size(), to);
    };
    put(R"("decision":{)", R"("decision":{"denied":"budget",)");
    put(R"("free":true)", R"("free":false)");
    put(R"("rule":"rate limit exceeded","error_code":"RATE_LIMIT_EXCEEDED")",
        R"("rule":"server error")");
    put(R"("code":429)", R"("code":500)");
    put(R"("reason":"rate_limited")", R"("reason":"server_error")");
    put(R"("hint_ms":2000,"hint_source":"body",)", "");
    put(R"("wait_ms":2150,"wait_source":"body","free")",
        R"("wait_ms":1500,"wait_source":"backoff","free")");
    put(R"("gate_closed_ms":2000)", R"("gate_closed_ms":0)");
    put(R"("budget":10})", R"("budget":0.9999999999999999})");
    const Result result = replayed(denied);
    EXPECT_EQ(result.status, 0) << result.output << result.errors;
}

TEST(Replay, TakesSilenceForAMistake) {
    const Result nothing = replayed("");
    EXPECT_EQ(nothing.status, 64);
    EXPECT_THAT(nothing.errors, HasSubstr("no access line"));
    const Result prefixed = replayed(std::string("2026-02-08T12:00:00Z ") + line);
    EXPECT_EQ(prefixed.status, 64);
    EXPECT_THAT(prefixed.errors, HasSubstr("lines that are no JSON objects: 1"));
}

// Standard error is merged in by `kubectl logs`, and a rotation cuts lines.
TEST(Replay, SkipsTheLinesOfOthers) {
    const std::string text = "backstop.toml:3: warning: unsafe\n" + std::string(line).substr(40) +
                             "\n42\n" + line + "\n" + std::string(line).substr(0, 40);
    const Result result = replayed(text);
    EXPECT_EQ(result.status, 0) << result.output << result.errors;
    EXPECT_THAT(result.output, StartsWith("1 exchanges, "));
    EXPECT_THAT(result.output, HasSubstr("\n4 lines are no JSON objects and were skipped\n"));
}

TEST(Replay, SaysWhichAccessLinesItCannotJudge) {
    const Result result = replayed(std::string(line) + "\n" + changed(R"("made":1,)", ""));
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(
        result.output,
        HasSubstr("1 access line could not be judged, the first: "
                  "standard input:2: decision.made is missing")
    );
}

TEST(Replay, TellsAWaitAsTheLineHasIt) {
    const Result result = replayed(changed(R"("roll":0.5)", R"("roll":0.25)"));
    EXPECT_THAT(result.output, HasSubstr("decision.wait_ms was '2150', is now '2100'"));
}

// --- Another configuration ---

// An end of a call that failed once and was repeated: keyed, within 3 attempts and 90 s.
constexpr const char* repeated =
    R"({"ts":"2026-02-08T12:00:00.042Z","level":"info","msg":"exchange","upstream":"api",)"
    R"("route":"/v1/calls/start","method":"POST","status":200,"outcome":"ok",)"
    R"("reason":"succeeded","duration_ms":1600,"bytes_in":20,"bytes_out":2,)"
    R"("attempts":[{"code":500,"failure":"none","ms":10,"wait_ms":0,"wait_source":"none",)"
    R"("reused":false,"rule":"server error"},{"code":200,"failure":"none","ms":9,)"
    R"("wait_ms":1500,"wait_source":"backoff","reused":true}],"idempotency":"minted",)"
    R"("decision":{"verdict":"ok","evidence":"definite","judged":1,"action":"retry",)"
    R"("reason":"server_error","wait_ms":1500,"wait_source":"backoff","free":false,)"
    R"("may_repeat":true,"body_kept":true,"single_attempt":false,"made":1,"allowed":3,)"
    R"("deadline_ms":5000,"left_ms":4990,"draining":false,"breaker_open_ms":0,)"
    R"("gate_closed_ms":0,"roll":0.5,"budget":10}})";

// By a configuration of Sticky Calls with some more lines.
Result tried(const std::string& more, std::string text = repeated) {
    const std::string file = file_of_this_process("config.toml");
    std::ofstream(file) << "[[upstream]]\nname = \"api\"\nlisten = \"127.0.0.1:0\"\n"
                        << "url = \"https://api.example.com\"\ndialect = \"sticky-calls\"\n"
                        << more << "\n";
    ExplainOptions options;
    options.config = file;
    options.log = "-";
    return run(options, text);
}

const std::string start_route = "[[upstream.route]]\nmatch = \"POST /v1/calls/start\"\n";

TEST(ReplayWithAConfiguration, ComesToTheSameWhereNothingThatMattersHasChanged) {
    for (const std::string& same : {std::string(), start_route + "attempt = \"1s\""}) {
        const Result result = tried(same);
        EXPECT_EQ(result.status, 0) << result.output << result.errors;
        EXPECT_THAT(result.output, Not(HasSubstr("--config")));
    }
}

TEST(ReplayWithAConfiguration, TakesFromItWhatItDetermines) {
    const std::pair<std::string, const char*> rows[] = {
        {start_route + "attempts = 1", "decision.denied was 'none', is now 'attempts'"},
        {start_route + "deadline = \"1s\"", "decision.denied was 'none', is now 'deadline'"},
        {"[upstream.retry]\nunsafe = \"never\"", "decision.denied was 'none', is now 'unsafe'"},
        {"[upstream.retry]\nbudget = { ratio = 0.0, per_second = 0.0 }",
         "decision.denied was 'none', is now 'budget'"},
        {"[upstream.idempotency]\nenabled = false", "decision.denied was 'none', is now 'unsafe'"},
        {"[upstream.idempotency]\nenabled = false", "idempotency was 'minted', is now 'none'"},
        // What would have been answered instead of a second attempt.
        {start_route + "attempts = 1", "outcome was 'not degraded', is now 'degraded'"},
    };
    for (const auto& [more, said] : rows) {
        SCOPED_TRACE(more);
        const Result result = tried(more);
        EXPECT_EQ(result.status, 1) << result.output << result.errors;
        EXPECT_THAT(result.output, HasSubstr(said));
    }
}

using Changes = std::initializer_list<std::pair<std::string_view, std::string_view>>;
std::string with(Changes changes, std::string text = repeated) {
    for (const auto& [from, to] : changes) {
        const std::size_t found = text.find(from);
        EXPECT_NE(found, std::string::npos) << from;
        text.replace(found, from.size(), to);
    }
    return text;
}

// The same, but that there was no second attempt, and the fallback instead.
std::string denied(const std::string& why, Changes changes) {
    const std::string ended = with({
        {R"("action":"retry")", R"("denied":")" + why + R"(","action":"finish")"},
        {R"("status":200,"outcome":"ok","reason":"succeeded")",
         R"("status":200,"outcome":"degraded","reason":"server_error")"},
        {R"(,{"code":200,"failure":"none","ms":9,"wait_ms":1500,"wait_source":"backoff",)"
         R"("reused":true})",
         ""},
        {R"("verdict":"ok","evidence":"definite")",
         R"("verdict":"transient","evidence":"ambiguous")"},
    });
    return with(changes, ended);
}

TEST(ReplayWithAConfiguration, AllowsMoreThanBefore) {
    const std::string last = denied(
        "attempts",
        {{R"("made":1)", R"("made":3)"},
         {R"("wait_ms":1500,"wait_source":"backoff","free")",
          R"("wait_ms":4500,"wait_source":"backoff","free")"}}
    );
    EXPECT_EQ(tried("", last).status, 0) << tried("", last).output;
    const Result more = tried(start_route + "attempts = 5", last);
    EXPECT_THAT(more.output, HasSubstr("decision.action was 'finish', is now 'retry'"));
    const Result no_fallback = tried("[upstream.fallback]\nenabled = false", last);
    EXPECT_THAT(no_fallback.output, HasSubstr("outcome was 'degraded', is now 'not degraded'"));

    const std::string late = denied("deadline", {{R"("left_ms":4990)", R"("left_ms":1000)"}});
    EXPECT_EQ(tried("", late).status, 0) << tried("", late).output;
    const Result longer = tried(start_route + "deadline = \"9s\"", late);
    EXPECT_THAT(longer.output, HasSubstr("decision.action was 'finish', is now 'retry'"));
}

TEST(ReplayWithAConfiguration, RespectsWhatTheClientHadWished) {
    const std::string more = start_route + "attempts = 5\ndeadline = \"60s\"";
    const std::string once =
        denied("attempts", {{R"("allowed":3)", R"("allowed":1,"attempts_wish":1)"}});
    const std::string hurried = denied(
        "deadline",
        {{R"("deadline_ms":5000,"left_ms":4990)",
          R"("deadline_ms":1000,"timeout_wish_ms":1000,"left_ms":990)"}}
    );
    for (const std::string& each : {once, hurried}) {
        EXPECT_EQ(tried("", each).status, 0) << tried("", each).output;
        EXPECT_EQ(tried(more, each).status, 0) << tried(more, each).output;
    }
}

TEST(ReplayWithAConfiguration, SaysOfWhichRoutesItKnowsNothing) {
    const Result result = tried(
        start_route + "attempts = 1", with({{R"("route":"/v1/calls/start")", R"("route":"/gone")"}})
    );
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("1 exchange is of a route that the configuration does"));
}

TEST(Replay, MissesAJudgementThatThereShouldHaveBeen) {
    const std::string unjudged =
        R"({"ts":"t","msg":"exchange","upstream":"u","route":"other","method":"GET",)"
        R"("outcome":"upstream_error","reason":"server_error","idempotency":"none",)"
        R"("attempts":[{"code":500,"failure":"none","reused":false,"rule":"server error"}]})";
    EXPECT_EQ(replayed(unjudged).status, 1);
}

// --- The page of the documentation ---

TEST(Decisions, AreThoseOfTheDocumentation) {
    const auto page = read_file(BACKSTOP_SOURCE_DIR "/docs/DECISIONS.md");
    ASSERT_TRUE(page);
    EXPECT_TRUE(*page == decision_table())
        << "docs/DECISIONS.md differs from what the code does; look at the difference, and renew "
           "it with: backstop explain --table > docs/DECISIONS.md";
}

}  // namespace
}  // namespace backstop::proxy
