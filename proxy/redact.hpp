// What an upstream says, made fit for a log: bounded, plain, and without what could be a phone
// number. And the trace id of a client, if it is one.
#pragma once

#include <string>
#include <string_view>

namespace backstop::proxy {

// An error code or reason phrase. At most 64 characters, letters, digits and ". _ : / - ( )" and
// spaces; others become "_". Seven or more digits in a row, also with single separators between
// them, become "#": "no route to +1 555-0100-123" is what APIs put into such fields.
void append_clean_code(std::string& out, std::string_view code);

// A request id. At most 128 characters, as above but without spaces. Ids of hexadecimal digits have
// long rows of digits by chance, so digits become "#" only where the id has the form of a phone
// number: after a "+", or 7 to 15 digits and no letter.
void append_clean_id(std::string& out, std::string_view id);

// The trace id of a traceparent field (W3C Trace Context, 3.2.2), or nothing if it is not valid.
std::string_view trace_id(std::string_view traceparent);

}  // namespace backstop::proxy
