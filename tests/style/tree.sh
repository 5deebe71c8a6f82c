# shellcheck shell=bash
# What the checks of this folder share. They look at a tree given by its root, which may be a
# clone, or a plain copy without git's data (as in a container's build).

# our_files PATTERN...: the files of the current folder that are ours, tracked or about to be.
# A pattern is a whole path; its * matches slashes too.
our_files() {
    local pattern
    if [ -e .git ]; then
        git -c safe.directory='*' ls-files --cached --others --exclude-standard --deduplicate -- "$@"
    else
        for pattern in "$@"; do
            find . \( -path ./build -o -name node_modules -o -name .git \) -prune \
                -o -type f -path "./$pattern" -print
        done | sed 's|^\./||' | sort -u
    fi | while IFS= read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file" # not one that was deleted and not yet committed
    done
}

# enter ROOT: go there, or say what is wrong.
enter() {
    cd "${1:?which tree? Give its root}" || exit 2
}

# finish WHAT: reads the findings, shows them, and ends with what they mean.
finish() {
    local findings
    findings=$(cat)
    [ -n "$findings" ] || exit 0
    printf '%s\n' "$findings"
    printf '%s: %d found\n' "$1" "$(printf '%s\n' "$findings" | grep -c .)"
    exit 1
}
