# bash completion for backstop: what can follow is what the program's own help lists.
_backstop() {
    local current=$2 previous=$3 words=''
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="$(backstop --help 2>/dev/null | awk '/^Subcommands:/ { on = 1; next } on { print $1 }') --help --version"
    else
        case $previous in
            --config)
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return
                ;;
            --dialect | dialects) words=$(backstop dialects 2>/dev/null) ;;
            *) words=$(backstop "${COMP_WORDS[1]}" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+') ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o filenames -F _backstop backstop
