# fish completion for backstop: what can follow is what the program's own help lists.
function __backstop_commands
    backstop --help 2>/dev/null | awk '/^Subcommands:/ { on = 1; next }
        on && NF { name = $1; $1 = ""; print name "\t" substr($0, 2) }'
end
function __backstop_options
    set -l words (commandline -opc)
    backstop $words[2] --help 2>/dev/null | string match -rag -- '(--[a-z][a-z-]+)'
end
set -l first 'test (count (commandline -opc)) -eq 1'
complete -c backstop -f
complete -c backstop -n $first -a '(__backstop_commands)'
complete -c backstop -n $first -a '--help --version'
complete -c backstop -n "not $first" -a '(__backstop_options)'
complete -c backstop -n "not $first" -l config -r -F
complete -c backstop -n "not $first" -l dialect -x -a '(backstop dialects)'
complete -c backstop -n '__fish_seen_subcommand_from dialects' -a '(backstop dialects)'
