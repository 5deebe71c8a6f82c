# Who may include and call what (docs/ARCHITECTURE.md, "Dependency rules"). Includes are written
# from the root, so that this is a matter of text.
#
#   awk -f tests/style/layering.awk FILE...          paths relative to the root

FNR == 1 {
    header = FILENAME ~ /\.hpp$/
    room = FILENAME ~ /^tests\/simulator\// ? "simulator" : FILENAME
    sub(/\/.*/, "", room)
}

{
    code = $0
    sub(/^[ \t]*\/\/.*/, "", code)
}

code ~ /^[ \t]*#[ \t]*include[ \t]*"/ {
    split(code, part, "\"")
    quoted(part[2])
    next
}

code ~ /^[ \t]*#[ \t]*include[ \t]*</ {
    split(code, part, /[<>]/)
    angled(part[2])
    next
}

room == "policy" || room == "config" {
    gsub(/\\["\\]/, "", code)
    gsub(/"[^"]*"/, "\"\"", code)
    sub(/\/\/.*/, "", code)
    never("now\\(", "reads a clock; take the present as an argument")
    never("(steady_clock|system_clock|high_resolution_clock)::now", "reads a clock; take the present as an argument")
    never("(clock_gettime|gettimeofday|time)\\((NULL|nullptr|0)?\\)", "reads a clock; take the present as an argument")
    never("(random_device|random_generator|mt19937|mt19937_64|s?rand)[ (;{]", "draws lots; take the roll as an argument")
    never("(secure_)?getenv|environ([^A-Za-z0-9_]|$)", "reads the environment; take a function that looks it up")
    never("thread_local|sleep_for|sleep_until", "knows of threads; there is one, and it is not this room's business")
}

room == "policy" {
    never("fopen|ifstream|ofstream|fstream", "touches files; policy is given values")
    never("(printf|fprintf|f?puts|putchar|perror|cout|cerr|clog)([^A-Za-z0-9_]|$)", "writes; policy returns values")
    if (code ~ /(^|[ \t])static[ \t]+/ && code !~ /static[ \t]+(const|constexpr|inline constexpr|constinit)[ \t]/ &&
        code ~ /static[ \t]+[^(]*(=|;|\{)/ && code !~ /static_/)
        report("keeps a variable that outlives its owner; put it into a Standing")
}

function quoted(path) {
    if (path !~ /^(policy|config|proxy|tests)\//) {
        report("\"" path "\" is not written from the root, such as \"policy/plan.hpp\"")
        return
    }
    if (room == "policy" && path !~ /^policy\//) refuse(path, "policy knows nobody but itself")
    if (room == "config" && path !~ /^(policy|config)\//) refuse(path, "config knows policy and itself")
    if (room == "proxy" && path ~ /^tests\//) refuse(path, "the program does not know its tests")
    if (room == "simulator" && path !~ /^tests\/simulator\//)
        refuse(path, "the simulator shares nothing with backstop, so that no misunderstanding passes on both sides")
}

function angled(path) {
    if (path ~ /^(policy|config|proxy|tests)\//) report("<" path "> is ours: write it in quotes")
    if (room == "proxy" && path ~ /^toml/) refuse(path, "TOML ends at config")
    if (room == "proxy" && path ~ /^(gtest|gmock|rapidcheck)/) refuse(path, "the program does not know its tests")
    if (room != "policy" && room != "config") return
    if (path ~ /^(thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|latch|barrier|atomic)$/)
        refuse(path, "there is one thread, and it is the proxy's")
    else if (path == "random") refuse(path, "take the roll as an argument")
    else if (room == "policy" && path ~ /^(fstream|filesystem|iostream|ostream|istream)$/)
        refuse(path, "policy does no input or output")
    else if (path ~ /^[a-z_0-9]+$/) return # the standard library
    else if (path ~ /^boost\/uuid\/.*random/) refuse(path, "take the roll as an argument")
    else if (room == "policy" && path ~ /^boost\/(json|uuid)[\/.]/) in_cpp_only(path)
    else if (room == "config" && path ~ /^(boost\/(json|url)[\/.]|toml\+\+\/)/) in_cpp_only(path)
    else if (room == "policy")
        refuse(path, "policy has the standard library, and Boost.JSON and Boost.Uuid in .cpp files")
    else
        refuse(path, "config has the standard library, and toml++, Boost.JSON and Boost.URL in .cpp files")
}

function in_cpp_only(path) { if (header) refuse(path, "in .cpp files only") }

function never(pattern, why) {
    if (code ~ ("(^|[^A-Za-z0-9_.>])(" pattern ")")) report(why)
}

function refuse(path, why) { report(path " may not be included here: " why) }

function report(what) { print FILENAME ":" FNR ": " what }
