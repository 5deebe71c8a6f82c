#include "tests/support/happening.hpp"

namespace backstop::test {

using policy::Failure;
using policy::FailureKind;
using policy::Stage;

policy::Outcome Happening::outcome(std::vector<policy::Field>& views) const {
    if (is_failure()) return failure;
    views.clear();
    for (const auto& [name, value] : fields)
        views.push_back({name, value});
    policy::ResponseHead head;
    head.status = status;
    head.fields = views;
    head.body = body;
    head.kept = kept;
    head.written_all = written_all;
    return head;
}

Failure failure_at(Stage stage) {
    Failure failure{.stage = stage};
    failure.written_any = stage >= Stage::send;
    failure.written_all = stage >= Stage::await_head;
    failure.answered_any = stage >= Stage::receive_body;
    switch (stage) {
        case Stage::resolve:
            failure.kind = FailureKind::resolve;
            break;
        case Stage::connect:
            failure.kind = FailureKind::connect;
            break;
        case Stage::handshake:
            failure.kind = FailureKind::tls;
            break;
        case Stage::send:
            failure.kind = FailureKind::send;
            break;
        case Stage::await_head:
            failure.kind = FailureKind::reset;
            break;
        case Stage::receive_body:
            failure.kind = FailureKind::truncated;
            break;
    }
    return failure;
}

Failure refused_connection() {
    return failure_at(Stage::connect);
}

Failure broken_connection() {
    return failure_at(Stage::await_head);
}

Failure timed_out() {
    Failure failure = failure_at(Stage::await_head);
    failure.kind = FailureKind::timeout;
    return failure;
}

Failure truncated_response() {
    return failure_at(Stage::receive_body);
}

Failure stale_connection() {
    Failure failure = failure_at(Stage::await_head);
    failure.reused = true;
    return failure;
}

}  // namespace backstop::test
