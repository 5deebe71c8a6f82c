#!/usr/bin/env bash
# Builds the images of the Dockerfile without a registry: Debian's base is made here from packages,
# and the steps share the machine's network, so that apt works in them as it does outside.
#   tests/deploy/images.sh FOLDER [TARGET...]
# Makes localhost/TARGET:test in the store of FOLDER; by default all that the tests need. What was
# built before is taken from there. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
folder=${1:?where may the images lie?}
shift
[ $# -gt 0 ] || set -- backstop simulator debug deb
engine() { "$here/engine.sh" "$folder" "$@"; }

stop() {
    printf 'images.sh: %s\n' "$*" >&2
    exit 1
}

# --- the base, once ------------------------------------------------------------------------------
base=localhost/debian:bookworm-slim
make_base() {
    local sources
    # shellcheck disable=SC2016  # $(…) is apt's notation
    sources=$(apt-get indextargets --format '$(CREATED_BY) $(REPO_URI) $(RELEASE)' |
        awk '$1 == "Packages" && $3 ~ /^bookworm/ { print "deb " $2 " " $3 " main" }' | sort -u)
    [ -n "$sources" ] || stop "apt knows no source for bookworm; run apt-get update"
    # As slim as the published one: no manuals, no translations, no package lists.
    # shellcheck disable=SC2016  # $1 is mmdebstrap's
    mmdebstrap --quiet --variant=minbase --mode=root \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/log/*' \
        bookworm "$folder/base.tar" - <<<"$sources"
    engine podman import --quiet "$folder/base.tar" "$base" \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' >/dev/null
    rm "$folder/base.tar"
}
engine podman image exists "$base" || make_base

# A build that was stopped leaves its containers behind, and their mounts.
clean() { engine buildah rm --all >/dev/null 2>&1 || true; }
trap clean EXIT
clean

# --- the images ----------------------------------------------------------------------------------
# The compiler's cache outlives the build folder, so that an unchanged file is compiled once on a machine.
cache=${CCACHE_DIR:-$(ccache --get-config cache_dir)}
mkdir -p "$cache"
revision=$(git -C "$source" rev-parse --short HEAD 2>/dev/null || echo unknown)
for target in "$@"; do
    engine buildah bud --isolation chroot --network host --pull-never --layers --force-rm \
        --target "$target" --tag "localhost/$target:test" --build-arg "BASE=$base" \
        --build-arg "REVISION=$revision" --volume "$cache:/ccache" \
        --file "$source/Dockerfile" "$source"
done
