#compdef backstop
# zsh completion for backstop: what can follow is what the program's own help lists.

local -a words_of_it
if (( CURRENT == 2 )); then
    words_of_it=(${(f)"$(backstop --help 2>/dev/null |
        awk '/^Subcommands:/ { on = 1; next } on && NF { name = $1; $1 = ""; print name ":" substr($0, 2) }')"})
    _describe command words_of_it
    compadd -- --help --version
    return
fi
case ${words[CURRENT-1]} in
    --config) _files -g '*.toml' ;;
    --dialect|dialects) compadd -- ${(f)"$(backstop dialects 2>/dev/null)"} ;;
    *) compadd -- ${(uf)"$(backstop ${words[2]} --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+')"} ;;
esac
