// The egress proxy through which an upstream is reached, for people. Its userinfo is a credential
// and never part of it.
#pragma once

#include "config/config.hpp"

#include <string>

namespace backstop::proxy {

// "http://proxy.example.com:3128".
std::string url_of(const config::EgressProxy& proxy);

// For `check`: comment lines, one for each upstream that is reached through a proxy of the
// environment's, of which its configuration does not speak.
std::string egress_notes(const config::Config& config);

}  // namespace backstop::proxy
