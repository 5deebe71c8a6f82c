#!/usr/bin/env bash
# The tree names no folder of one machine and no host of a package registry: it runs from a clone,
# and takes packages from where the machine's own apt and npm take them.
#   tests/style/paths.sh ROOT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/style/tree.sh
. "$here/tree.sh"
enter "${1:-}"

# One letter of each is bracketed, so that the pattern does not find itself.
folders='(^|[^A-Za-z0-9_.}*-])/(w[o]rk|r[o]ot|h[o]me)/'
registries='(deb|security|ftp)\.d[e]bian\.org|registry\.n[p]mjs|pypi\.o[r]g|pythonhosted\.o[r]g|(docker|quay)\.i[o]/|g[h]cr\.io|g[c]r\.io'

# Whole text files; binary ones have no lines to look at. A licence is quoted as it is.
our_files '*' | grep -vx 'LICENSE' | tr '\n' '\0' |
    { xargs -0 -r grep -nHIE "$folders|$registries" || true; } | finish 'machine paths and registry hosts'
