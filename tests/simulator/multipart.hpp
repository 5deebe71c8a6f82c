#pragma once

// multipart/form-data (RFC 7578), as browsers and HTTP libraries send uploads.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

struct Part {
    std::string name{};
    std::string filename{};  // empty where it is no file
    std::string bytes{};
};

// nullopt where the content type is another or the body does not keep to its boundary.
std::optional<std::vector<Part>> read_multipart(
    std::string_view content_type, std::string_view body
);

}  // namespace simulator
