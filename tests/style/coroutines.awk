# g++ 12 destroys a brace-built temporary twice when it stands in one expression with co_await, and
# so too the captures of a lambda written there. So: one statement, one co_await, no braces and no
# lambda in it. This finds every form that crashes, and a few harmless ones that are as easily
# rewritten.
#
#   awk -f tests/style/coroutines.awk FILE...
#
# It reads lines as the formatter leaves them: a line that ends in ; ends a statement, one that ends
# in { opens a block, a lambda's body or a list, and which of them the text before the brace tells.

FNR == 1 { forget() }

{
    code = $0
    gsub(/\\["'\\]/, "", code)
    gsub(/"[^"]*"/, "\"\"", code) # a brace in a text is none
    gsub(/'[^']'/, "0", code)
    sub(/\/\/.*/, "", code)
    gsub(/\/\*[^*]*\*\//, "", code)
    sub(/[ \t]+$/, "", code)
    sub(/^[ \t]+/, "", code)
}

code == "" || code ~ /^#/ { next }

# A function or a block on one line: what counts is inside.
statement == "" && code ~ /\)( const| noexcept| override| mutable)* \{ .*;? \}$/ {
    sub(/\)( const| noexcept| override| mutable)* \{ /, "); ", code)
    sub(/^[^;]*; /, "", code)
    sub(/ \}$/, "", code)
}

{
    statement = statement " " code
    shown = shown " " $0
    depth += count(code, "\\(") - count(code, "\\)")
}

code ~ /\{$/ {
    before = code
    sub(/[ \t]*\{$/, "", before)
    body = before ~ /(\)|\]|^|^\}[ \t]*)$/ || before ~ /(\)|\])[ \t]*(const|noexcept|override|final|mutable|[ \t])+$/ ||
           before ~ /->/ || before ~ /:$/ || before ~ /(^|[^A-Za-z0-9_])(else|do|try)$/
    room = before ~ /^(inline |extern |typedef |template.*|enum |export )*(namespace|struct|class|union|enum|extern|requires)/
    if (depth > 0 && awaits()) {
        judge() # the brace stands inside an expression that awaits
        forget()
    } else if (body || room) {
        sub(/\{$/, "", statement)
        judge()
        forget()
    }
    next
}

code ~ /;$/ || (code ~ /(\}|:)$/ && depth <= 0) {
    judge()
    forget()
}

function forget() { statement = ""; shown = ""; depth = 0 }

function awaits() { return statement ~ /co_await/ }

function count(text, what) { return gsub(what, "", text) }

function judge() {
    if (!awaits()) return
    sub(/^[ \t}]+/, "", statement) # of blocks that end here
    if (statement ~ /co_await.*\{/ || statement ~ /\{.*co_await/ ||
        statement ~ /co_await.*\[[^\]]*\][ \t]*[({]/) {
        gsub(/[ \t]+/, " ", shown)
        print FILENAME ":" FNR ": name this value on the line above:" shown
        bad = 1
    }
}

END { exit bad }
