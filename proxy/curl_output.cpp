#include "proxy/curl_output.hpp"

#include "policy/number.hpp"

#include <charconv>
#include <stdexcept>

namespace backstop::proxy {
namespace {

constexpr std::string_view version = "HTTP/";
constexpr std::size_t shown_max = 40;

std::string shown(std::string_view line) {
    return "'" + std::string(line.substr(0, shown_max)) + "'";
}

// "HTTP/2 429" or "HTTP/1.1 429 Too Many Requests".
int parse_status(std::string_view line) {
    const std::size_t space = line.find(' ');
    int status = 0;
    if (line.starts_with(version) && space != std::string_view::npos) {
        const std::string_view digits = line.substr(space + 1, 3);
        const char* const end = digits.data() + digits.size();
        const auto [rest, error] = std::from_chars(digits.data(), end, status);
        if (error == std::errc{} && rest == end && digits.size() == 3) return status;
    }
    throw std::invalid_argument(
        shown(line) +
        " is no status line such as 'HTTP/1.1 429 Too Many Requests'; give the "
        "output of `curl -i`"
    );
}

class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {}

    std::string_view next() {
        ++number_;
        const std::size_t end = rest_.find('\n');
        std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }
    std::string_view rest() const { return rest_; }
    std::size_t number() const { return number_; }

private:
    std::string_view rest_;
    std::size_t number_ = 0;
};

CurlOutput parse(Lines& lines) {
    CurlOutput out;
    do {
        out.status = parse_status(lines.next());
        out.fields.clear();
        for (std::string_view line = lines.next(); !line.empty(); line = lines.next())
            out.fields.push_back(parse_field(line));
    } while (lines.rest().starts_with(version));
    out.body = lines.rest();
    return out;
}

}  // namespace

std::pair<std::string, std::string> parse_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const bool named = colon != std::string_view::npos && !name.empty() &&
                       name.find_first_of(" \t\"") == std::string_view::npos;
    const bool one_line = line.find_first_of("\r\n") == std::string_view::npos;
    if (!named || !one_line)
        throw std::invalid_argument(
            shown(line) + " is no header field; write it as 'Retry-After: 2'"
        );
    return {std::string(name), std::string(policy::trimmed(line.substr(colon + 1)))};
}

CurlOutput parse_curl_output(std::string_view text) {
    Lines lines(text);
    try {
        return parse(lines);
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("line " + std::to_string(lines.number()) + ": " + error.what());
    }
}

}  // namespace backstop::proxy
